import { sql, type Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import { CodedError } from '../domain/coded-error.ts';

/** The repository that has a name (OWNER/NAME) by our books. Throws `repository_unknown` where no deployment of it was ever asked for here. */
export async function repositoryNamed(
  db: Kysely<Database>,
  name: string,
): Promise<{ readonly id: number; readonly fullName: string }> {
  const found = await newestNamed(db, name);
  if (found === undefined) {
    throw new CodedError(
      'repository_unknown',
      `no deployment of ${name} was asked for here yet, so nothing is known of it: see that it is written as OWNER/NAME.`,
    );
  }
  return { id: found.repository_id, fullName: `${found.owner}/${found.name}` };
}

/** GitHub's id of it; null where no deployment of it was ever asked for here. */
export async function repositoryIdNamed(db: Kysely<Database>, name: string): Promise<number | null> {
  return (await newestNamed(db, name))?.repository_id ?? null;
}

function newestNamed(db: Kysely<Database>, name: string) {
  return db
    .selectFrom('countersign.deployment')
    .select(['repository_id', 'owner', 'name'])
    .where(sql`lower(owner || '/' || name)`, '=', name.toLowerCase())
    .orderBy('requested_at', 'desc')
    .limit(1)
    .executeTakeFirst();
}
