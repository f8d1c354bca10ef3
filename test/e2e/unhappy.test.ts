import { createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { approve, deployCheck, merge, openChange, type Opened } from '../../demo/stage/acts.ts';
import { setStage, type Stage } from '../../demo/stage/stage.ts';
import { seeCheckRun, untilCheckRun } from '../../demo/stage/watch.ts';
import { listEntries } from '../../src/ledger/store/read.ts';
import { verifyDatabase } from '../../src/ledger/verify/verify-database.ts';
import { assertReperformed } from '../support/assert-reperformed.ts';
import { createTestDatabase, query, type TestDatabase } from '../support/database.ts';

const CHANGE = 'countersign/change';
const staging = deployCheck('staging');
let dir: string;
let database: TestDatabase;
let stage: Stage;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-e2e-'));
  database = await createTestDatabase();
  stage = await setStage({
    dir,
    database,
    log: pino({ level: 'silent' }),
    commands: { health: '! grep -q broken public/index.html' },
  });
}, 60_000);

afterAll(async () => {
  await stage.close();
  await assertReperformed(database.db);
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});

const open = (branch: string, text: string): Promise<Opened> =>
  openChange(stage, 'alice', { branch, title: text, files: { 'public/index.html': `<p>${text}</p>\n` } });

const nap = (milliseconds: number) =>
  new Promise<void>((resolve) => {
    setTimeout(resolve, milliseconds);
  });

/** GitHub tells times to the second. */
const nextSecond = () => nap(1_100);

async function land(branch: string, text: string): Promise<string> {
  const { number, head } = await open(branch, text);
  await approve(stage, 'carol', number);
  await untilCheckRun(stage, head, CHANGE, (run) => run.conclusion === 'success', 60);
  return merge(stage, 'carol', number);
}

test('deliveries that come twice and out of order, and a GitHub that fails in between, leave one of everything', async () => {
  const { faults, deliveries } = stage.github;
  faults.duplicate(200);
  faults.reorder(4);
  for (const operation of [
    'POST /repos/{owner}/{repo}/check-runs',
    'POST /repos/{owner}/{repo}/deployments',
  ]) {
    faults.requests({ kind: 'error', count: 1, match: { operation }, afterDoing: true });
  }
  faults.requests({ kind: 'unavailable', count: 3, match: { operation: 'graphql' } });
  faults.requests({ kind: 'reset', count: 2, match: { operation: 'rules/branches' } });
  const sha = await land('one', 'one');
  await untilCheckRun(stage, sha, staging, (run) => run.title.startsWith('Deployed'), 90);
  faults.clear();
  await deliveries.waitForIdle();
  for (const kind of [
    'change.merged',
    'deployment.requested',
    'deployment.started',
    'deployment.finished',
  ] as const) {
    expect([kind, (await listEntries(database.db, { kinds: [kind] })).length]).toEqual([kind, 1]);
  }
  const at = { owner: stage.owner, repo: stage.repo };
  const { data: runs } = await stage.as('alice').rest.checks.listForRef({ ...at, ref: sha, filter: 'all' });
  expect(runs.check_runs.map(({ name }) => name)).toEqual([staging]);
  const { data: deployments } = await stage
    .as('alice')
    .rest.repos.listDeployments({ ...at, environment: 'staging' });
  expect(deployments).toHaveLength(1);
}, 150_000);

test('a change that GitHub tells nothing of any more doesn’t stay approved', async () => {
  const { number, head } = await open('unseen', 'unseen');
  await approve(stage, 'carol', number);
  await untilCheckRun(stage, head, CHANGE, (run) => run.conclusion === 'success', 60);
  stage.github.faults.requests({ kind: 'unavailable', count: 1_000, match: { operation: 'graphql' } });
  const at = { owner: stage.owner, repo: stage.repo, pull_number: number };
  await stage.as('dave').rest.pulls.createReview({ ...at, event: 'COMMENT', body: 'Hm' });
  const unread = await untilCheckRun(stage, head, CHANGE, (run) => run.conclusion !== 'success', 60);
  expect(unread).toMatchObject({ conclusion: 'failure' });
  expect(unread.title).toMatch(/^Error: GitHub answered 503/);
  stage.github.faults.clear();
  await stage.as('dave').rest.pulls.createReview({ ...at, event: 'COMMENT', body: 'Better' });
  await untilCheckRun(stage, head, CHANGE, (run) => run.conclusion === 'success', 60);
}, 150_000);

test('an unhealthy release is switched back, and what ran before still runs', async () => {
  const sha = await land('two', 'broken');
  const run = await untilCheckRun(stage, sha, staging, (shown) => shown.conclusion === 'failure', 60);
  expect(run.title).toContain('health');
  expect(await stage.served('staging', 'public/index.html')).toContain('one');
  const [finished] = await listEntries(database.db, { kinds: ['deployment.finished'] });
  expect(finished?.content.outcome).toBe('failure');
  expect(run.summary).toMatch(/\*\*Rolled back\*\* on 1 host, since .* was not well at/);
  const [back, ...more] = await listEntries(database.db, { kinds: ['deployment.rolledback'] });
  expect([back?.content, more]).toMatchObject([
    {
      outcome: 'complete',
      commit: sha,
      environment: 'staging',
      answers: finished?.content.answers,
      hosts: finished?.content.hosts,
      documents: [{ name: 'rollback' }],
    },
    [],
  ]);
  // Recorded before the outcome.
  expect(back?.index).toBe((finished?.index ?? 0) - 1);
}, 90_000);

test('an approval doesn’t outlive the commit that it was given on', async () => {
  const { number, head } = await open('three', 'three');
  await approve(stage, 'carol', number);
  await untilCheckRun(stage, head, CHANGE, (run) => run.conclusion === 'success');
  const next = await stage.github.commit(stage.people.alice, stage.repository, {
    branch: 'three',
    files: { 'public/index.html': '<p>four</p>\n' },
    message: 'four',
  });
  const run = await untilCheckRun(stage, next, CHANGE, (shown) => shown.title.startsWith('Held'));
  expect(run.title).toContain(next.slice(0, 7));
  expect(run.conclusion).not.toBe('success');
}, 60_000);

test('an approval doesn’t outlive the base that it was given against', async () => {
  const { github, people, repository, owner, repo } = stage;
  const files = { 'public/evil.html': '<p>Nobody looked at this</p>\n' };
  await github.commit(people.alice, repository, { branch: 'hidden', from: 'main', message: 'Hidden', files });
  const head = await github.commit(people.alice, repository, {
    branch: 'shown',
    from: 'hidden',
    message: 'Shown',
    files: { 'public/shown.html': '<p>Fine</p>\n' },
  });
  const alice = stage.as('alice').rest.pulls;
  const { data } = await alice.create({ owner, repo, title: 'Shown', head: 'shown', base: 'hidden' });
  await approve(stage, 'carol', data.number);
  await nextSecond();
  await alice.update({ owner, repo, pull_number: data.number, base: 'main' });
  const held = await untilCheckRun(stage, head, CHANGE, (shown) => shown.title.startsWith('Held'));
  expect(held.summary).toContain('another base than this `main`');
  await nextSecond();
  await approve(stage, 'carol', data.number);
  await untilCheckRun(stage, head, CHANGE, (run) => run.conclusion === 'success');
}, 60_000);

test('a review that is taken back at once is recorded as given and as taken back, by whom', async () => {
  const { number } = await open('taken-back', 'taken back');
  const at = { owner: stage.owner, repo: stage.repo, pull_number: number };
  const { data: review } = await stage.as('carol').rest.pulls.createReview({ ...at, event: 'APPROVE' });
  const dismiss = { ...at, review_id: review.id, message: 'Not yet', event: 'DISMISS' } as const;
  await stage.as('frank').rest.pulls.dismissReview(dismiss);
  await stage.github.deliveries.waitForIdle();
  const reviewed = () => listEntries(database.db, { kinds: ['change.reviewed'], pullRequest: number });
  const dismissal = async () =>
    (await reviewed()).find(({ people }) => people.some(({ role }) => role === 'dismisser'));
  const approval = async () => (await reviewed()).find(({ content }) => content.outcome === 'approved');
  const both = async () => [await approval(), await dismissal()];
  for (let waited = 0; waited < 200 && (await both()).includes(undefined); waited += 1) await nap(50);
  // Whichever delivery is handled first, the other's entry leads to it.
  const [given, taken] = await both();
  expect(taken?.content.outcome).toBe('dismissed');
  expect([given?.content.answers ?? null, taken?.content.answers ?? null]).not.toEqual([null, null]);
  expect(taken?.people.map(({ role, actor }) => [role, actor?.login])).toEqual([
    ['reviewer', 'carol'],
    ['dismisser', 'frank'],
  ]);
}, 60_000);

test('an approval that comes after the merge doesn’t make the merge compliant', async () => {
  const { number } = await open('late', 'late');
  // Nobody reads the merge before the approval is there.
  stage.github.faults.requests({ kind: 'unavailable', count: 1_000, match: { operation: 'graphql' } });
  const sha = await merge(stage, 'frank', number);
  await nextSecond();
  await approve(stage, 'carol', number);
  await stage.github.deliveries.waitForIdle();
  stage.github.faults.clear();
  const mergesOf = () => listEntries(database.db, { kinds: ['change.merged'], commit: sha });
  for (let waited = 0; waited < 600 && (await mergesOf()).length === 0; waited += 1) await nap(50);
  const [merged] = await mergesOf();
  expect(merged?.content.outcome).toBe('not_compliant');
  expect(merged?.people.map(({ role, actor }) => [role, actor?.login])).toEqual([
    ['merger', 'frank'],
    ['author', 'alice'],
  ]);
}, 60_000);

test('a commit whose e-mail belongs to nobody holds', async () => {
  const { number, head } = await openChange(stage, 'alice', {
    branch: 'five',
    title: 'five',
    files: { 'public/index.html': '<p>five</p>\n' },
    author: { name: 'Somebody', email: 'somebody@elsewhere.example' },
  });
  await approve(stage, 'carol', number);
  const run = await untilCheckRun(stage, head, CHANGE, (shown) =>
    shown.summary.includes('no GitHub account'),
  );
  expect(run.title).toMatch(/^Held/);
}, 60_000);

test('a second pull request with the same head into an unguarded branch doesn’t open the guarded one', async () => {
  const { head } = await open('six', 'six');
  await untilCheckRun(stage, head, CHANGE, (shown) => shown.title.startsWith('Held'));
  const at = { owner: stage.owner, repo: stage.repo };
  const before = (await listEntries(database.db, { kinds: ['decision.made'], commit: head })).length;
  await stage.github.commit(stage.people.alice, stage.repository, {
    branch: 'scratch',
    from: 'main',
    files: { 'notes.txt': 'scratch\n' },
    message: 'Begin a scratch branch',
  });
  await stage.as('alice').rest.pulls.create({ ...at, title: 'the same again', head: 'six', base: 'scratch' });
  await untilCheckRun(stage, head, CHANGE, (shown) => shown.title.startsWith('Held'));
  const judged = async (): Promise<boolean> =>
    (await listEntries(database.db, { kinds: ['decision.made'], commit: head })).length > before;
  for (let waited = 0; waited < 100 && !(await judged()); waited += 1) {
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
  expect(await judged()).toBe(true);
  await stage.github.deliveries.waitForIdle();
  expect((await seeCheckRun(stage, head, CHANGE))?.title).toMatch(/^Held/);
}, 60_000);

test('a delivery with a wrong signature is refused and not stored; an unknown event is stored and does nothing', async () => {
  const body = JSON.stringify({ action: 'appeared', zen: 'new' });
  const post = async (guid: string, signature: string): Promise<number> => {
    const answer = await fetch(`${stage.app.url}/api/github/webhooks`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-github-event': 'something_new',
        'x-github-delivery': guid,
        'x-hub-signature-256': signature,
      },
      body,
    });
    return answer.status;
  };
  const stored = async (guid: string): Promise<number> =>
    (await query(database.readerUrl, 'SELECT FROM countersign.delivery WHERE guid = $1', [guid])).length;
  const [forged, unknown] = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'];
  expect(await post(forged, signature('not the secret at all', body))).toBe(401);
  expect(await stored(forged)).toBe(0);
  expect(await post(unknown, signature(stage.webhookSecret, body))).toBe(202);
  expect(await stored(unknown)).toBe(1);
});

const signature = (secret: string, body: string): string =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;

test('all that was recorded verifies, and every call conformed', async () => {
  expect((await verifyDatabase(database.db)).findings).toEqual([]);
  expect(stage.github.violations).toEqual([]);
});
