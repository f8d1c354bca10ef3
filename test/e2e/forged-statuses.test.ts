import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import type { GitHub } from '../../demo/github/github.ts';
import { approve, CHANGE_CHECK, deployCheck, merge, openChange } from '../../demo/stage/acts.ts';
import { setStage, type Stage } from '../../demo/stage/stage.ts';
import { untilCheckRun } from '../../demo/stage/watch.ts';
import { listEntries } from '../../src/ledger/store/read.ts';
import { assertReperformed } from '../support/assert-reperformed.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

type Run = Awaited<ReturnType<GitHub['actions']['startRun']>>;

/** Whoever may write to a repository can give any of its deployments any status. None of that is what GitHub did. */
let dir: string;
let database: TestDatabase;
let stage: Stage;
let sha: string;

/** Our rule asks for nobody's approval but in `vault`; GitHub's own reviewer guards each. Only `production` has servers of ours. */
const policy = (baseline: string | null) => `version: 1
mode: enforce
changes:
  branches: [main]
  approvals: { required: 1, from: { teams: [maintainers] } }
environments:
  production: { branches: [main], baseline: ${baseline ?? ''}, deploy: { on: request, by: { teams: [leads] } } }
  qa: { branches: [main], baseline: ${baseline ?? ''}, deploy: { on: request, by: { teams: [leads] } } }
  vault:
    branches: [main]
    baseline: ${baseline ?? ''}
    deploy: { on: request, by: { teams: [leads] } }
    approvals: { required: 1, from: environment }
`;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-e2e-'));
  database = await createTestDatabase();
  stage = await setStage({ dir, database, log: pino({ level: 'silent' }), policy });
  const { github, repository, people } = stage;
  const app = [...github.world.state.apps.values()].find(({ id }) => id === stage.appId);
  for (const environment of ['production', 'qa', 'vault'])
    github.setEnvironment(repository, environment, {
      reviewers: [people.erin],
      rules: app === undefined ? [] : [app],
    });
  const { number, head } = await openChange(stage, 'alice', {
    branch: 'tax',
    title: 'Prices with tax',
    files: { 'public/index.html': 'tax\n' },
  });
  await approve(stage, 'carol', number);
  await untilCheckRun(stage, head, CHANGE_CHECK, (run) => run.conclusion === 'success');
  sha = await merge(stage, 'carol', number);
}, 90_000);

afterAll(async () => {
  await stage.close();
  await assertReperformed(database.db);
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});

async function start(environment: string, shown: string): Promise<Run> {
  const { github, people, repository } = stage;
  const run = await github.actions.startRun(repository, { branch: 'main', actor: people.dave, environment });
  await untilCheckRun(stage, sha, deployCheck(environment), (seen) => seen.title.startsWith(shown), 60);
  return run;
}

/** alice only writes code: she neither reviews the environment nor administers anything. What it sets off has three seconds. */
async function forge(run: Run, state: 'in_progress' | 'success'): Promise<void> {
  const deployment_id = run.jobs[0]?.deployment.id ?? 0;
  const at = { owner: stage.owner, repo: stage.repo, deployment_id };
  await stage.as('alice').rest.repos.createDeploymentStatus({ ...at, state });
  await stage.github.deliveries.waitForIdle();
  await sleep(3000);
}

const outcomes = async (environment: string) =>
  (await listEntries(database.db, { environment }))
    .toReversed()
    .map(({ content }) => `${content.kind} ${content.outcome}`)
    .filter((each) => /^deployment\.(started|finished|rejected)/.test(each));

const review = (run: Run) =>
  stage.github.actions.review(run, stage.people.erin, { state: 'approved', comment: 'go' });

test('that a job runs, which still waits for GitHub’s own reviewer, deploys nothing', async () => {
  const run = await start('production', 'Approved');
  await forge(run, 'in_progress');
  await forge(run, 'success');
  expect(run.jobs[0]?.status).toBe('waiting');
  expect(await stage.served('production', 'public/index.html')).toBeNull();
  expect(await outcomes('production')).toEqual([]);

  review(run);
  await untilCheckRun(stage, sha, deployCheck('production'), (seen) => seen.title.startsWith('Deployed'), 60);
  expect(await stage.served('production', 'public/index.html')).toBe('tax\n');
}, 120_000);

test('that a workflow deployed well is no outcome: the job’s own end is', async () => {
  const run = await start('qa', 'Approved');
  await forge(run, 'success');
  expect(await outcomes('qa')).toEqual([]);
  review(run);
  await untilCheckRun(stage, sha, deployCheck('qa'), (seen) => seen.title.startsWith('Deploying'), 60);
  await forge(run, 'success');
  expect(await outcomes('qa')).toEqual(['deployment.started by_actions']);
  stage.github.actions.finish(run, 'failure');
  await untilCheckRun(stage, sha, deployCheck('qa'), (seen) => seen.conclusion === 'failure', 60);
  expect(await outcomes('qa')).toEqual(['deployment.started by_actions', 'deployment.finished failure']);
}, 120_000);

test('that a held job runs makes no record of a bypass, and the job goes on once it is approved', async () => {
  const run = await start('vault', 'Held');
  await forge(run, 'in_progress');
  expect(await outcomes('vault')).toEqual([]);
  review(run);
  await untilCheckRun(stage, sha, deployCheck('vault'), (seen) => seen.title.startsWith('Deploying'), 60);
  expect(await outcomes('vault')).toEqual(['deployment.started by_actions']);
}, 120_000);

test('every call to GitHub conformed', () => {
  expect(stage.github.violations).toEqual([]);
});
