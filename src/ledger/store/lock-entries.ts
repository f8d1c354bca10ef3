/** Locks the ledger's entries against everybody, without holding up for long those who record. */
import { setTimeout as wait } from 'node:timers/promises';
import { DatabaseError } from 'pg';
import { CodedError } from '../../domain/coded-error.ts';
import type { Query } from './query.ts';

/**
 * Whoever records queues behind us for as long as we wait for readers, so we wait in short turns; but longer than
 * `deadlock_timeout`, after which PostgreSQL takes a vacuum out of our way.
 */
const LOCKED_FOR = '2s';
const BETWEEN_TURNS_MS = 1000;

/**
 * Keeps what the transaction did so far while it waits in turns, `patienceMs` in all, for those who read the whole ledger. Throws
 * `ledger_busy`.
 */
export async function lockEntries(query: Query, patienceMs: number): Promise<void> {
  await query('SAVEPOINT locking');
  for (let waited = 0; ; waited += BETWEEN_TURNS_MS) {
    try {
      await query(`SET LOCAL lock_timeout = '${LOCKED_FOR}'`);
      await query('LOCK TABLE ledger.entry IN ACCESS EXCLUSIVE MODE');
      await query('SET LOCAL lock_timeout = 0');
      await query('RELEASE SAVEPOINT locking');
      return;
    } catch (error) {
      // Not within the time, or in a circle with somebody who waits for us.
      const busy = error instanceof DatabaseError && (error.code === '55P03' || error.code === '40P01');
      if (!busy) throw error;
      await query('ROLLBACK TO SAVEPOINT locking');
      if (waited >= patienceMs) {
        throw new CodedError(
          'ledger_busy',
          'somebody reads the ledger all the time, so the partition could not be dropped and nothing was: run this again when no verify and no export is at work.',
          error,
        );
      }
      await wait(BETWEEN_TURNS_MS);
    }
  }
}
