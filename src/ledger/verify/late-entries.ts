/** Entries of the database that are too late for an index or a checkpoint: what waits longer than a sequencer takes was kept from it. */
import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { Database } from '../../db/database.ts';
import { CodedError } from '../../domain/coded-error.ts';
import { parseEntry } from '../format/entry.ts';
import type { Erasures } from '../source/erasures.ts';
import type { Findings } from '../source/finding.ts';
import { entryName } from '../source/finding.ts';
import type { Query } from '../store/query.ts';
import type { VerifiedTree } from './verified-tree.ts';
import { timeText } from '../format/time-text.ts';

/** A sequencer takes milliseconds; this long, and something is wrong. So it is with a time that is still to come: the row was written by hand. */
export const PATIENCE_SECONDS = 10;

/** Entries that no checkpoint covers prove nothing, so they may not stay so: taking checkpoints away is an alteration too. */
export async function verifyAllSigned(
  query: Query,
  logId: number,
  size: number,
  tree: VerifiedTree,
  findings: Findings,
): Promise<void> {
  const signed = tree.newest?.size ?? 0;
  if (signed >= size || tree.root === null) return;
  // Of all of them, since the first one's time alone is easily made new. One that is gone has none.
  const [late] = await query<{ any: boolean }>(
    `SELECT coalesce(bool_or(e.recorded_at IS NULL
       OR e.recorded_at NOT BETWEEN clock_timestamp() - make_interval(secs => $3) AND clock_timestamp()), true) AS any
     FROM ledger.integration i LEFT JOIN ledger.entry e ON e.id = i.entry_id WHERE i.log_id = $1 AND i.index >= $2`,
    [logId, signed, PATIENCE_SECONDS],
  );
  if (late?.any === false) return;
  findings.add(
    'checkpoint_altered',
    signed,
    `Entries ${signed} to ${size - 1} are under no checkpoint, so nothing shows that they are as recorded: none was signed, or it was taken away.`,
  );
}

/**
 * An erasure counts from its commit on, some milliseconds before its entry has an index. One that never gets an index is found
 * as such, so nobody hides anything behind it for long.
 */
export async function seeUnintegrated(query: Query, erasures: Erasures): Promise<void> {
  const rows = await query<{ canonical: Buffer }>(
    `SELECT e.canonical FROM ledger.projection p JOIN ledger.entry e ON e.id = p.entry_id
     WHERE p.kind = 'ledger.erased' AND NOT EXISTS (SELECT FROM ledger.integration i WHERE i.entry_id = e.id)`,
  );
  for (const { canonical } of rows) {
    try {
      erasures.see(null, parseEntry(canonical));
    } catch (error) {
      // What is no entry accounts for nothing; that it is there is found with the others that have no index.
      if (!(error instanceof CodedError)) throw error;
    }
  }
}

/** Each entry that waits too long for its index, by name. */
export async function verifyAllIntegrated(tx: Kysely<Database>, findings: Findings): Promise<void> {
  const { rows } = await sql<{ id: string; kind: string | null; recorded_at: Date; seconds: number }>`
    SELECT e.id, p.kind, e.recorded_at, extract(epoch FROM clock_timestamp() - e.recorded_at)::float8 AS seconds
    FROM ledger.entry e LEFT JOIN ledger.projection p ON p.entry_id = e.id
    WHERE NOT EXISTS (SELECT FROM ledger.integration i WHERE i.entry_id = e.id)
      AND e.recorded_at NOT BETWEEN clock_timestamp() - make_interval(secs => ${PATIENCE_SECONDS}) AND clock_timestamp()
    ORDER BY e.recorded_at LIMIT 1000`.execute(tx);
  for (const { id, kind, recorded_at, seconds } of rows) {
    const name = entryName({ index: 0, id, kind, recordedAt: timeText(recorded_at) }).replace(
      'Entry 0',
      'An entry',
    );
    findings.add(
      'entry_unintegrated',
      null,
      seconds < 0
        ? `${name} has no index, and its time is still to come: its row was written by hand, or the clock of the database was put back.`
        : kind === 'ledger.rotated'
          ? `${name} has no index: only who has both keys rotates one, and whoever else recorded this can write here; change the password of the writer’s login.`
          : kind === 'ledger.pruned'
            ? `${name} has no index: only who may act as countersign_owner retires a year, and whoever else recorded this can write here; change the password of the writer’s login.`
            : `${name} has been without an index for ${Math.round(seconds)} seconds: no sequencer is at work, or its index was taken away.`,
    );
  }
}
