import { type Kysely, sql } from 'kysely';
import type { Database } from './database.ts';
import { QUEUE_SCHEMA } from './migrate-queue.ts';

/** How a job of a deployment stands. `silentSeconds`: since its worker's last sign of life; null while none works on it. */
export interface DeployJobState {
  readonly silentSeconds: number | null;
}

/** The job that carries a deployment out, or is to; null where there is none any more. */
export async function deployJobOf(
  db: Kysely<Database>,
  deploymentId: string,
): Promise<DeployJobState | null> {
  const { rows } = await sql<{ readonly silent: number | null }>`
    SELECT CASE WHEN job.state = 'active'
      THEN EXTRACT(EPOCH FROM now() - COALESCE(job.heartbeat_on, job.started_on))::float8 END AS silent
    FROM ${sql.id(QUEUE_SCHEMA, 'job')} AS job
    JOIN countersign.effect AS effect ON effect.key = job.data ->> 'key'
    WHERE job.name = 'deploy' AND job.state <= 'active' AND effect.effect ->> 'requestId' = ${deploymentId}
    ORDER BY silent NULLS LAST LIMIT 1`.execute(db);
  const [row] = rows;
  return row === undefined ? null : { silentSeconds: row.silent };
}
