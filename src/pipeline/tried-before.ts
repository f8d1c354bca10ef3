import { type Selectable, sql } from 'kysely';
import type { OperationTables } from '../db/operation-tables.ts';
import { shownOf } from '../effects/write-deployment-status.ts';
import type { Pipeline } from './pipeline.ts';

type EffectRow = Selectable<OperationTables['countersign.effect']>;

/** A job's retries last for hours, and a restored backup is older: nobody has had a first try of something planned since. */
const FRESH_MILLISECONDS = 60_000;

/**
 * Whether GitHub may have what a planned write is to make there: left by an earlier try that broke off before it was noted, by
 * another plan of the same, or by a job that was put back with all its tries before it. Then it is looked for first. Otherwise
 * nobody can have made it, and the look would only cost a request. The queue counts a try when it is claimed, before
 * it begins, and does those with the same ordering key one after the other.
 */
export async function triedBefore(
  { db, now }: Pick<Pipeline, 'db' | 'now'>,
  row: EffectRow,
  { attempt }: { readonly attempt: number },
): Promise<boolean> {
  if (attempt > 1 || row.state !== 'planned') return true;
  const age = Date.parse(now()) - row.planned_at.getTime();
  if (age < 0 || age > FRESH_MILLISECONDS) return true;
  const { effect } = row;
  const earlier = db
    .selectFrom('countersign.effect')
    .select(sql<string | null>`effect->>'description'`.as('description'))
    .where('ordering_key', '=', row.ordering_key)
    .where('sequence', '<', row.sequence)
    .where(sql<string>`effect->>'kind'`, '=', effect.kind);
  if (effect.kind !== 'deployment_status') return (await earlier.limit(1).execute()).length > 0;
  // A deployment has a status for each state that it goes through.
  const statuses = await earlier.where(sql<string>`effect->>'state'`, '=', effect.state).execute();
  return statuses.some(({ description }) => shownOf({ description: description ?? '' }) === shownOf(effect));
}
