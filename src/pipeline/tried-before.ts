import type { Selectable } from 'kysely';
import type { OperationTables } from '../db/operation-tables.ts';
import type { Effect } from '../domain/effect.ts';
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
  const earlier = await db
    .selectFrom('countersign.effect')
    .select('effect')
    .where('ordering_key', '=', row.ordering_key)
    .where('sequence', '<', row.sequence)
    .execute();
  return earlier.some(({ effect }) => makesTheSame(effect, row.effect));
}

/** Of two with the same ordering key. */
function makesTheSame(earlier: Effect, effect: Effect): boolean {
  if (earlier.kind === 'deployment_status' && effect.kind === 'deployment_status')
    return earlier.state === effect.state && shownOf(earlier) === shownOf(effect);
  return earlier.kind === effect.kind;
}
