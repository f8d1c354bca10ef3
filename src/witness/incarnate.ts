/**
 * Ends a log that outsiders know to have gone further than this database, or otherwise, and begins the one that goes on for
 * it. What was lost stays lost; the first entry of the new log says so, and whoever verifies reads it there.
 */
import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { Database } from '../db/database.ts';
import { CodedError } from '../domain/coded-error.ts';
import { readFoundedVkeys } from '../ledger/store/founded-vkeys.ts';
import { GrowingTree } from '../ledger/format/growing-tree.ts';
import { EMPTY_ROOT } from '../ledger/format/hash.ts';
import { integrate } from '../ledger/sequence/integrate.ts';
import { openNewest } from '../ledger/sequence/open-newest.ts';
import { queryOf } from '../ledger/store/query.ts';
import type { RecordedAt } from '../ledger/store/record.ts';
import { LEDGER_LOCKS, record } from '../ledger/store/record.ts';
import type { LedgerSigner } from '../ledger/sequence/signer.ts';

export interface Incarnation {
  /** Of the new log. */
  readonly signer: LedgerSigner;
  /** Why, for whoever reads it later: sealed beside the entry. */
  readonly reason: string;
  /** What an outsider holds of the log before; null: nobody holds more than is here. */
  readonly witnessed: string | null;
}

export interface Incarnated {
  readonly before: { readonly origin: string; readonly size: number };
  readonly entryId: string;
}

/**
 * All in one transaction: a crash leaves either the old log or the new one. The new one's first checkpoint is signed by the
 * next `start`, over what is committed. Entries that were recorded and never got an index get theirs in the new log. Throws
 * `sequencer_at_work`, `ledger_absent`, `origin_taken` or `newest_checkpoint_forged`.
 */
export async function incarnate(
  db: Kysely<Database>,
  { signer, reason, witnessed }: Incarnation,
  at: RecordedAt,
): Promise<Incarnated> {
  return await db.transaction().execute(async (tx) => {
    const before = await lockNewest(tx);
    await assertNew(tx, signer.origin);
    // What signs it now, and not merely a row that names a key: that one is what can be compared with its checkpoints.
    const vkey = (await readFoundedVkeys(tx, before)).at(-1) ?? before.vkey;
    const newest = await openNewest(queryOf(tx), { logId: before.log_id, origin: before.origin, vkey });
    const outside = witnessed ?? newest?.note;
    if (outside === undefined)
      throw new CodedError(
        'ledger_absent',
        'this log was never signed, so there is nothing that another could go on for.',
      );
    const logId = before.log_id + 1;
    await tx
      .insertInto('ledger.log')
      .values({
        log_id: logId,
        origin: signer.origin,
        vkey: signer.vkey,
        predecessor: before.log_id,
        predecessor_checkpoint: outside,
      })
      .execute();
    await tx
      .insertInto('ledger.head')
      .values({ log_id: logId, size: 0, root: Buffer.from(EMPTY_ROOT) })
      .execute();
    const { entryId } = await record(
      tx,
      {
        kind: 'ledger.incarnated',
        occurredAt: at.now,
        who: [],
        repository: null,
        commit: null,
        pullRequest: null,
        environment: null,
        hosts: [],
        outcome: 'incarnated',
        reasons: [],
        delivery: null,
        answers: null,
        documents: [{ name: 'reason', mediaType: 'text/plain', body: Buffer.from(reason) }],
        ledger: {
          act: 'incarnated',
          predecessor: {
            origin: before.origin,
            vkey,
            size: before.size,
            root: before.root.toString('base64'),
            signed: newest?.size ?? 0,
          },
          witnessed: outside,
        },
      },
      at,
    );
    // Before all that waits: it must be the first leaf.
    await integrate(
      queryOf(tx),
      { logId, origin: signer.origin, tree: new GrowingTree(), signed: -1, rotation: null },
      1,
      { only: entryId },
    );
    return { before: { origin: before.origin, size: before.size }, entryId };
  });
}

interface NewestLog {
  readonly log_id: number;
  readonly origin: string;
  /** The first. */
  readonly vkey: string;
  readonly size: number;
  readonly root: Buffer;
}

/**
 * The log that ends, as it stays from now on: its head is read once nobody can move it any more. What was read before the lock is
 * only which lock to take, and whether that was the right one.
 */
async function lockNewest(tx: Kysely<Database>): Promise<NewestLog> {
  const newest = tx
    .selectFrom('ledger.log')
    .innerJoin('ledger.head', 'ledger.head.log_id', 'ledger.log.log_id')
    .select(['ledger.log.log_id', 'origin', 'vkey', 'size', 'root'])
    .orderBy('ledger.log.log_id', 'desc')
    .limit(1);
  const seen = await newest.executeTakeFirst();
  if (seen === undefined)
    throw new CodedError(
      'ledger_absent',
      'this database has no log that another could go on for: `countersign start` begins one.',
    );
  const lock = await sql<{
    got: boolean;
  }>`SELECT pg_try_advisory_xact_lock(${LEDGER_LOCKS}, ${seen.log_id}) AS got`.execute(tx);
  const before = lock.rows[0]?.got === true ? await newest.executeTakeFirst() : undefined;
  // Of two who begin another log at once, the second would find that the first one's is the newest now.
  if (before?.log_id !== seen.log_id) {
    throw new CodedError(
      'sequencer_at_work',
      `a process integrates ${seen.origin} at this moment: stop every \`countersign start\` on this database first.`,
    );
  }
  return before;
}

async function assertNew(tx: Kysely<Database>, origin: string): Promise<void> {
  const taken = await tx
    .selectFrom('ledger.log')
    .select('log_id')
    .where('origin', '=', origin)
    .executeTakeFirst();
  if (taken !== undefined) {
    throw new CodedError(
      'origin_taken',
      `${origin} is a log of this database already: give --origin a name that no log had, like the old one with its last number one higher.`,
    );
  }
}
