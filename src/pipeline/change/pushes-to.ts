import type { Kysely } from 'kysely';
import type { Database } from '../../db/database.ts';
import type { RepositoryRef } from '../../domain/repository.ts';
import type { SeenPush } from '../../facts/pushers-of.ts';

/** Who pushed which head to a pull request, as its webhooks told us: the only source for a fork's branch. */
export async function pushesTo(
  db: Kysely<Database>,
  repository: RepositoryRef,
  number: number,
): Promise<readonly SeenPush[]> {
  const rows = await db
    .selectFrom('countersign.change_push')
    .select(['sha', 'before', 'pusher_id', 'pusher_login', 'pusher_kind'])
    .where('repository_id', '=', repository.id)
    .where('pull_request', '=', number)
    .execute();
  return rows.map((row) => ({
    sha: row.sha,
    before: row.before,
    pusher: { id: row.pusher_id, login: row.pusher_login, kind: row.pusher_kind },
  }));
}
