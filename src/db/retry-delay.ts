import { type Kysely, sql } from 'kysely';
import type { Database } from './database.ts';
import { QUEUE_SCHEMA } from './migrate-queue.ts';
import { RETRY } from './queue-names.ts';

/** Nobody's limit lasts for longer, and a wrong answer must not put a job off for days. */
const LONGEST_SECONDS = 3_600;

/** The seconds after which whoever was asked will answer again, where an error says so (as that of a rate limit does). */
export function retryAfterIn(error: unknown): number | null {
  if (typeof error !== 'object' || error === null || !('retryAfterSeconds' in error)) return null;
  const { retryAfterSeconds: seconds } = error;
  if (typeof seconds !== 'number' || !Number.isFinite(seconds) || seconds <= 0) return null;
  return Math.min(Math.ceil(seconds), LONGEST_SECONDS);
}

/** Sets when a job that is about to fail is done again: after so many seconds, or, at null, as every other. */
export async function setRetryDelay(
  db: Kysely<Database>,
  job: { readonly id: string; readonly queue: string },
  seconds: number | null,
): Promise<void> {
  await sql`
    UPDATE ${sql.id(QUEUE_SCHEMA, 'job')}
    SET retry_delay = ${seconds ?? RETRY.retryDelay}, retry_backoff = ${seconds === null}
    WHERE name = ${job.queue} AND id = ${job.id}`.execute(db);
}
