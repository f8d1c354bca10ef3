import type { Client } from 'pg';
import type { QueueOptions, UpdateQueueOptions } from 'pg-boss';
import { getConstructionPlans, getMigrationPlans, PgBoss } from 'pg-boss';
import pgBossPackage from 'pg-boss/package.json' with { type: 'json' };
import { CodedError } from '../domain/coded-error.ts';
import type { QueueKind, QueueSettings } from './queue-names.ts';
import { DEAD_QUEUE, QUEUE_NAMES, QUEUES, RETRY } from './queue-names.ts';

/** The schema that pg-boss keeps its jobs in. */
export const QUEUE_SCHEMA = 'pgboss';

const DAY = 86_400;

const POLICIES = {
  // Not pg-boss's `stately`: there a failed attempt that meets another one waiting for its retry is given up at once.
  coalesced: 'singleton',
  ordered: 'key_strict_fifo',
  plain: 'standard',
} as const satisfies Record<QueueKind, string>;

/**
 * Installs or updates pg-boss's schema as the owner, makes our queues what `queue-names.ts` says, and lets the writer
 * work them. The app itself changes no schema. Called under the migrator's lock.
 */
export async function migrateQueue(client: Client, owner: string): Promise<string[]> {
  await client.query(`SET ROLE ${owner}`);
  try {
    const db = {
      executeSql: async (text: string, values?: unknown[]) =>
        await client.query<Record<string, unknown>>(text, values),
    };
    const boss = new PgBoss({
      db,
      schema: QUEUE_SCHEMA,
      migrate: false,
      supervise: false,
      schedule: false,
      registerInstance: false,
    });
    const applied = await migrateSchema(client, boss);
    await boss.start();
    try {
      await ensureQueues(boss);
    } finally {
      await boss.stop({ graceful: false });
    }
    await client.query(GRANTS);
    return applied;
  } finally {
    await client.query('RESET ROLE');
  }
}

const GRANTS = `
  GRANT USAGE ON SCHEMA ${QUEUE_SCHEMA} TO countersign_writer, countersign_reader;
  GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${QUEUE_SCHEMA} TO countersign_writer;
  GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA ${QUEUE_SCHEMA} TO countersign_writer;
  GRANT SELECT ON ALL TABLES IN SCHEMA ${QUEUE_SCHEMA} TO countersign_reader;
`;

async function migrateSchema(client: Client, boss: PgBoss): Promise<string[]> {
  const { rows } = await client.query<{ there: boolean }>(
    `SELECT to_regclass('${QUEUE_SCHEMA}.version') IS NOT NULL AS there`,
  );
  if (rows[0]?.there !== true) {
    await client.query(getConstructionPlans(QUEUE_SCHEMA));
    return [`pg-boss ${pgBossPackage.pgboss.schema}`];
  }
  const installed = (await boss.schemaVersion()) ?? 0;
  const wanted = pgBossPackage.pgboss.schema;
  if (installed === wanted) return [];
  if (installed > wanted) {
    throw new CodedError(
      'schema_newer',
      `the queue's schema is version ${installed}, and this version of Countersign works with ${wanted}. ` +
        'Use the version that made it, or a newer one.',
    );
  }
  // The printed plan builds its indexes at once, where pg-boss itself would build them later, as the app's role.
  await client.query(getMigrationPlans(QUEUE_SCHEMA, installed));
  return [`pg-boss ${wanted}`];
}

async function ensureQueues(boss: PgBoss): Promise<void> {
  const existing = new Map((await boss.getQueues()).map((queue) => [queue.name, queue]));
  const ensure = async (
    name: string,
    policy: string,
    options: QueueOptions & UpdateQueueOptions & { deadLetter?: string },
  ): Promise<void> => {
    const queue = existing.get(name);
    if (queue === undefined) await boss.createQueue(name, { policy, ...options });
    else if (queue.policy === policy) await boss.updateQueue(name, options);
    else {
      throw new CodedError(
        'queue_policy_changed',
        `the queue "${name}" has the policy ${queue.policy}, and this version of Countersign needs ${policy}. ` +
          'Give the queue a new name in src/db/queue-names.ts.',
      );
    }
  };
  await ensure(DEAD_QUEUE, 'standard', {
    retentionSeconds: 365 * DAY,
    deleteAfterSeconds: 30 * DAY,
    retryLimit: 0,
  });
  for (const name of QUEUE_NAMES) await ensure(name, POLICIES[QUEUES[name].kind], optionsOf(QUEUES[name]));
}

function optionsOf(settings: QueueSettings): QueueOptions & { deadLetter: string; notify: boolean } {
  return {
    retryLimit: settings.retries,
    ...RETRY,
    expireInSeconds: settings.expireSeconds,
    heartbeatSeconds: 20,
    // A job that waits is never deleted for its age within a year; a done one is kept for a week to look at.
    retentionSeconds: 365 * DAY,
    deleteAfterSeconds: 7 * DAY,
    deadLetter: DEAD_QUEUE,
    notify: true,
  };
}
