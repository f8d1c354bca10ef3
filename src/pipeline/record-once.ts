import { sql, type Transaction } from 'kysely';
import type { Database } from '../db/database.ts';
import type { Effect } from '../domain/effect.ts';
import type { NewEntry } from '../domain/entry.ts';
import { record } from '../ledger/store/record.ts';
import type { Pipeline } from './pipeline.ts';
import { queueEffects, retryFailed } from './queue-effects.ts';

export interface Recorded {
  readonly entryId: string;
  /** False: nothing had changed since the last entry on this subject, so nothing was written. */
  readonly fresh: boolean;
}

export interface Recording {
  /** What the entry is about; entries on one subject are recorded one after the other. */
  readonly subject: string;
  /** A digest of what would make a new entry worth writing. */
  readonly basis: string;
  readonly verdict: string;
  readonly entry: (lastEntryId: string | null) => NewEntry;
  readonly effects: (entryId: string) => readonly Effect[];
  /** Rows that must change together with the entry. */
  readonly also?: (tx: Transaction<Database>, entryId: string) => Promise<void>;
}

/**
 * Records an entry and queues its effects in one transaction, unless the last entry on the subject rests on the same
 * basis: a burst of events, a redelivery or a retried job then writes nothing, but for what was given up. A crash before the commit leaves nothing;
 * after it, the queued effects are done by whoever works the queue.
 */
export async function recordOnce(
  pipeline: Pick<Pipeline, 'db' | 'queue' | 'now' | 'newId' | 'random'>,
  recording: Recording,
): Promise<Recorded> {
  return pipeline.db.transaction().execute((tx) => recordOnceIn(tx, pipeline, recording));
}

/** {@link recordOnce} within a transaction that the caller holds. */
export async function recordOnceIn(
  tx: Transaction<Database>,
  pipeline: Pick<Pipeline, 'queue' | 'now' | 'newId' | 'random'>,
  recording: Recording,
): Promise<Recorded> {
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${recording.subject}, 0))`.execute(tx);
  const last = await tx
    .selectFrom('countersign.last_decision')
    .select(['basis', 'entry_id'])
    .where('subject', '=', recording.subject)
    .executeTakeFirst();
  if (last !== undefined && last.basis === recording.basis) {
    await retryFailed(tx, pipeline.queue, last.entry_id);
    return { entryId: last.entry_id, fresh: false };
  }

  const now = pipeline.now();
  const { entryId } = await record(tx, recording.entry(last?.entry_id ?? null), {
    id: pipeline.newId(),
    now,
    random: pipeline.random,
  });
  const value = { basis: recording.basis, verdict: recording.verdict, entry_id: entryId };
  await tx
    .insertInto('countersign.last_decision')
    .values({ subject: recording.subject, ...value })
    .onConflict((conflict) => conflict.column('subject').doUpdateSet(value))
    .execute();
  await recording.also?.(tx, entryId);
  await queueEffects(tx, pipeline.queue, recording.effects(entryId), now);
  return { entryId, fresh: true };
}
