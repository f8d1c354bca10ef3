import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { Database } from './database.ts';
import { QUEUE_SCHEMA } from './migrate-queue.ts';
import { DEAD_QUEUE, QUEUE_NAMES } from './queue-names.ts';

/** As much of a logger as the queue needs; pino's fits. */
export interface QueueLog {
  error(about: object, message: string): void;
  warn(about: object, message: string): void;
}

interface GivenUp {
  readonly name: string;
  readonly id: string;
  readonly key: string | null;
  readonly attempts: number;
  readonly output: unknown;
}

/**
 * A job whose retries are used up has a copy in the dead queue. Its failed original would hold back every later job
 * of its key, so it is removed here; whoever removes it says so at error, once among all processes. The write to GitHub
 * that it was for is marked as failed, so that it is seen and the next judgement tries it again.
 */
export async function giveUpFailedJobs(db: Kysely<Database>, log: QueueLog): Promise<void> {
  const { rows } = await sql<GivenUp>`
    WITH gone AS (
      DELETE FROM ${sql.id(QUEUE_SCHEMA, 'job')} AS failed
      WHERE failed.state = 'failed' AND failed.name = ANY(${[...QUEUE_NAMES]}::text[])
        AND EXISTS (
          SELECT FROM ${sql.id(QUEUE_SCHEMA, 'job')} AS copy
          WHERE copy.name = ${DEAD_QUEUE} AND copy.source_id = failed.id
        )
      RETURNING failed.name, failed.id, failed.singleton_key AS key, failed.retry_count + 1 AS attempts, failed.output,
        failed.data
    ), marked AS (
      UPDATE countersign.effect AS effect
      SET state = 'failed', error = left(gone.output->>'message', 2000), finished_at = now()
      FROM gone WHERE gone.name = 'effect' AND effect.key = gone.data->>'key' AND effect.state = 'planned'
    )
    SELECT name, id, key, attempts, output FROM gone
  `.execute(db);
  for (const { name, id, key, attempts, output } of rows) {
    log.error(
      { queue: name, job: id, key, attempts, output },
      `a job was given up after ${attempts} attempts; it is kept in the queue "${DEAD_QUEUE}" until someone redrives it`,
    );
  }
}
