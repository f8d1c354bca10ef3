import { setTimeout as sleep } from 'node:timers/promises';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { approve, CHANGE_CHECK, deployCheck, headOf, merge, openChange } from '../../demo/stage/acts.ts';
import { setStage, type Stage } from '../../demo/stage/stage.ts';
import { type SeenCheckRun, untilCheckRun } from '../../demo/stage/watch.ts';
import { listEntries } from '../../src/ledger/store/read.ts';
import { assertReperformed } from '../support/assert-reperformed.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const staging = deployCheck('staging');
const succeeded = (run: SeenCheckRun) => run.conclusion === 'success';
const isHeld = (run: SeenCheckRun) => run.title.startsWith('Held');
const finished = (run: SeenCheckRun) => run.conclusion !== null;
const at = { owner: 'acme', repo: 'shop' };

let dir: string;
let database: TestDatabase;
let stage: Stage;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-e2e-'));
  database = await createTestDatabase();
  stage = await setStage({ dir, database, log: pino({ level: 'silent' }) });
  // GitHub dismisses no approval here: what one is worth after a push is ours to tell.
  await stage.as('frank').rest.repos.updateBranchProtection({
    ...at,
    branch: 'main',
    required_status_checks: {
      strict: false,
      contexts: [],
      checks: [{ context: CHANGE_CHECK, app_id: stage.appId }],
    },
    enforce_admins: false,
    required_pull_request_reviews: { required_approving_review_count: 1, dismiss_stale_reviews: false },
    restrictions: null,
    allow_force_pushes: false,
    allow_deletions: false,
  });
}, 60_000);

afterAll(async () => {
  await stage.close();
  await assertReperformed(database.db);
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});

/** A pull request of alice's that carol approved. */
async function approved(branch: string): Promise<number> {
  const files = { [`public/${branch}.html`]: `<p>${branch}</p>\n` };
  const { number, head } = await openChange(stage, 'alice', { branch, title: `Add ${branch}`, files });
  await untilCheckRun(stage, head, CHANGE_CHECK, isHeld, 60);
  await approve(stage, 'carol', number);
  await untilCheckRun(stage, head, CHANGE_CHECK, succeeded, 60);
  return number;
}

/** Something else is approved, lands on main, and runs on staging. */
async function mainMoves(branch: string): Promise<string> {
  const sha = await merge(stage, 'carol', await approved(branch));
  await untilCheckRun(stage, sha, staging, finished, 60);
  return sha;
}

const outcomes = async (kind: 'change.merged' | 'change.altered' | 'change.unreviewed', commit: string) =>
  (await listEntries(database.db, { kinds: [kind], commit })).map(({ content }) => content.outcome);

test.each(['squash', 'merge'] as const)(
  'an approval is kept over clean merges of main, and what lands then by %s is deployed',
  async (method) => {
    const number = await approved(`updated-${method}`);
    const seen = await headOf(stage, number);
    for (const each of [1, 2]) {
      await mainMoves(`moves-${method}-${each}`);
      await stage.github.updateBranch(stage.repository, number, stage.people.alice);
    }
    const head = await headOf(stage, number);
    expect(head).not.toBe(seen);
    const run = await untilCheckRun(stage, head, CHANGE_CHECK, succeeded, 60);
    expect(run.text).toContain('given before the base was merged in, and nothing else since');
    expect(run.text).toContain(seen.slice(0, 7));
    const sha = await merge(stage, 'carol', number, method);
    const deployed = await untilCheckRun(stage, sha, staging, finished, 60);
    expect(deployed.title).toMatch(/^Deployed/);
    expect(await outcomes('change.merged', sha)).toEqual(['compliant']);
  },
  180_000,
);

test('who approved and is asked again is said to be asked, and counts until they say otherwise', async () => {
  const number = await approved('asked-again');
  const head = await headOf(stage, number);
  const at = { owner: 'acme', repo: 'shop', pull_number: number };
  await stage.as('frank').rest.pulls.requestReviewers({ ...at, reviewers: ['carol'] });
  const asked = await untilCheckRun(
    stage,
    head,
    CHANGE_CHECK,
    (run) => run.summary.includes('was asked to review again'),
    60,
  );
  expect(asked.conclusion).toBe('success');
  await stage.as('carol').rest.pulls.createReview({ ...at, event: 'REQUEST_CHANGES', body: 'Not so' });
  await untilCheckRun(stage, head, CHANGE_CHECK, (run) => run.conclusion === 'failure' || isHeld(run), 60);
}, 120_000);

test('an approval is not kept over a merge of main with something put into it', async () => {
  const number = await approved('smuggled');
  const seen = await headOf(stage, number);
  await mainMoves('moves-on');
  // Made at alice's desk: main merged in as it should be, and one file more.
  const clean = await stage.github.updateBranch(stage.repository, number, stage.people.alice);
  await untilCheckRun(stage, clean, CHANGE_CHECK, succeeded, 60);
  const files = await stage.github.commit(stage.people.alice, stage.repository, {
    branch: 'desk',
    from: 'smuggled',
    files: { 'public/index.html': '<script>evil()</script>\n' },
    message: 'Try something',
  });
  await mainMoves('moves-further');
  const evil = await stage.github.updateBranch(stage.repository, number, stage.people.alice, { files });
  const run = await untilCheckRun(stage, evil, CHANGE_CHECK, isHeld, 60);
  expect(run.title).toMatch(/^Held: 1 approval of [0-9a-f]{7} is missing/);
  expect(run.text).toContain(
    `given on ${seen.slice(0, 7)}, before the merge ${evil.slice(0, 7)}, which holds other files than it should`,
  );
  await approve(stage, 'carol', number);
  await untilCheckRun(stage, evil, CHANGE_CHECK, succeeded, 60);
}, 180_000);

test('an approval is not kept over a merge of another branch than main', async () => {
  const number = await approved('sideways');
  const { bob } = stage.people;
  await stage.github.commit(bob, stage.repository, {
    branch: 'aside',
    from: 'main',
    files: { 'public/aside.html': '<p>aside</p>\n' },
    message: 'Look elsewhere',
  });
  const pull = { ...at, pull_number: number };
  // Into a branch that nobody guards and back: only what was merged in the meantime stays.
  await stage.as('alice').rest.pulls.update({ ...pull, base: 'aside' });
  const head = await stage.github.updateBranch(stage.repository, number, stage.people.alice);
  await stage.as('alice').rest.pulls.update({ ...pull, base: 'main' });
  const run = await untilCheckRun(
    stage,
    head,
    CHANGE_CHECK,
    (shown) => isHeld(shown) && (shown.text ?? '').includes('merged in what is not on the base'),
    60,
  );
  expect(run.conclusion).not.toBe('success');
}, 120_000);

test('an approval is not kept where the pull request was pointed at another base and back', async () => {
  const number = await approved('retargeted');
  const head = await headOf(stage, number);
  const pull = { ...at, pull_number: number };
  await stage.github.push(stage.people.bob, stage.repository, [
    `${(await stage.github.tip(stage.repository, 'main')) ?? ''}:refs/heads/elsewhere`,
  ]);
  await stage.as('alice').rest.pulls.update({ ...pull, base: 'elsewhere' });
  await stage.as('alice').rest.pulls.update({ ...pull, base: 'main' });
  const run = await untilCheckRun(stage, head, CHANGE_CHECK, isHeld, 60);
  expect(run.text).toContain('given before the base changed: approve again');
  // GitHub tells times to the second, and in the same one anything may have come first.
  await sleep(1_100);
  await approve(stage, 'carol', number);
  await untilCheckRun(stage, head, CHANGE_CHECK, succeeded, 60);
}, 120_000);

test('a pull request from a fork is approved once its head was pushed while it was open, and what lands of it is deployed', async () => {
  const { alice } = stage.people;
  const fork = await stage.github.fork(stage.repository, alice);
  const files = { 'public/from-afar.html': '<p>from afar</p>\n' };
  const branch = 'from-afar';
  const first = await stage.github.commit(alice, fork, { branch, files, message: 'From afar' });
  const opened = { ...at, title: 'Add something from afar', head: `alice:${branch}`, base: 'main' };
  const { number } = (await stage.as('alice').rest.pulls.create(opened)).data;
  const run = await untilCheckRun(stage, first, CHANGE_CHECK, isHeld, 60);
  expect(run.summary).toContain('Who pushed the commits is not known');
  const from = (await stage.github.tip(stage.repository, 'main')) ?? '';
  const anew = await stage.github.commit(alice, fork, {
    branch,
    from,
    files,
    message: 'From afar, anew',
    force: true,
  });
  await untilCheckRun(stage, anew, CHANGE_CHECK, isHeld, 60);
  await approve(stage, 'carol', number);
  await untilCheckRun(stage, anew, CHANGE_CHECK, succeeded, 60);
  const sha = await merge(stage, 'carol', number);
  const deployed = await untilCheckRun(stage, sha, staging, finished, 60);
  expect(deployed.title).toMatch(/^Deployed/);
  expect(await outcomes('change.merged', sha)).toEqual(['compliant']);
}, 120_000);

test('what landed and is not what was approved has a record of its own, and is not deployed', async () => {
  const number = await approved('altered');
  const files = await stage.github.commit(stage.people.bob, stage.repository, {
    branch: 'other-files',
    from: 'altered',
    files: { 'public/altered.html': '<script>evil()</script>\n' },
    message: 'Something else',
  });
  stage.github.alterLanding(stage.repository, number, files);
  const sha = await merge(stage, 'carol', number);
  const run = await untilCheckRun(stage, sha, CHANGE_CHECK, (shown) => shown.conclusion === 'failure', 60);
  expect(run.title).toBe(`Not what was approved: ${sha.slice(0, 7)} on main differs from #${number}`);
  const held = await untilCheckRun(stage, sha, staging, isHeld, 60);
  expect(held.title).toContain(`commit ${sha.slice(0, 7)} holds other files than merging #${number} makes`);
  expect(await outcomes('change.altered', sha)).toEqual(['differs']);
  expect(await outcomes('change.merged', sha)).toEqual(['not_compliant']);
  expect(await outcomes('change.unreviewed', sha)).toEqual([]);
  const [altered] = await listEntries(database.db, { kinds: ['change.altered'], commit: sha });
  expect(altered?.content.reasons).toEqual(['landing_differs']);
  const [merged] = await listEntries(database.db, { kinds: ['change.merged'], commit: sha });
  expect(altered?.content.answers).toBe(merged?.id);
  expect(merged?.content.reasons).toContain('landing_differs');

  // And so is whatever comes on top of it.
  const next = await merge(stage, 'carol', await approved('after-it'));
  const later = await untilCheckRun(stage, next, staging, isHeld, 60);
  expect(later.title).toContain(`commit ${sha.slice(0, 7)} holds other files`);
  expect(await stage.served('staging', 'public/altered.html')).toBeNull();
}, 180_000);

test('every call to GitHub conformed', () => {
  expect(stage.github.violations).toEqual([]);
});
