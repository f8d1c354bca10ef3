import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { DeployTarget } from '../../../src/pipeline/pipeline.ts';
import { listEntries } from '../../../src/ledger/read.ts';
import { judgeDeployment } from '../../../src/pipeline/judge-deployment.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { pipelineOn } from '../../support/pipeline.ts';
import { failure, scriptedGitHub, type Scripted } from '../../unit/facts/scripted-github.ts';

const RUN = 'GET /repos/{owner}/{repo}/actions/runs/{run_id}';
const STATUSES = 'GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses';
const PENDING = 'GET /repos/{owner}/{repo}/actions/runs/{run_id}/pending_deployments';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** An approved job of Actions; `answered` or not. Answers its id. */
async function approvedJob(
  answered: boolean,
  { deploymentId = 3 }: { readonly deploymentId?: number | null } = {},
): Promise<string> {
  const id = randomUUID();
  const decision = randomUUID();
  const at = new Date('2026-11-27T10:00:00Z');
  await database.db
    .insertInto('countersign.deployment')
    .values({
      id,
      subject_key: id,
      repository_id: 5,
      installation_id: 9,
      owner: 'acme',
      name: 'shop',
      environment: 'production',
      source: 'actions',
      ref: 'main',
      sha: 'a'.repeat(40),
      requester_id: null,
      requester_login: null,
      requester_kind: null,
      requested_at: at,
      github_deployment_id: deploymentId,
      run_id: 11,
      state: 'approved',
      started_sequence: null,
      request_entry: randomUUID(),
      decision_entry: decision,
      started_entry: null,
      finished_entry: null,
      release: null,
      updated_at: at,
    })
    .execute();
  await database.db
    .insertInto('countersign.effect')
    .values({
      key: `answer_protection_rule:${decision}`,
      ordering_key: `deployment:${id}`,
      effect: JSON.stringify({ kind: 'answer_protection_rule', comment: '' }),
      state: answered ? 'done' : 'planned',
      remote_id: null,
      error: null,
      planned_at: at,
      finished_at: null,
    })
    .execute();
  return id;
}

const stateOf = async (id: string) =>
  (
    await database.db
      .selectFrom('countersign.deployment')
      .select('state')
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
  ).state;

const run = (status: string): Scripted => ({ data: { status, conclusion: null } });
const graphqlIsDown = scriptedGitHub({
  rest: { [RUN]: () => run('waiting'), [STATUSES]: () => ({ data: [] }) },
  graphql: () => {
    throw failure(503, 'Service Unavailable');
  },
});

test.each([
  ['a job that GitHub was told may start isn’t held because we can’t see for a while', true, 'approved', 0],
  ['one that it was not told of is', false, 'held', 1],
])('%s', async (_, answered, state, entries) => {
  const id = await approvedJob(answered);
  const before = await listEntries(database.db, { kinds: ['deployment.held'] });
  const pipeline = pipelineOn(database, graphqlIsDown);
  await expect(judgeDeployment(pipeline, { id, delivery: null }, { attempt: 5 })).rejects.toThrow('503');
  expect(await stateOf(id)).toBe(state);
  const after = await listEntries(database.db, { kinds: ['deployment.held'] });
  expect(after.length - before.length).toBe(entries);
});

test('a job that only isn’t named among those that wait is deployed once that has been so for a while', async () => {
  const id = await approvedJob(true, { deploymentId: null });
  const github = scriptedGitHub({
    rest: { [RUN]: () => run('in_progress'), [PENDING]: () => ({ data: [] }) },
  });
  let now = '2026-11-27T10:00:00.000Z';
  const pipeline = pipelineOn(database, github, {
    now: () => now,
    // What it says is nothing to this step; that there is one is.
    targetOf: () => ({}) as unknown as DeployTarget,
  });
  const look = async (data: object) => {
    pipeline.sent.length = 0;
    await judgeDeployment(pipeline, data, { attempt: 1 });
    return pipeline.sent.map(({ queue, startAfterSeconds }) => [queue, startAfterSeconds]);
  };
  expect(await look({ id, delivery: null })).toEqual([['deployment', 30]]);
  expect(pipeline.sent[0]?.data).toEqual({ id, delivery: null, seenStarted: now });
  const again = { id, delivery: null, seenStarted: now };
  now = '2026-11-27T10:00:29.000Z';
  expect(await look(again)).toEqual([['deployment', 30]]);
  now = '2026-11-27T10:00:31.000Z';
  expect(await look(again)).toEqual([['deploy', 0]]);
});
