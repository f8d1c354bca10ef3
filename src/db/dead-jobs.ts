import { type Kysely, sql } from 'kysely';
import type { Database } from './database.ts';
import { QUEUE_SCHEMA } from './migrate-queue.ts';
import { DEAD_QUEUE } from './queue-names.ts';

/** A job whose retries are used up. */
export interface DeadJob {
  readonly id: string;
  readonly queue: string;
  readonly key: string | null;
  readonly since: Date;
  readonly attempts: number;
  /** What its last attempt failed with. */
  readonly error: string;
}

interface Row {
  readonly id: string;
  readonly queue: string;
  readonly key: string | null;
  readonly since: Date;
  readonly attempts: number;
  readonly output: { readonly message?: string } | null;
}

/** Every job that was given up and waits for somebody, oldest first. */
export async function deadJobs(db: Kysely<Database>): Promise<readonly DeadJob[]> {
  const { rows } = await sql<Row>`
    SELECT id, source_name AS queue, singleton_key AS key, created_on AS since, source_retry_count + 1 AS attempts,
      COALESCE(source_output, output) AS output
    FROM ${sql.id(QUEUE_SCHEMA, 'job')} WHERE name = ${DEAD_QUEUE} AND state < 'active' ORDER BY created_on, id`.execute(
    db,
  );
  return rows.map(({ output, ...job }) => ({ ...job, error: output?.message ?? 'nothing was noted' }));
}
