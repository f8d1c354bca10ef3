import { type Kysely, sql } from 'kysely';
import type { Database } from '../db/database.ts';
import { witnessTitle } from '../ledger/verify/witnessed.ts';
import type { WitnessState } from '../witness/start-witnessing.ts';
import type { Measured } from './metrics.ts';

/** Reads what the metrics tell from the database. Nothing of it grows with the ledger but the count of what is unfinished. */
export async function measure(
  db: Kysely<Database>,
  states: readonly WitnessState[] = [],
  ledgerProblem: string | null = null,
): Promise<Measured> {
  const head = await db
    .selectFrom('ledger.head')
    .select('size')
    .orderBy('log_id', 'desc')
    .limit(1)
    .executeTakeFirst();
  const pending = await db
    .selectFrom('ledger.pending')
    .select((select) => select.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  const oldest = await db
    .selectFrom('ledger.pending')
    .innerJoin('ledger.entry', 'ledger.entry.id', 'ledger.pending.entry_id')
    .select('ledger.entry.recorded_at')
    .orderBy('ledger.pending.position')
    .limit(1)
    .executeTakeFirst();
  const checkpoint = await newestCheckpoint(db);
  const deployments = await db
    .selectFrom('countersign.deployment')
    .select(['state', sql<number>`count(*)`.as('count')])
    .groupBy('state')
    .execute();
  const effects = await db
    .selectFrom('countersign.effect')
    .select(['state', sql<number>`count(*)`.as('count')])
    .where('state', 'in', ['planned', 'failed'])
    .groupBy('state')
    .execute();
  const witnessed = await witnessedSizes(db);
  return {
    witnessed: witnessed.map(({ witness, size, seen_at }) => ({
      witness: witnessTitle(witness),
      size,
      at: seen_at,
    })),
    witnesses: states.map(({ witness, state }) => ({ witness: witnessTitle(witness), state })),
    stopped: ledgerProblem !== null,
    integrated: head?.size ?? 0,
    pending: pending.count,
    oldestPendingAt: oldest?.recorded_at ?? null,
    checkpointAt: checkpoint?.signedAt ?? null,
    deployments: byState(deployments),
    unfinishedEffects: { planned: 0, failed: 0, ...byState(effects) },
  };
}

/** The newest checkpoint of the log that is written now, as the signed note it is; null before the first. */
export async function newestCheckpoint(
  db: Kysely<Database>,
): Promise<{ note: string; signedAt: Date } | null> {
  const row = await db
    .selectFrom('ledger.checkpoint')
    .select(['note', 'signed_at'])
    .orderBy('log_id', 'desc')
    .orderBy('size', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : { note: row.note, signedAt: row.signed_at };
}

/** By witness, the newest checkpoint of the log that is written now that it has. */
export async function witnessedSizes(
  db: Kysely<Database>,
): Promise<{ witness: string; size: number; seen_at: Date }[]> {
  return await db
    .selectFrom('ledger.witness')
    .select(['witness', 'size', 'seen_at'])
    .distinctOn('witness')
    .where('log_id', '=', (select) =>
      select.selectFrom('ledger.log').select(sql<number>`max(log_id)`.as('log_id')),
    )
    .orderBy('witness')
    .orderBy('size', 'desc')
    .execute();
}

const byState = (
  rows: readonly { readonly state: string; readonly count: number }[],
): Record<string, number> => Object.fromEntries(rows.map(({ state, count }) => [state, count]));
