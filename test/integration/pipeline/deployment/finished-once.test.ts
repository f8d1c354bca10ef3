import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { sql, type Transaction } from 'kysely';
import { assertHeld } from '../../../../src/db/assert-held.ts';
import type { Database } from '../../../../src/db/database.ts';
import { openDatabase } from '../../../../src/db/open-database.ts';
import type { Queue } from '../../../../src/db/queue.ts';
import { openQueue } from '../../../../src/db/queue.ts';
import { listEntries, readDocument } from '../../../../src/ledger/store/read.ts';
import type { StoredDeployment } from '../../../../src/pipeline/deployment/deployment-row.ts';
import { runDeploy } from '../../../../src/pipeline/deployment/run-deploy.ts';
import { startDeployment } from '../../../../src/pipeline/deployment/start-deployment.ts';
import type { DeployTarget, Pipeline } from '../../../../src/pipeline/pipeline.ts';
import { evaluateDeployment } from '../../../../src/policy/evaluate-deployment.ts';
import { createTestDatabase, query, type TestDatabase } from '../../../support/database.ts';
import { makeDeploymentFacts, POLICY, policyOf, repository, sha } from '../../../support/make-facts.ts';
import { pipelineOn } from '../../../support/pipeline.ts';
import { waitingDeployment } from '../../../support/waiting-deployment.ts';
import { scriptedGitHub } from '../../../unit/facts/scripted-github.ts';

/** Two workers on one deployment's job: the first stands still at some moment, and is taken for dead. Each has its own connections. */
let database: TestDatabase;
let queue: Queue;
beforeEach(async () => {
  database = await createTestDatabase();
  queue = openQueue(database.db, database.writerUrl, {
    log: { error: () => undefined, warn: () => undefined },
  });
  await queue.start();
});
afterEach(async () => {
  await queue.stop(0);
  await database.drop();
});

const pipeline = (over: Partial<Pipeline> = {}) => pipelineOn(database, scriptedGitHub({}), over);

const TARGET: DeployTarget = {
  target: {
    repository: 'acme/shop',
    repositoryId: null,
    environment: 'production',
    hosts: [{ host: 'web1', port: 22, user: 'deploy', fingerprint: `SHA256:${'A'.repeat(43)}` }],
    path: '/srv/shop',
    keep: 3,
    shared: [],
    commands: { build: null, beforeSwitch: null, afterSwitch: null, health: null },
    timeout: 30,
    showOutput: false,
  },
  privateKey: () => Promise.reject(new Error('nobody logs in in this test')),
  jumpKeys: () => Promise.resolve({}),
};

/** A deployment that has begun, whose target the operator has removed; and its job, which the first worker has. */
async function begin(): Promise<{ readonly row: StoredDeployment; readonly key: string }> {
  const place = { repository, environment: 'production', sha: sha('merge') };
  const waiting = await waitingDeployment(database.db, place, { state: 'approved' });
  const facts = makeDeploymentFacts({ request: { id: waiting.id, sha: waiting.sha } });
  const reading = { kind: 'valid', policy: policyOf() } as const;
  const source = { path: 'p', ref: 'main', commit: sha('base'), text: POLICY };
  const decision = evaluateDeployment(reading, facts);
  const row = await startDeployment(
    pipeline(),
    waiting,
    { source, reading, facts, decision, policy: null },
    TARGET,
  );
  if (row === null) throw new Error('it did not start');
  const key = `deploy:${row.id}`;
  const effect = { kind: 'deploy', key, repository, requestId: row.id, environment: 'production' };
  await database.db
    .insertInto('countersign.effect')
    .values({
      key,
      ordering_key: key,
      effect: JSON.stringify({ ...effect, hasTarget: true }),
      state: 'planned',
      remote_id: null,
      error: null,
      planned_at: new Date(),
      finished_at: null,
    })
    .execute();
  await queue.send(database.db, 'deploy', { key }, { key });
  await query(
    database.ownerUrl,
    "UPDATE pgboss.job SET state = 'active', started_on = now(), heartbeat_on = now() WHERE name = 'deploy'",
  );
  return { row, key };
}

/** As the supervisor does with a job whose heartbeat is late, and the next worker after it; in one step. */
const takeOver = () =>
  query(
    database.ownerUrl,
    `SET lock_timeout = '500ms';
     UPDATE pgboss.job SET retry_count = retry_count + 1, started_on = now(), heartbeat_on = now()
     WHERE name = 'deploy' AND state = 'active'`,
  );

/** The claim of whoever has the job by its so-manieth try, as the queue gives it to a handler. */
async function claimOf(attempt: number) {
  const { rows } = await sql<{ id: string }>`SELECT id FROM pgboss.job WHERE name = 'deploy'`.execute(
    database.db,
  );
  const id = rows[0]?.id ?? '';
  return {
    attempt,
    signal: new AbortController().signal,
    assertHeld: (tx?: Transaction<Database>) =>
      assertHeld(tx ?? database.db, { id, queue: 'deploy', retryCount: attempt - 1 }),
  };
}

const ends = async ({ started_entry: started }: StoredDeployment) => {
  const found = await listEntries(database.db, { answers: started ?? '', kinds: ['deployment.finished'] });
  const documents = found.flatMap(({ content }) =>
    content.documents.filter(({ name }) => name === 'message'),
  );
  const bodies = await Promise.all(documents.map(({ commitment }) => readDocument(database.db, commitment)));
  return { outcomes: found.map(({ content }) => content.outcome), said: bodies.map(String) };
};

test('a worker that stood still right before its last record writes none once another has the job', async () => {
  const { row, key } = await begin();
  const stands = Promise.withResolvers<void>();
  const told = Promise.withResolvers<void>();
  const own = openDatabase(database.writerUrl);
  try {
    // Nothing is asked between this and the transaction itself.
    const open = own.transaction.bind(own);
    own.transaction = () => {
      const opened = open();
      const execute = opened.execute.bind(opened);
      opened.execute = async (work) => {
        stands.resolve();
        await told.promise;
        return execute(work);
      };
      return opened;
    };
    const first = runDeploy(pipeline({ db: own }), { key }, await claimOf(1));
    first.catch(() => undefined);
    await Promise.race([stands.promise, first]);
    await takeOver();
    told.resolve();
    await expect(first).rejects.toThrow('is no longer ours: somebody else took it');
    expect(await ends(row)).toEqual({ outcomes: [], said: [] });
    await runDeploy(pipeline(), { key }, await claimOf(2));
    expect((await ends(row)).outcomes).toEqual(['failure']);
  } finally {
    await own.destroy();
  }
});

test('while it writes its last record, nobody takes the job; and whoever has it then finds it done', async () => {
  const { row, key } = await begin();
  // Judged again once this one has ended: so the record's transaction sends a job, where it stands still.
  await waitingDeployment(
    database.db,
    { repository, environment: 'production', sha: sha('other') },
    { state: 'requested' },
  );
  const stands = Promise.withResolvers<void>();
  const told = Promise.withResolvers<void>();
  const slow: Pipeline['queue'] = {
    ...pipeline().queue,
    send: async (_tx, name) => {
      if (name !== 'deployment') return;
      stands.resolve();
      await told.promise;
    },
  };
  const first = runDeploy(pipeline({ queue: slow }), { key }, await claimOf(1));
  first.catch(() => undefined);
  await Promise.race([stands.promise, first]);
  await expect(takeOver()).rejects.toThrow('lock timeout');
  told.resolve();
  await first;
  await takeOver();
  await runDeploy(pipeline(), { key }, await claimOf(2));
  expect(await ends(row)).toMatchObject({
    outcomes: ['failure'],
    said: [expect.stringContaining('no target')],
  });
});
