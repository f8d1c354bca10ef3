import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { DeployTarget } from '../../../../src/pipeline/pipeline.ts';
import { listEntries } from '../../../../src/ledger/store/read.ts';
import { judgeDeployment } from '../../../../src/pipeline/deployment/judge-deployment.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts';
import { pipelineOn } from '../../../support/pipeline.ts';
import { failure, scriptedGitHub, type Scripted } from '../../../unit/facts/scripted-github.ts';

const RUN = 'GET /repos/{owner}/{repo}/actions/runs/{run_id}';
const STATUSES = 'GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses';
const CHECKS = 'GET /repos/{owner}/{repo}/commits/{ref}/check-runs';
const PENDING = 'GET /repos/{owner}/{repo}/actions/runs/{run_id}/pending_deployments';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** A deployment to production that waits. Answers its id. */
async function wanted(over: {
  readonly source: 'actions' | 'api';
  readonly state: 'requested' | 'approved';
  readonly githubDeploymentId: number | null;
  readonly runId: number | null;
  readonly decision: string | null;
}): Promise<string> {
  const id = randomUUID();
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
      source: over.source,
      ref: 'main',
      sha: 'a'.repeat(40),
      requester_id: null,
      requester_login: null,
      requester_kind: null,
      requested_at: at,
      github_deployment_id: over.githubDeploymentId,
      run_id: over.runId,
      state: over.state,
      started_sequence: null,
      request_entry: randomUUID(),
      decision_entry: over.decision,
      started_entry: null,
      finished_entry: null,
      release: null,
      updated_at: at,
    })
    .execute();
  return id;
}

const at = new Date('2026-11-27T10:00:00Z');

/** An approved job of Actions; `answered` or not. Answers its id. */
async function approvedJob(answered: boolean, githubDeploymentId: number | null = 3): Promise<string> {
  const decision = randomUUID();
  const id = await wanted({ source: 'actions', state: 'approved', githubDeploymentId, runId: 11, decision });
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
  rest: {
    [RUN]: () => run('waiting'),
    [STATUSES]: () => ({ data: [] }),
    [PENDING]: () => ({ data: [{ environment: { name: 'production' } }] }),
    [CHECKS]: () => ({ data: { total_count: 0, check_runs: [] } }),
  },
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
  const id = await approvedJob(true, null);
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

const shop = (text: string | null, branch = 'main') =>
  scriptedGitHub({
    graphql: (operation) => {
      const oid = 'b'.repeat(40);
      if (operation !== 'TrunkPolicy') throw new Error(`nobody asks for ${operation}`);
      const object = { byteSize: 9, isBinary: false, isTruncated: false, text };
      const file = text === null ? null : { mode: 0o100644, type: 'blob', object };
      const defaultBranchRef = { name: branch, target: { oid, file } };
      const account = { owner: { id: 'O_acme', login: 'acme' } };
      const told = { databaseId: 5, visibility: 'PRIVATE', defaultBranchRef };
      return { repository: told, account, baseline: null };
    },
  });

const byApi = {
  source: 'api',
  state: 'requested',
  githubDeploymentId: 4,
  runId: null,
  decision: null,
} as const;

test.each<[string, string | null, boolean, string, string[]]>([
  ['without a policy nothing is shown on another integration’s deployment', null, false, 'rejected', []],
  ['what we have a target for holds loudly', null, true, 'held', ['check_run', 'deployment_status']],
  ['so does a policy that can’t be read', 'version: 7\n', false, 'held', ['check_run', 'deployment_status']],
])('%s', async (_, policy, hasTarget, state, effects) => {
  const id = await wanted(byApi);
  const github = shop(policy);
  const targetOf = () => (hasTarget ? ({} as unknown as DeployTarget) : null);
  await judgeDeployment(pipelineOn(database, github, { targetOf }), { id, delivery: null }, { attempt: 1 });
  expect(await stateOf(id)).toBe(state);
  const row = await database.db
    .selectFrom('countersign.deployment')
    .select('decision_entry')
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  const planned = await database.db
    .selectFrom('countersign.effect')
    .select('key')
    .where('key', 'like', `%:${row.decision_entry ?? '-'}`)
    .execute();
  expect(planned.map(({ key }) => key.split(':')[0] ?? '').toSorted()).toEqual(effects);
  // The policy alone decides: nothing else was asked for.
  expect(github.asked).toEqual(['TrunkPolicy']);
});

test('what no policy names ends there, and is not looked at again', async () => {
  const id = await wanted(byApi);
  const text = `version: 1\nchanges:\n  branches: [main]\n  approvals: { required: 1, from: { users: [bob] } }\n`;
  await judgeDeployment(pipelineOn(database, shop(text)), { id, delivery: null }, { attempt: 1 });
  expect(await stateOf(id)).toBe('rejected');
});
