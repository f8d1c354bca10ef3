/** A guarded branch whose history is rewritten, deleted and made anew, by somebody whom GitHub lets: shown, recorded, and nothing deployed from it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { approve, ask, CHANGE_CHECK, deployCheck, merge, openChange } from '../../demo/stage/acts.ts';
import { setStage, type Stage } from '../../demo/stage/stage.ts';
import { until, untilCheckRun } from '../../demo/stage/watch.ts';
import { listEntries, readDocument } from '../../src/ledger/store/read.ts';
import { assertReperformed } from '../support/assert-reperformed.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const HISTORY = 'countersign/history';

let dir: string;
let database: TestDatabase;
let stage: Stage;
let first: string;
let second: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-e2e-'));
  database = await createTestDatabase();
  stage = await setStage({
    dir,
    database,
    log: pino({ level: 'silent' }),
    policy: (baseline) => `version: 1
changes:
  branches: [main, 'release/*']
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
`,
  });
  await stage.as('frank').rest.repos.updateBranchProtection({
    owner: 'acme',
    repo: 'shop',
    branch: 'main',
    required_status_checks: null,
    enforce_admins: false,
    required_pull_request_reviews: null,
    restrictions: null,
    allow_force_pushes: true,
    allow_deletions: true,
  });
  first = await land('first');
  second = await land('second');
}, 180_000);

afterAll(async () => {
  await stage.close();
  await assertReperformed(database.db);
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});

async function land(branch: string): Promise<string> {
  const files = { 'public/index.html': `<p>${branch}</p>\n` };
  const { number, head } = await openChange(stage, 'alice', { branch, title: branch, files });
  await approve(stage, 'carol', number);
  await untilCheckRun(stage, head, CHANGE_CHECK, (run) => run.conclusion === 'success', 60);
  const sha = await merge(stage, 'carol', number);
  await untilCheckRun(stage, sha, deployCheck('staging'), (run) => run.title.startsWith('Deployed'), 60);
  return sha;
}

const rewrites = async () => (await listEntries(database.db, { kinds: ['history.rewritten'] })).toReversed();

const untilRewrites = (count: number) =>
  until(`${count} rewrites`, async () => {
    const entries = await rewrites();
    return entries.length >= count ? entries : null;
  });

async function pushOf(entry: Awaited<ReturnType<typeof rewrites>>[number] | undefined): Promise<unknown> {
  const document = entry?.content.documents.find(({ name }) => name === 'push');
  const body = document === undefined ? null : await readDocument(database.db, document.commitment);
  return JSON.parse(body?.toString() ?? 'null');
}

test('a force push is recorded with what it took away, fails a check run on the new head, and lets nothing be deployed from it', async () => {
  await stage.github.push(stage.people.frank, stage.repository, [`${first}:refs/heads/main`], {
    force: true,
  });
  const run = await untilCheckRun(stage, first, HISTORY, (seen) => seen.conclusion === 'failure', 60);
  expect(run.title).toBe('History rewritten: frank force-pushed main');
  expect(run.summary).toContain('1 commit that it had is not on it any more');

  const [entry] = await untilRewrites(1);
  expect(entry?.content).toMatchObject({ outcome: 'force_pushed', commit: first });
  expect(entry?.people).toMatchObject([{ role: 'pusher', actor: { login: 'frank' } }]);
  await expect(pushOf(entry)).resolves.toMatchObject({
    branch: 'main',
    before: second,
    after: first,
    lost: { known: true, value: { count: 1, commits: [second] } },
  });

  // Staging runs what main has lost: what isn't after it is another line.
  const evil = await stage.github.commit(stage.people.frank, stage.repository, {
    branch: 'main',
    message: 'another line',
    files: { 'public/index.html': '<p>another line</p>\n' },
  });
  await ask(stage, 'alice', evil, 'staging');
  const title = `Rejected: ${evil.slice(0, 7)} does not contain ${second.slice(0, 7)}, which runs there now`;
  await untilCheckRun(stage, evil, deployCheck('staging'), (seen) => seen.title === title, 60);
  expect(await stage.served('staging', 'public/index.html')).toContain('second');
}, 120_000);

test('pressing Re-run on it shows it again as it was recorded', async () => {
  const run = await untilCheckRun(stage, first, HISTORY, (seen) => seen.conclusion === 'failure');
  const written = async () =>
    (await listEntries(database.db, { kinds: ['effect.finished'], commit: first })).filter(
      ({ content }) => content.outcome === 'check_run.failure',
    ).length;
  const before = await written();
  stage.github.rerequest(stage.repository, run.id, stage.people.frank);
  await until('it is shown again', async () => ((await written()) > before ? true : null));
  expect((await untilCheckRun(stage, first, HISTORY, () => true)).title).toBe(run.title);
  expect(await rewrites()).toHaveLength(1);
}, 60_000);

test('a guarded branch that is deleted, and one that is made anew, are recorded; a new one is not', async () => {
  const { github, people, repository } = stage;
  const known = (await rewrites()).length;
  await github.push(people.frank, repository, [`${first}:refs/heads/release/1`]);
  await github.deleteBranch(people.frank, repository, 'release/1');
  const deleted = (await untilRewrites(known + 1)).at(-1);
  expect(deleted?.content).toMatchObject({ outcome: 'deleted', commit: first });
  await expect(pushOf(deleted)).resolves.toMatchObject({ branch: 'release/1', before: first, lost: null });

  await github.push(people.frank, repository, [`${first}:refs/heads/release/1`]);
  const made = (await untilRewrites(known + 2)).at(-1);
  expect(made?.content).toMatchObject({ outcome: 'recreated', commit: first });
  expect(made?.content.answers).toBe(deleted?.id);
}, 60_000);

test('Re-run of an open change judges again and appends, and “Re-run all” too', async () => {
  const { head, number } = await openChange(stage, 'alice', {
    branch: 'again',
    title: 'again',
    files: { 'a.txt': 'a\n' },
  });
  const run = await untilCheckRun(stage, head, CHANGE_CHECK, (seen) => seen.title.startsWith('Held'), 60);
  const decisions = async () =>
    (await listEntries(database.db, { kinds: ['decision.made'], pullRequest: number })).length;
  await stage.github.deliveries.waitForIdle();
  const before = await decisions();
  stage.github.rerequest(stage.repository, run.id, stage.people.bob);
  await until('another decision', async () => ((await decisions()) === before + 1 ? true : null));
  const suite = stage.repository.suites.find(
    ({ headSha, app }) => headSha === head && app?.id === stage.appId,
  );
  if (suite === undefined) throw new Error('there is no suite');
  await stage.github.rerequestSuite(stage.repository, suite.id, stage.people.bob);
  await until('one more', async () => ((await decisions()) === before + 2 ? true : null));
}, 60_000);
