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
import { assertReperformed } from '../support/assert-reperformed.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let dir: string;
let database: TestDatabase;
let stage: Stage;
let merged: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-e2e-'));
  database = await createTestDatabase();
  stage = await setStage({ dir, database, log: pino({ level: 'silent' }) });
  await stage
    .as('frank')
    .request('POST /repos/{owner}/{repo}/environments/{environment_name}/deployment_protection_rules', {
      owner: stage.owner,
      repo: stage.repo,
      environment_name: 'production',
      integration_id: stage.appId,
    });
  merged = await land('tax', 'Prices with tax.');
}, 90_000);

afterAll(async () => {
  await stage.close();
  await assertReperformed(database.db);
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});

async function land(branch: string, text: string): Promise<string> {
  const opened = await openChange(stage, 'alice', {
    branch,
    title: text,
    files: { 'public/index.html': `<p>${text}</p>\n` },
  });
  await approve(stage, 'carol', opened.number);
  await untilCheckRun(stage, opened.head, 'countersign/change', (run) => run.conclusion === 'success');
  const sha = await merge(stage, 'carol', opened.number);
  await untilCheckRun(stage, sha, deployCheck('staging'), (run) => run.title.startsWith('Deployed'));
  return sha;
}

const production = deployCheck('production');

test('a job of Actions waits for the environment’s reviewer, then for GitHub, and is deployed by us', async () => {
  const { github, people, repository } = stage;
  const run = await github.actions.startRun(repository, {
    branch: 'main',
    actor: people.dave,
    environment: 'production',
  });
  await untilCheckRun(stage, merged, production, (shown) => shown.title.startsWith('Held: 1 approval'));
  expect(await stage.served('production', 'public/index.html')).toBeNull();

  github.actions.review(run, people.erin, { state: 'approved', comment: 'go' });
  await untilCheckRun(stage, merged, production, (shown) => shown.title.startsWith('Deployed'), 60);
  expect(await stage.served('production', 'public/index.html')).toContain('Prices with tax.');
  github.actions.finish(run, 'success');

  const kinds = (await listEntries(database.db, { environment: 'production' }))
    .toReversed()
    .map(({ content }) => content.kind);
  const order = ['requested', 'held', 'reviewed', 'approved', 'started', 'finished'].map(
    (kind) => `deployment.${kind}`,
  );
  expect(kinds.filter((kind) => order.includes(kind))).toEqual(order);
}, 90_000);

test('rejected by that reviewer, it is rejected and nothing is deployed', async () => {
  const { github, people, repository } = stage;
  const sha = await land('round', 'Prices rounded.');
  const run = await github.actions.startRun(repository, {
    branch: 'main',
    actor: people.dave,
    environment: 'production',
  });
  await untilCheckRun(stage, sha, production, (shown) => shown.title.startsWith('Held'));
  github.actions.review(run, people.erin, { state: 'rejected', comment: 'not today' });
  await untilCheckRun(stage, sha, production, (shown) => shown.title.startsWith('Rejected'));
  expect(await stage.served('production', 'public/index.html')).toContain('Prices with tax.');
}, 90_000);

test('asked for by somebody without the role, it is refused and says who may ask', async () => {
  const sha = (await stage.github.tip(stage.repository, 'main')) ?? '';
  await ask(stage, 'alice', sha);
  const run = await untilCheckRun(stage, sha, production, (shown) => shown.summary.includes('alice'));
  expect(run.title).toMatch(/^Rejected/);
  expect(run.summary).toContain('leads');
}, 60_000);

test('Reject on the check run ends it, and GitHub’s deployment says failure', async () => {
  const sha = (await stage.github.tip(stage.repository, 'main')) ?? '';
  const id = await ask(stage, 'dave', sha);
  const run = await untilCheckRun(stage, sha, production, (shown) => shown.conclusion === 'action_required');
  stage.github.pressButton(stage.repository, run.id, 'reject', stage.people.erin);
  await untilCheckRun(
    stage,
    sha,
    production,
    (shown) => shown.title.startsWith('Rejected') && shown.summary.includes('erin'),
  );
  await until('the status', async () => {
    const { data } = await stage
      .as('dave')
      .rest.repos.listDeploymentStatuses({ owner: stage.owner, repo: stage.repo, deployment_id: id });
    return data[0]?.state === 'failure' ? true : null;
  });
}, 60_000);

test('a job that an administrator lets through is recorded as that, and nothing is deployed by us', async () => {
  const { github, people, repository } = stage;
  const sha = await land('bypass', 'Bypassed.');
  const run = await github.actions.startRun(repository, {
    branch: 'main',
    actor: people.dave,
    environment: 'production',
  });
  await untilCheckRun(stage, sha, production, (shown) => shown.title.startsWith('Held'));
  const before = await stage.served('production', 'public/index.html');
  github.actions.bypass(run, people.frank);
  const shown = await untilCheckRun(stage, sha, production, (seen) => seen.conclusion === 'failure', 60);
  expect(shown.summary).toContain('without our approval');
  github.actions.finish(run, 'success');
  await untilCheckRun(
    stage,
    sha,
    production,
    (seen) => seen.summary.includes('without our approval and succeeded'),
    60,
  );
  const entries = await listEntries(database.db, { environment: 'production', commit: sha });
  expect(
    entries
      .toReversed()
      .flatMap(({ content }) =>
        /started|finished/.test(content.kind) ? [`${content.kind} ${content.outcome}`] : [],
      )
      .filter((each) => !each.startsWith('effect')),
  ).toEqual(['deployment.started bypassed', 'deployment.finished success']);
  expect(await stage.served('production', 'public/index.html')).toBe(before);
}, 90_000);

test('what GitHub was told is judged once more before it is told', async () => {
  const { github, people, repository, organization } = stage;
  const sha = await land('late', 'Late.');
  const run = await github.actions.startRun(repository, {
    branch: 'main',
    actor: people.dave,
    environment: 'production',
  });
  await untilCheckRun(stage, sha, production, (shown) => shown.title.startsWith('Held'));
  // GitHub doesn't take our answer at first, and meanwhile whoever asked loses the role, of which nobody tells us.
  github.faults.requests({
    kind: 'unavailable',
    count: 2,
    match: { operation: 'deployment_protection_rule' },
  });
  github.actions.review(run, people.erin, { state: 'approved', comment: 'go' });
  await untilCheckRun(stage, sha, production, (shown) => shown.title.startsWith('Approved'), 60);
  github.faults.lose(10, { event: 'membership' });
  github.removeFromTeam(organization, 'leads', people.dave);
  const shown = await untilCheckRun(stage, sha, production, (seen) => seen.title.startsWith('Rejected'), 60);
  expect(shown.summary).toContain('dave');
  github.addToTeam(organization, 'leads', people.dave);
}, 90_000);

test('all that was recorded verifies, and every call conformed', async () => {
  await stage.github.deliveries.waitForIdle();
  expect((await verifyDatabase(database.db)).findings).toEqual([]);
  expect(stage.github.violations).toEqual([]);
});
