import type { Kysely } from 'kysely';
import type { Database } from '../../db/database.ts';
import type { RepositoryRef } from '../../domain/repository.ts';

/**
 * A repository as it is reached now, by its id. What waits in our books was planned under the name, owner and installation that it had
 * then: GitHub sends whoever reads an old name to the new one, but not whoever writes, and once somebody else's repository has that name,
 * a write would go there.
 */
export async function whereNow(db: Kysely<Database>, repository: RepositoryRef): Promise<RepositoryRef> {
  return (await seenAt(db, repository.id)) ?? repository;
}

/** As GitHub showed it last; null: it was never listed to us. */
export async function seenAt(db: Kysely<Database>, id: number): Promise<RepositoryRef | null> {
  const row = await db
    .selectFrom('countersign.repository')
    .select(['owner', 'name', 'installation_id as installationId'])
    .where('id', '=', id)
    .executeTakeFirst();
  return row === undefined ? null : { id, ...row };
}

export async function noteSeen(db: Kysely<Database>, repository: RepositoryRef): Promise<void> {
  const { id, owner, name, installationId } = repository;
  const value = { owner, name, installation_id: installationId };
  await db
    .insertInto('countersign.repository')
    .values({ id, ...value })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(value))
    .execute();
}
