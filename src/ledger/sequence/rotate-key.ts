/**
 * Takes a log from one signing key to the next. Who holds both says so in an entry, `ledger.rotated`; the first checkpoint
 * over it has a signature line of each, so the old key vouches for the new one and nobody else can.
 */
import type { Kysely } from 'kysely';
import type { Database } from '../../db/database.ts';
import { assertCanFinish, unsignedRotation } from './log.ts';
import { queryOf } from '../store/query.ts';
import type { RecordedAt } from '../store/record.ts';
import { record } from '../store/record.ts';
import type { LedgerSigner } from './signer.ts';

/**
 * Does nothing where the log's key is the signer's already. Only for who holds the sequencer's lock: whoever else signs would
 * do so with the old key alone. A crash before the commit leaves the old key, after it a rotation that the next holder of both
 * keys finishes. Throws `ledger_key_mismatch` where a rotation was begun that this signer can't finish.
 */
export async function rotateKey(
  db: Kysely<Database>,
  logId: number,
  signer: LedgerSigner,
  at: RecordedAt,
): Promise<boolean> {
  return await db.transaction().execute(async (tx) => {
    const keys = await tx
      .selectFrom('ledger.log_key')
      .select(['number', 'vkey', 'entry_id'])
      .where('log_id', '=', logId)
      .orderBy('number', 'desc')
      .limit(1)
      .execute();
    const log = await tx
      .selectFrom('ledger.log')
      .select('vkey')
      .where('log_id', '=', logId)
      .executeTakeFirstOrThrow();
    const [newest] = keys;
    const current = newest?.vkey ?? log.vkey;
    assertCanFinish(await unsignedRotation(queryOf(tx), logId), signer);
    if (current === signer.vkey) return false;
    const { entryId } = await record(
      tx,
      {
        kind: 'ledger.rotated',
        occurredAt: at.now,
        who: [],
        repository: null,
        commit: null,
        pullRequest: null,
        environment: null,
        hosts: [],
        outcome: 'rotated',
        reasons: [],
        delivery: null,
        answers: newest?.entry_id ?? null,
        documents: [],
        ledger: { act: 'rotated', from: current, to: signer.vkey },
      },
      at,
    );
    await tx
      .insertInto('ledger.log_key')
      .values({ log_id: logId, number: (newest?.number ?? 0) + 1, vkey: signer.vkey, entry_id: entryId })
      .execute();
    return true;
  });
}
