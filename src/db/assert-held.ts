import { type Kysely, sql } from 'kysely';
import type { Database } from './database.ts';
import { QUEUE_SCHEMA } from './migrate-queue.ts';

/**
 * Renews a worker's claim on a job, or throws where another attempt has it by now or it was settled. In a transaction the job's row is
 * locked until its end.
 */
export async function assertHeld(
  db: Kysely<Database>,
  job: { readonly id: string; readonly queue: string; readonly retryCount: number },
): Promise<void> {
  const { rows } = await sql`
    UPDATE ${sql.id(QUEUE_SCHEMA, 'job')} SET heartbeat_on = now()
    WHERE name = ${job.queue} AND id = ${job.id} AND state = 'active' AND retry_count = ${job.retryCount}
    RETURNING id`.execute(db);
  if (rows.length === 0) throw new Error(`job ${job.id} is no longer ours: somebody else took it`);
}
