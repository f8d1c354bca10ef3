import type { Kysely } from 'kysely';
import type { Database } from '../../db/database.ts';
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

/**
 * Why a deployment isn't switched to any more by now on a host where it doesn't run, as a sentence to add; null: it goes on as it was
 * begun. A job that finds it begun at its own first attempt was put back by somebody, after all of its retries: longer ago than any
 * approval should be acted on.
 */
export function lateness(
  { state, environment }: Pick<StoredDeployment, 'state' | 'environment'>,
  {
    resumed,
    attempt,
    overtakenBy,
  }: { readonly resumed: boolean; readonly attempt: number; readonly overtakenBy: string | null },
): string | null {
  if (overtakenBy !== null)
    return ` A deployment of ${overtakenBy} to ${environment} was begun after it, so nothing is switched to this one any more. If it is still wanted, ask for it anew.`;
  if (state === 'unknown') return '';
  if (resumed && attempt === 1)
    return ' It was begun long ago, and what it was approved by may have changed since. If it is still wanted, ask for it anew.';
  return null;
}
