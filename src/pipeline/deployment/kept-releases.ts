import type { Kysely } from 'kysely';
import type { Database } from '../../db/database.ts';
import type { StoredDeployment } from './deployment-row.ts';

/** More than any host keeps. */
const MOST = 100;

/**
 * The releases of a deployment's commit that were deployed to its environment before, newest first: a host that kept one has its files.
 * By rows alone, since nothing rests on them: whatever is copied from a release is read back.
 */
export async function keptReleases(
  db: Kysely<Database>,
  { repository_id: repositoryId, environment, sha, id }: StoredDeployment,
): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('countersign.deployment')
    .select('release')
    .where('repository_id', '=', repositoryId)
    .where('environment', '=', environment)
    .where('sha', '=', sha)
    .where('id', '!=', id)
    .where('state', '=', 'succeeded')
    .where('release', 'is not', null)
    .where('started_sequence', 'is not', null)
    .orderBy('started_sequence', 'desc')
    .limit(MOST)
    .execute();
  return rows.flatMap(({ release }) => release ?? []);
}
