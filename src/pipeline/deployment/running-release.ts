import type { Kysely } from 'kysely';
import type { Database } from '../../db/database.ts';
import type { RepositoryRef } from '../../domain/repository.ts';
import { isFinished } from './backed-by-ledger.ts';
import type { StoredDeployment } from './deployment-row.ts';

export interface RunningRelease {
  /** The deployment that last succeeded; null: none ever did. */
  readonly last: StoredDeployment | null;
  /** A deployment that started and whose outcome nobody knows: what runs there is then uncertain. */
  readonly uncertain: StoredDeployment | null;
}

/** What our records say runs in an environment, by the order in which deployments started. */
export async function runningRelease(
  db: Kysely<Database>,
  repository: Pick<RepositoryRef, 'id'>,
  environment: string,
): Promise<RunningRelease> {
  const newest = (state: 'succeeded' | 'unknown') =>
    db
      .selectFrom('countersign.deployment')
      .selectAll()
      .where('repository_id', '=', repository.id)
      .where('environment', '=', environment)
      .where('state', '=', state)
      .where('started_sequence', 'is not', null)
      .orderBy('started_sequence', 'desc')
      .limit(1)
      .executeTakeFirst();
  const last = (await newest('succeeded')) ?? null;
  const unknown = (await newest('unknown')) ?? null;
  // A row that the ledger doesn't bear out was written by somebody else: nobody knows then what runs there.
  if (last !== null && !(await isFinished(db, last))) return { last: null, uncertain: last };
  const uncertain =
    unknown !== null && (unknown.started_sequence ?? 0) > (last?.started_sequence ?? 0) ? unknown : null;
  return { last, uncertain };
}
