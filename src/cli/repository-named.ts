import { sql, type Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import { CodedError } from '../domain/coded-error.ts';

/** The repository that has a name (OWNER/NAME) by our books. Throws `repository_unknown` where no deployment of it was ever asked for here. */
export async function repositoryNamed(
  db: Kysely<Database>,
  name: string,
): Promise<{ readonly id: number; readonly fullName: string }> {
  const found = await db
    .selectFrom('countersign.deployment')
    .select(['repository_id', 'owner', 'name'])
    .where(sql`lower(owner || '/' || name)`, '=', name.toLowerCase())
    .orderBy('requested_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (found === undefined) {
    throw new CodedError(
      'repository_unknown',
      `no deployment of ${name} was asked for here yet, so there is nothing to lock: see that it is written as OWNER/NAME.`,
    );
  }
  return { id: found.repository_id, fullName: `${found.owner}/${found.name}` };
}
