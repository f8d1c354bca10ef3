import { sql, type Kysely } from 'kysely';
import type { Database } from '../../db/database.ts';
import type { Target } from '../../domain/deploy.ts';
import { fullName, type RepositoryRef } from '../../domain/repository.ts';

/**
 * Why a target isn't this repository's, though it has its name; null where it is. The operator's file names repositories as
 * people do, and on GitHub a name that was given up can be taken by somebody else, who must not get the server with it. Whatever another
 * repository of that name asked for, anywhere, says that the file may mean that one. Of a name that came to us first with its second
 * owner nothing here tells: against that helps only a `repository_id`.
 */
export async function targetRefusal(
  db: Kysely<Database>,
  repository: RepositoryRef,
  { environment, repositoryId }: Pick<Target, 'environment' | 'repositoryId'>,
): Promise<string | null> {
  const name = `${fullName(repository)}, environment ${environment}`;
  const mend = `If it is meant, set "repository_id: ${repository.id}" on that target in the operator's file and deploy again.`;
  if (repositoryId !== null) {
    return repositoryId === repository.id
      ? null
      : `The operator's target for ${name} is of the repository with the id ${repositoryId}, and this one has the id ${repository.id}. ${mend}`;
  }
  const other = await db
    .selectFrom('countersign.deployment')
    .select('repository_id')
    .where(sql`lower(owner || '/' || name)`, '=', fullName(repository).toLowerCase())
    .where('repository_id', '!=', repository.id)
    .limit(1)
    .executeTakeFirst();
  if (other === undefined) return null;
  return `Another repository had the name ${fullName(repository)} before (its id is ${other.repository_id}; this one's is ${repository.id}), and the operator's target for ${environment} may be meant for that one. ${mend}`;
}
