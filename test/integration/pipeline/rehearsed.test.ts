import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openDatabase } from '../../../src/db/open-database.ts';
import type { GitHubReader } from '../../../src/facts/github-reader.ts';
import { holdRehearsal, rehearsalThere } from '../../../src/pipeline/host/rehearsal-lock.ts';
import { runDeploy } from '../../../src/pipeline/deployment/run-deploy.ts';
import { createTestDatabase, query, type TestDatabase } from '../../support/database.ts';
import { pipelineOn } from '../../support/pipeline.ts';
import { waitingDeployment } from '../../support/waiting-deployment.ts';

const repository = { id: 5, owner: 'acme', name: 'shop', installationId: 9 };
const place = { repositoryId: 5, environment: 'staging' };
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

test('a deployment that may start waits while its environment is rehearsed, and uses up no retries', async () => {
  const never = {};
  const pipeline = pipelineOn(database, never as unknown as GitHubReader);
  const { id } = await waitingDeployment(
    database.db,
    { repository, environment: 'staging', sha: 'c'.repeat(40) },
    { state: 'approved' },
  );
  const key = `deploy:${id}`;
  const effect = { kind: 'deploy', key, repository, requestId: id, environment: 'staging', hasTarget: true };
  await database.db
    .insertInto('countersign.effect')
    .values({
      key,
      ordering_key: key,
      effect: JSON.stringify(effect),
      state: 'planned',
      remote_id: null,
      error: null,
      planned_at: new Date(),
      finished_at: null,
    })
    .execute();
  await holdRehearsal(database.db, place, async (assertHeld) => {
    await runDeploy(pipeline, { key }, { attempt: 1, signal: new AbortController().signal, assertHeld });
  });
  expect(pipeline.sent).toEqual([{ queue: 'deploy', data: { key }, startAfterSeconds: 10 }]);
  const states = await database.db
    .selectFrom('countersign.deployment as d')
    .innerJoin('countersign.effect as e', (on) => on.on('e.key', '=', key))
    .select(['d.state as deployment', 'e.state as effect'])
    .execute();
  expect(states).toEqual([{ deployment: 'approved', effect: 'planned' }]);
});

test('one rehearsal at a time, of one environment; its lock is lost with its session, and that is noticed', async () => {
  const lost = openDatabase(database.writerUrl, { max: 1, applicationName: 'rehearsing' });
  try {
    await holdRehearsal(lost, place, async (assertHeld) => {
      const second = holdRehearsal(database.db, place, () => Promise.resolve('held'));
      await expect(second).rejects.toMatchObject({ code: 'environment_rehearsed' });
      const elsewhere = { ...place, environment: 'production' };
      expect(await holdRehearsal(database.db, elsewhere, () => Promise.resolve('held'))).toBe('held');
      await assertHeld();
      await query(
        database.superuserUrl,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'rehearsing'`,
      );
      await expect(assertHeld()).rejects.toThrow();
    });
    expect(await rehearsalThere(database.db, 5, 'staging')).toEqual({ goesOn: false, newest: null });
  } finally {
    await lost.destroy();
  }
});
