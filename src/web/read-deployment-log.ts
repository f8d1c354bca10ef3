import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import type { ShownDeployment } from './deployment-page.ts';

/** Lines of one page: the newest. */
const MOST = 3_000;
/** 16 random bytes, as base64url. */
const KEY = /^[A-Za-z0-9_-]{22}$/;

/** The deployment whose log a key opens, with the log's newest lines; null where there is none. */
export async function readDeploymentLog(db: Kysely<Database>, key: string): Promise<ShownDeployment | null> {
  if (!KEY.test(key)) return null;
  const row = await db
    .selectFrom('countersign.deployment')
    .select(['id', 'owner', 'name', 'environment', 'sha', 'state', 'log_shows_output'])
    .where('log_key', '=', key)
    .executeTakeFirst();
  if (row === undefined) return null;
  const newest = await db
    .selectFrom('countersign.deployment_log')
    .select(['at', 'host', 'step', 'kind', 'text'])
    .where('deployment_id', '=', row.id)
    // What may not be shown isn't even read.
    .$if(!row.log_shows_output, (query) => query.where('kind', '!=', 'output'))
    .orderBy('line', 'desc')
    .limit(MOST + 1)
    .execute();
  return {
    repository: `${row.owner}/${row.name}`,
    environment: row.environment,
    sha: row.sha,
    state:
      row.state === 'succeeded' || row.state === 'failed' || row.state === 'unknown' ? row.state : 'running',
    showsOutput: row.log_shows_output,
    lines: newest.slice(0, MOST).toReversed(),
    cut: newest.length > MOST,
  };
}
