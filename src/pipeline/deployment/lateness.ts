import type { Kysely } from 'kysely';
import type { Database } from '../../db/database.ts';
import type { Late } from '../../deploy/deploy-ports.ts';
import type { StoredDeployment } from './deployment-row.ts';

/**
 * The commit of the newest deployment that started in the same environment after this one; null: none did. Whatever came of it, by rows
 * alone: one that was written by somebody else can only keep this one from being switched to.
 */
export async function startedSince(
  db: Kysely<Database>,
  { repository_id: repositoryId, environment, started_sequence: sequence }: StoredDeployment,
): Promise<string | null> {
  const later = await db
    .selectFrom('countersign.deployment')
    .select('sha')
    .where('repository_id', '=', repositoryId)
    .where('environment', '=', environment)
    .where('started_sequence', '>', sequence ?? 0)
    .orderBy('started_sequence', 'desc')
    .limit(1)
    .executeTakeFirst();
  return later?.sha ?? null;
}

/** For so long after it was begun a deployment that was interrupted still goes on to further hosts by its approval. */
const GOES_ON_MILLISECONDS = 3_600_000;
/** Two machines' clocks may differ by this; one that was set back further tells nothing of an age. */
const CLOCKS_APART_MILLISECONDS = 60_000;

export interface Lateness {
  /** Why it isn't switched to any more on a host where it doesn't run; null: it goes on as it was begun. */
  readonly late: Late | null;
  /** The same as a sentence to add where it runs nowhere; empty where that it does is all there is to say. */
  readonly sentence: string;
}

/**
 * Whether a deployment that is taken up again comes too late: null where it is gone on with whatever the hosts show; else one that runs
 * nowhere has failed. A job that finds it begun at its own first attempt was put back by somebody, after all of its retries. One that was
 * lost from sight (`unknown`) is asked for again by ourselves, for days if need be; and a machine may be off for as long.
 */
export function lateness(
  { state, environment }: Pick<StoredDeployment, 'state' | 'environment'>,
  {
    resumed,
    attempt,
    overtakenBy,
    startedAt,
    now,
  }: {
    readonly resumed: boolean;
    readonly attempt: number;
    readonly overtakenBy: string | null;
    /** RFC 3339, UTC, as `now`. */
    readonly startedAt: string;
    readonly now: string;
  },
): Lateness | null {
  if (overtakenBy !== null)
    return {
      late: 'overtaken',
      sentence: ` A deployment of ${overtakenBy} to ${environment} was begun after it, so nothing is switched to this one any more. If it is still wanted, ask for it anew.`,
    };
  if (!resumed) return null;
  const age = Date.parse(now) - Date.parse(startedAt);
  const recent = age <= GOES_ON_MILLISECONDS && age >= -CLOCKS_APART_MILLISECONDS;
  if (recent && state === 'unknown') return { late: null, sentence: '' };
  if (!recent || attempt === 1)
    return {
      late: 'stale',
      sentence:
        ' It was begun long ago, and what it was approved by may have changed since. If it is still wanted, ask for it anew.',
    };
  return null;
}
