import type { Kysely } from 'kysely';
import type { Database } from '../../db/database.ts';

/**
 * The pull requests whose recorded merge left one of these commits. By the search columns alone, which could be forged: so it
 * says only what is asked about together, and never where a commit came from.
 */
export async function mergedInto(
  db: Kysely<Database>,
  repositoryId: number,
  shas: readonly string[],
): Promise<readonly number[]> {
  if (shas.length === 0) return [];
  const rows = await db
    .selectFrom('ledger.projection')
    .select('pull_request')
    .distinct()
    .where('repository_id', '=', repositoryId)
    .where('kind', '=', 'change.merged')
    .where('commit', 'in', shas)
    .orderBy('pull_request')
    .execute();
  return rows.flatMap(({ pull_request: number }) => number ?? []);
}
