import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { approve, ask, deployCheck, merge, openChange } from '../../demo/stage/acts.ts';
import { setStage, type Stage } from '../../demo/stage/stage.ts';
import { until, untilCheckRun } from '../../demo/stage/watch.ts';
import { listEntries } from '../../src/ledger/store/read.ts';
import { verifyDatabase } from '../../src/ledger/verify/verify-database.ts';
import { main } from '../../src/main.ts';
import { assertReperformed } from '../support/assert-reperformed.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let dir: string;
let database: TestDatabase;
let stage: Stage;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-live-'));
  database = await createTestDatabase();
  stage = await setStage({
    dir,
    database,
    log: pino({ level: 'silent' }),
    policy: (baseline) => `version: 1
changes:
  branches: [main]
  approvals: { required: 1, from: { teams: [maintainers] } }
environments:
  staging:
    branches: [main]
    baseline: ${baseline}
    deploy: { on: merge, by: { teams: [developers] } }
  production:
    branches: [main]
    baseline: ${baseline}
    deploy: { on: request, by: { teams: [leads] } }
    approvals: { required: 2, from: { teams: [release-managers, maintainers] } }
    lock: { by: { teams: [leads] } }
`,
  });
  await setRule();
}, 90_000);

afterAll(async () => {
  await assertReperformed(database.db);
  await stage.close();
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});

const production = deployCheck('production');

async function setRule(): Promise<void> {
  await stage
    .as('frank')
    .request('POST /repos/{owner}/{repo}/environments/{environment_name}/deployment_protection_rules', {
      owner: stage.owner,
      repo: stage.repo,
      environment_name: 'production',
      integration_id: stage.appId,
    });
}

async function land(branch: string): Promise<string> {
  const files = { 'public/index.html': `<p>${branch}</p>\n` };
  const { number, head } = await openChange(stage, 'alice', { branch, title: branch, files });
  await approve(stage, 'carol', number);
  await untilCheckRun(stage, head, 'countersign/change', (run) => run.conclusion === 'success', 60);
  const sha = await merge(stage, 'carol', number);
  await untilCheckRun(stage, sha, deployCheck('staging'), (run) => run.title.startsWith('Deployed'), 60);
  return sha;
}

const startRun = (environment: string, who: 'dave' | 'alice' = 'dave') =>
  stage.github.actions.startRun(stage.repository, { branch: 'main', actor: stage.people[who], environment });

const kindsOf = async (sha: string, environment: string) =>
  (await listEntries(database.db, { commit: sha, environment }))
    .toReversed()
    .flatMap(({ content }) =>
      content.kind.startsWith('deployment.') ? [`${content.kind} ${content.outcome}`] : [],
    );

test('two approve a job of Actions: one where GitHub asks, the other on our check run', async () => {
  const { github, people, repository } = stage;
  const sha = await land('first');
  const run = await startRun('production');
  await untilCheckRun(stage, sha, production, (seen) => seen.title.startsWith('Held: 2 approvals'), 60);
  github.actions.review(run, people.erin, { state: 'approved', comment: 'go' });
  const held = await untilCheckRun(
    stage,
    sha,
    production,
    (seen) => seen.title.startsWith('Held: 1 more approval') || seen.title.startsWith('Held: 1 approval'),
    60,
  );
  expect(held.conclusion).toBe('action_required');
  // She has been counted.
  github.pressButton(repository, held.id, 'approve', people.erin);
  github.pressButton(repository, held.id, 'approve', people.bob);
  await untilCheckRun(stage, sha, production, (seen) => seen.title.startsWith('Deployed'), 60);
  expect(await stage.served('production', 'public/index.html')).toContain('first');
  github.actions.finish(run, 'success');
}, 150_000);

test('our rule is taken off the environment while a job waits: held, with how to mend it', async () => {
  const { github, people, repository } = stage;
  const sha = await land('second');
  const run = await startRun('production');
  await untilCheckRun(stage, sha, production, (seen) => seen.title.startsWith('Held: 2 approvals'), 60);
  github.setEnvironment(repository, 'production', { reviewers: [people.erin] });
  github.actions.review(run, people.erin, { state: 'approved', comment: 'go' });
  const shown = await untilCheckRun(
    stage,
    sha,
    production,
    (seen) => seen.title.includes('our rule is off'),
    60,
  );
  expect(shown.summary).toContain('turn it on under its deployment protection rules');
  expect(await stage.served('production', 'public/index.html')).toContain('first');
  expect(await kindsOf(sha, 'production')).not.toContain('deployment.approved approved');
}, 150_000);

test('a job on an environment where our rule is off asks nobody: it is found, held, and recorded as it ran', async () => {
  const sha = (await stage.github.tip(stage.repository, 'main')) ?? '';
  const run = await startRun('staging', 'alice');
  const shown = await untilCheckRun(
    stage,
    sha,
    deployCheck('staging'),
    (seen) => seen.summary.includes('our rule is off on this environment, so it never asked'),
    90,
  );
  expect(shown.conclusion).toBe('failure');
  stage.github.actions.finish(run, 'success');
  await until(
    'its end',
    async () => ((await kindsOf(sha, 'staging')).at(-1) === 'deployment.finished success' ? true : null),
    60,
  );
  expect((await kindsOf(sha, 'staging')).slice(-4)).toEqual([
    'deployment.requested actions',
    'deployment.held held',
    'deployment.started bypassed',
    'deployment.finished success',
  ]);
}, 150_000);

test('a job that names an environment with a slip of the pen gets one without rules: it is found, and said', async () => {
  const sha = (await stage.github.tip(stage.repository, 'main')) ?? '';
  await startRun('prodution');
  const shown = await untilCheckRun(
    stage,
    sha,
    deployCheck('prodution'),
    (seen) => seen.summary.includes('that the policy doesn’t know'),
    90,
  );
  expect(shown.conclusion).toBe('failure');
  expect(shown.summary).toContain('did it mean `production`?');
  expect(await kindsOf(sha, 'prodution')).toEqual([
    'deployment.requested actions',
    'deployment.held error',
    'deployment.started bypassed',
  ]);
}, 150_000);

test('a lock that is set after the approval holds, and its removal lets it go', async () => {
  const { github, people, repository } = stage;
  const sha = await land('third');
  const said: string[] = [];
  const write = (text: string) => said.push(text);
  const operator = (...args: readonly string[]) =>
    main(args, { stdout: { write }, stderr: { write }, env: { DATABASE_URL: database.writerUrl } });
  await ask(stage, 'dave', sha);
  const first = await untilCheckRun(
    stage,
    sha,
    production,
    (run) => run.conclusion === 'action_required',
    60,
  );
  expect(await operator('lock', 'acme/shop', 'production', '--why', 'the database is moved')).toBe(0);
  await untilCheckRun(stage, sha, production, (run) => run.summary.includes('the database is moved'), 60);
  github.pressButton(repository, first.id, 'approve', people.erin);
  github.pressButton(repository, first.id, 'approve', people.bob);
  await untilCheckRun(
    stage,
    sha,
    production,
    (run) => run.title.startsWith('Held: production is locked'),
    60,
  );
  expect(await stage.served('production', 'public/index.html')).toContain('first');
  expect(await operator('unlock', 'acme/shop', 'production')).toBe(0);
  await untilCheckRun(stage, sha, production, (run) => run.title.startsWith('Deployed'), 60);
  expect(await stage.served('production', 'public/index.html')).toContain('third');
}, 150_000);

test('all that was recorded verifies', async () => {
  expect((await verifyDatabase(database.db)).findings).toEqual([]);
}, 60_000);
