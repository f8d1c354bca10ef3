import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { approve, CHANGE_CHECK, deployCheck, headOf, openChange } from '../../demo/stage/acts.ts';
import { setStage, type Stage } from '../../demo/stage/stage.ts';
import { type SeenCheckRun, until, untilCheckRun } from '../../demo/stage/watch.ts';
import { listEntries } from '../../src/ledger/store/read.ts';
import { assertReperformed } from '../support/assert-reperformed.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const staging = deployCheck('staging');
const succeeded = (run: SeenCheckRun) => run.conclusion === 'success';

let dir: string;
let database: TestDatabase;
let stage: Stage;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-e2e-'));
  database = await createTestDatabase();
  stage = await setStage({ dir, database, log: pino({ level: 'silent' }) });
  // Beside our check, one that the tests answer: so a group waits until they let it land.
  await stage.as('frank').rest.repos.updateBranchProtection({
    owner: 'acme',
    repo: 'shop',
    branch: 'main',
    required_status_checks: {
      strict: false,
      contexts: [],
      checks: [{ context: CHANGE_CHECK, app_id: stage.appId }, { context: 'ci/test' }],
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

async function testedOn(sha: string, state: 'success' | 'failure' = 'success'): Promise<void> {
  const at = { owner: 'acme', repo: 'shop', sha };
  await stage.as('alice').rest.repos.createCommitStatus({ ...at, state, context: 'ci/test' });
}

/** A pull request of two commits that may be queued. */
async function ready(branch: string): Promise<number> {
  const file = `public/${branch}.html`;
  const first = { [file]: `<p>first ${branch}</p>\n` };
  const { number } = await openChange(stage, 'alice', { branch, title: `Add ${branch}`, files: first });
  const head = await stage.github.commit(stage.people.alice, stage.repository, {
    branch,
    files: { [file]: `<p>second ${branch}</p>\n` },
    message: `Second of ${branch}`,
  });
  await testedOn(head);
  await untilCheckRun(stage, head, CHANGE_CHECK, (run) => run.title.startsWith('Held'), 60);
  await approve(stage, 'carol', number);
  await untilCheckRun(stage, head, CHANGE_CHECK, succeeded, 60);
  return number;
}

const add = (number: number) => stage.github.mergeQueue.add(stage.repository, number, stage.people.carol);
const tip = async () => (await stage.github.tip(stage.repository, 'main')) ?? '';

/** The commit that a pull request landed as, once it did. */
const landed = (number: number): Promise<string> =>
  until(`#${number} to land`, async () => {
    const { data } = await stage
      .as('alice')
      .rest.pulls.get({ owner: 'acme', repo: 'shop', pull_number: number });
    return data.merged ? data.merge_commit_sha : null;
  });

const kindsOn = async (commit: string, kinds: Parameters<typeof listEntries>[1]['kinds']) =>
  (await listEntries(database.db, { commit, ...(kinds === undefined ? {} : { kinds }) })).map(
    ({ content }) => content.outcome,
  );

test.each(['merge', 'squash', 'rebase'] as const)(
  'what is queued and lands by %s is judged on the group, recorded as its enqueuer’s merge, traced and deployed',
  async (method) => {
    stage.github.mergeQueue.open(stage.repository, 'main', { method });
    const number = await ready(`one-${method}`);
    const group = await add(number);
    // Ours is there at once, unfinished; then only the other check is waited for.
    const waiting = await untilCheckRun(
      stage,
      group,
      CHANGE_CHECK,
      (run) => run.title.includes('ci/test'),
      60,
    );
    expect([waiting.status, waiting.title]).toEqual(['in_progress', 'Held: ci/test has not been reported']);
    await testedOn(group);
    const run = await untilCheckRun(stage, group, CHANGE_CHECK, succeeded, 60);
    expect(run.title).toBe(`Approved: #${number}, and nothing else is in the group`);
    expect(run.text).toContain('✅ as approved');
    expect(await landed(number)).toBe(group);
    expect(await tip()).toBe(group);
    const deployed = await untilCheckRun(stage, group, staging, (shown) => shown.conclusion !== null, 60);
    expect(deployed.title).toMatch(/^Deployed/);
    expect(await stage.served('staging', `public/one-${method}.html`)).toContain('second');

    const [merged] = await listEntries(database.db, { kinds: ['change.merged'], pullRequest: number });
    expect([merged?.content.outcome, merged?.content.commit]).toEqual(['compliant', group]);
    expect(merged?.people.find(({ role }) => role === 'merger')?.actor?.login).toBe('carol');
    await until('the end of the group', async () =>
      (await kindsOn(group, ['change.queued'])).length === 2 ? true : null,
    );
    expect((await kindsOn(group, ['change.queued'])).toSorted()).toEqual(['checks_requested', 'merged']);
    expect((await kindsOn(group, ['decision.made'])).toSorted()).toEqual(['approved', 'held']);
    expect(await listEntries(database.db, { kinds: ['change.unreviewed'] })).toEqual([]);
  },
  120_000,
);

test.each(['merge', 'squash', 'rebase'] as const)(
  'two that land by %s in one move of the branch are both traced and deployed',
  async (method) => {
    stage.github.mergeQueue.open(stage.repository, 'main', { method, together: 2 });
    const [one, two] = [await ready(`both-${method}-1`), await ready(`both-${method}-2`)];
    const [first, second] = [await add(one), await add(two)];
    for (const group of [first, second]) await testedOn(group);
    const run = await untilCheckRun(stage, second, CHANGE_CHECK, succeeded, 60);
    expect(run.title).toBe(`Approved: #${one} and #${two}, and nothing else is in the group`);
    expect([await landed(one), await landed(two)]).toEqual([first, second]);
    const deployed = await untilCheckRun(stage, second, staging, (shown) => shown.conclusion !== null, 60);
    expect(deployed.title).toMatch(/^Deployed/);
    for (const each of [1, 2])
      expect(await stage.served('staging', `public/both-${method}-${each}.html`)).toContain('second');
    expect(await listEntries(database.db, { kinds: ['change.unreviewed'] })).toEqual([]);
  },
  120_000,
);

test('of two that are queued one loses its approval: what has it in fails, and nothing lands', async () => {
  stage.github.mergeQueue.open(stage.repository, 'main', { method: 'squash', together: 2 });
  const before = await tip();
  const [one, two] = [await ready('loses'), await ready('keeps')];
  const [first, second] = [await add(one), await add(two)];
  for (const group of [first, second])
    await untilCheckRun(stage, group, CHANGE_CHECK, (run) => run.title.includes('ci/test'), 60);
  const at = { owner: 'acme', repo: 'shop', pull_number: one };
  const { data: reviews } = await stage.as('carol').rest.pulls.listReviews(at);
  await stage
    .as('frank')
    .rest.pulls.dismissReview({ ...at, review_id: reviews[0]?.id ?? 0, message: 'Look again' });
  for (const group of [first, second]) {
    const run = await untilCheckRun(stage, group, CHANGE_CHECK, (seen) => seen.conclusion !== null, 60);
    // The second group may have been thrown away with the first before it was judged again.
    if (group === first) expect(run.conclusion).toBe('failure');
    else expect(['failure', 'cancelled']).toContain(run.conclusion);
  }
  const run = await untilCheckRun(stage, first, CHANGE_CHECK, (seen) => seen.conclusion === 'failure');
  expect(run.title).toMatch(new RegExp(`^Held: #${one}: 1 approval of [0-9a-f]{7} is missing`));
  expect(run.summary).toContain('queue it again');
  await until('the queue to throw it out', async () =>
    stage.github.mergeQueue.numbers(stage.repository, 'main').join() === String(two) ? true : null,
  );
  expect(await tip()).toBe(before);
}, 120_000);

test('a pull request of the group’s very commit, which anybody may open, neither throws the group out nor lands with it', async () => {
  stage.github.mergeQueue.open(stage.repository, 'main', { method: 'squash' });
  const number = await ready('watched');
  const group = await add(number);
  await untilCheckRun(stage, group, CHANGE_CHECK, (run) => run.title.includes('ci/test'), 60);
  await stage.github.push(stage.people.dave, stage.repository, [`${group}:refs/heads/copied`]);
  const { data: copied } = await stage
    .as('dave')
    .rest.pulls.create({ owner: 'acme', repo: 'shop', title: 'The same', head: 'copied', base: 'main' });
  expect(copied.head.sha).toBe(group);
  await until('its own verdict', async () => {
    const [own] = await listEntries(database.db, { kinds: ['decision.made'], pullRequest: copied.number });
    return own?.content.outcome === 'held' ? true : null;
  });
  await testedOn(group);
  const run = await untilCheckRun(stage, group, CHANGE_CHECK, succeeded, 60);
  expect(run.title).toBe(`Approved: #${number}, and nothing else is in the group`);
  expect(run.summary).toContain(`[#${copied.number}]`);
  expect(run.summary).toContain('has this group’s commit as the head');
  expect(await landed(number)).toBe(group);
}, 120_000);

test.each([
  ['put onto its head', false, 'came from no pull request|is of no pull request'],
  ['put in the place of its head', true, 'holds other files than merging'],
] as const)(
  'a group with a commit %s is held, and nothing lands',
  async (_, instead, said) => {
    stage.github.mergeQueue.open(stage.repository, 'main', { method: 'merge' });
    const before = await tip();
    const number = await ready(`tampered-${String(instead)}`);
    const files = await stage.github.commit(stage.people.alice, stage.repository, {
      branch: `smuggled-${String(instead)}`,
      from: `tampered-${String(instead)}`,
      files: { 'public/index.html': '<script>evil()</script>\n' },
      message: 'Add more',
    });
    const group = await add(number);
    const tampered = await stage.github.mergeQueue.tamper(stage.repository, number, { files, instead });
    expect(tampered).not.toBe(group);
    await testedOn(tampered);
    const run = await untilCheckRun(stage, tampered, CHANGE_CHECK, (seen) => seen.conclusion !== null, 60);
    expect([run.conclusion, run.title]).toEqual(['failure', expect.stringMatching(new RegExp(said))]);
    const [decision] = await listEntries(database.db, { kinds: ['decision.made'], commit: tampered });
    expect(decision?.content.outcome).toBe('held');
    expect(await tip()).toBe(before);
    expect(await headOf(stage, number)).not.toBe(tampered);
  },
  120_000,
);

test('every call to GitHub conformed', () => {
  expect(stage.github.violations).toEqual([]);
});
