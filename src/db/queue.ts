/**
 * Jobs, in the same PostgreSQL and the same transaction as what they follow from. It owns how jobs are sent, worked,
 * retried and given up; what a job means is its handler's. A job is run at least once: its worker may die after the
 * work and before "done" is written, so handlers are idempotent.
 */
import type { Kysely, Transaction } from 'kysely';
import { sql } from 'kysely';
import { fromKysely, PgBoss } from 'pg-boss';
import { assertHeld } from './assert-held.ts';
import type { Database } from './database.ts';
import type { QueueLog } from './given-up.ts';
import { giveUpFailedJobs } from './given-up.ts';
import { jobIds } from './job-id.ts';
import { laneOf, NO_LANE } from './lane.ts';
import { QUEUE_SCHEMA } from './migrate-queue.ts';
import { retryAfterIn, setRetryDelay } from './retry-delay.ts';
import type { QueueName } from './queue-names.ts';
import { DEAD_QUEUE, QUEUES } from './queue-names.ts';

export type { QueueName } from './queue-names.ts';

/** What a handler knows of its job. `signal` aborts when its time is up, its claim is lost, or we have to stop. */
export interface JobContext {
  readonly id: string;
  /** 1 for the first. */
  readonly attempt: number;
  readonly signal: AbortSignal;
  /**
   * Renews our claim on the job, and throws where it is lost or the database can't be asked. For what must not be done by two:
   * `signal` comes too late to a process that stood still or was cut off from the database. Within a transaction nobody can take the
   * job until that ends: what it writes is written by whoever has the job, or not at all.
   */
  readonly assertHeld: (tx?: Transaction<Database>) => Promise<void>;
}

export type JobHandler = (data: unknown, job: JobContext) => Promise<void>;

export interface WorkOptions {
  readonly concurrency?: number;
  readonly lanes?: readonly string[];
}

export interface SendOptions {
  /** Whose workers may take it; left out: all of the queue's. */
  readonly lane?: string;
  /** What belongs together; see `queue-names.ts`. */
  readonly key?: string;
  readonly startAfterSeconds?: number;
}

export interface Queue {
  /** Part of the caller's transaction: without its commit there is no job, and nobody is woken. */
  send(
    tx: Transaction<Database> | Kysely<Database>,
    queue: QueueName,
    data: object,
    options?: SendOptions,
  ): Promise<void>;
  /**
   * Works a queue with up to `concurrency` jobs at a time (1, if not said). Between `start` and `stop`. With `lanes`: only the
   * jobs of these and of none, so many at a time of each.
   */
  work(queue: QueueName, handler: JobHandler, options?: WorkOptions): Promise<void>;
  /** Puts jobs of the dead queue back where they came from, with all their attempts before them. Answers how many. */
  redrive(ids: readonly string[]): Promise<number>;
  start(): Promise<void>;
  /**
   * Takes no new jobs and waits for the running ones, at most `drainSeconds` (those of the setup, if not said); then they are
   * aborted and retried later.
   */
  stop(drainSeconds?: number): Promise<void>;
}

export interface QueueSetup {
  readonly log: QueueLog;
  readonly drainSeconds?: number;
}

/** `url` is the writer's: pg-boss keeps a few connections of its own there, one of them to be woken by. */
export function openQueue(db: Kysely<Database>, url: string, { log, drainSeconds = 60 }: QueueSetup): Queue {
  const boss = new PgBoss({
    connectionString: url,
    schema: QUEUE_SCHEMA,
    application_name: 'countersign queue',
    max: 4,
    // The schema is the migrator's, under another role.
    migrate: false,
    createSchema: false,
    reindex: false,
    schedule: false,
    useListenNotify: true,
    // A worker that died is found within 20 s (its heartbeat) and 10 s (this look).
    superviseIntervalSeconds: 10,
    monitorIntervalSeconds: 10,
    openTelemetry: { enabled: false },
  });
  boss.on('error', (error) => {
    log.error({ err: error }, 'queue');
  });
  boss.on('warning', (warning) => {
    log.warn({ warning }, 'queue');
  });
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;
  const giveUp = (): void => {
    looking ??= giveUpFailedJobs(db, log)
      .catch((error: unknown) => {
        log.error({ err: error }, 'looking for jobs that were given up');
      })
      .finally(() => {
        looking = undefined;
      });
  };
  // A moment later pg-boss has written down that it failed. Those whose worker died are found by the timer.
  const lastFailed = (): void => void setTimeout(giveUp, 300).unref();
  return {
    send: async (tx, queue, data, options = {}) => {
      await send(boss, tx, queue, data, options);
    },
    work: async (queue, handler, options = {}) => {
      const lanes = options.lanes?.map(laneOf).concat(NO_LANE) ?? [null];
      for (const lane of lanes) {
        for (let count = options.concurrency ?? 1; count > 0; count -= 1)
          await workOne(boss, queue, handler, { db, lane, log, lastFailed });
      }
    },
    redrive: (ids) => boss.redrive(DEAD_QUEUE, { ids: [...ids] }),
    start: async () => {
      await boss.start();
      giveUp();
      timer = setInterval(giveUp, 5_000);
    },
    stop: async (seconds = drainSeconds) => {
      clearInterval(timer);
      await boss.stop(seconds === 0 ? { graceful: false } : { graceful: true, timeout: seconds * 1_000 });
      await looking;
    },
  };
}

const nextId = jobIds();

async function send(
  boss: PgBoss,
  tx: Transaction<Database> | Kysely<Database>,
  queue: QueueName,
  data: object,
  { key, lane, startAfterSeconds = 0 }: SendOptions,
): Promise<void> {
  const { kind } = QUEUES[queue];
  if (kind === 'coalesced' && key !== undefined && (await coalesce(tx, queue, data, key, startAfterSeconds)))
    return;
  if (kind === 'ordered' && key === undefined)
    throw new TypeError(`a job of the queue "${queue}" needs a key`);
  const id = await boss.send(queue, data, {
    id: nextId(),
    db: fromKysely(tx),
    ...(key === undefined ? {} : { singletonKey: key }),
    ...(lane === undefined ? {} : { priority: laneOf(lane) }),
    ...(startAfterSeconds > 0 ? { startAfter: startAfterSeconds } : {}),
  });
  if (id === null) throw new Error(`the queue "${queue}" did not take a job`);
}

/**
 * Puts the newest data into a job that still waits, to start at the earlier of both times; one that was told when to come
 * again (a rate limit) isn't pulled forward. The row stays locked until
 * the caller's transaction ends, and workers pass over locked rows: so the job can't be taken before what the caller
 * wrote is there to be read. Whoever finds none, or
 * one that another caller holds just now, makes a job more: that costs one more look, and nobody waits for anybody.
 */
async function coalesce(
  tx: Kysely<Database>,
  queue: QueueName,
  data: object,
  key: string,
  startAfterSeconds: number,
): Promise<boolean> {
  const { rows } = await sql`
    WITH waiting AS (
      SELECT id FROM ${sql.id(QUEUE_SCHEMA, 'job')}
      WHERE name = ${queue} AND singleton_key = ${key} AND state < 'active'
      ORDER BY created_on LIMIT 1 FOR UPDATE SKIP LOCKED
    ), joined AS (
      UPDATE ${sql.id(QUEUE_SCHEMA, 'job')} AS job
      SET data = ${JSON.stringify(data)}::jsonb,
          start_after = CASE WHEN job.retry_backoff
            THEN LEAST(job.start_after, now() + ${startAfterSeconds} * interval '1 second') ELSE job.start_after END
      FROM waiting WHERE job.id = waiting.id AND job.name = ${queue}
      RETURNING job.start_after
    )
    SELECT pg_notify(${channel}, ${queue}) FROM joined WHERE start_after <= now()
    UNION ALL SELECT NULL FROM joined WHERE start_after > now()`.execute(tx);
  return rows.length > 0;
}

/** The channel that pg-boss listens on: a digest of the schema's name. */
const channel = sql`'pgboss_' || left(encode(sha224(${QUEUE_SCHEMA}::bytea), 'hex'), 24)`;

/** One worker: it takes a job, works it, and takes the next at once; when there is none it waits to be woken. */
async function workOne(
  boss: PgBoss,
  queue: QueueName,
  handler: JobHandler,
  {
    db,
    lane,
    log,
    lastFailed,
  }: {
    readonly db: Kysely<Database>;
    readonly lane: number | null;
    readonly log: QueueLog;
    readonly lastFailed: () => void;
  },
): Promise<void> {
  const self: { id?: string } = {};
  self.id = await boss.work(
    queue,
    // Retries and freed keys wake nobody, so waiting workers look again soon in any case.
    {
      batchSize: 1,
      includeMetadata: true,
      pollingIntervalSeconds: 1,
      notifyPollingIntervalSeconds: 2,
      ...(lane === null ? {} : { minPriority: lane, maxPriority: lane }),
    },
    async (jobs) => {
      for (const job of jobs) {
        try {
          const { id, retryCount, signal } = job;
          const stillOurs = async (tx?: Transaction<Database>): Promise<void> => {
            signal.throwIfAborted();
            await assertHeld(tx ?? db, { id, queue, retryCount });
          };
          await handler(job.data, { id, attempt: retryCount + 1, signal, assertHeld: stillOurs });
        } catch (error) {
          log.warn(
            { err: error, queue, job: job.id, attempt: job.retryCount + 1, key: job.singletonKey },
            'job failed',
          );
          const delay = retryAfterIn(error);
          if (delay !== null || !job.retryBackoff) await setRetryDelay(db, { id: job.id, queue }, delay);
          if (job.retryCount >= job.retryLimit) lastFailed();
          throw error;
        } finally {
          if (self.id !== undefined) boss.notifyWorker(self.id);
        }
      }
    },
  );
}
