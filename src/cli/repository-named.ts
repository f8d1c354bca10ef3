import { sql, type Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import { CodedError } from '../domain/coded-error.ts';
import { fullName, type RepositoryRef } from '../domain/repository.ts';
import { whereNow } from '../pipeline/repository/where-now.ts';

/**
 * The repository that has a name (OWNER/NAME), with the name that it has now: as GitHub listed it last or, if none was listed by that name,
 * as it was called when a deployment of it was asked for. Throws `repository_unknown` where neither is.
 */
export async function repositoryNamed(
  db: Kysely<Database>,
  name: string,
): Promise<{ readonly id: number; readonly fullName: string }> {
  const found = await newestNamed(db, name);
  if (found === null) {
    throw new CodedError(
      'repository_unknown',
      `${name} was never seen here: see that it is written as OWNER/NAME, and that the App is installed there.`,
    );
  }
  return { id: found.id, fullName: fullName(await whereNow(db, found)) };
}

/** GitHub's id of it; null where it was never seen here. */
export async function repositoryIdNamed(db: Kysely<Database>, name: string): Promise<number | null> {
  return (await newestNamed(db, name))?.id ?? null;
}

async function newestNamed(db: Kysely<Database>, name: string): Promise<RepositoryRef | null> {
  const named = sql<boolean>`lower(owner || '/' || name) = ${name.toLowerCase()}`;
  const listed = await db
    .selectFrom('countersign.repository')
    .select(['id', 'owner', 'name', 'installation_id as installationId'])
    .where(named)
    .execute();
  const [only, another] = listed;
  // Of two, one was deleted or renamed without our being told: the deployments say which was here last.
  if (only !== undefined && another === undefined) return only;
  const deployed = await db
    .selectFrom('countersign.deployment')
    .select(['repository_id as id', 'owner', 'name', 'installation_id as installationId'])
    .where(named)
    .orderBy('requested_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  return deployed ?? null;
}
