import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { approve, ask, deployCheck, merge, openChange } from '../../demo/stage/acts.ts';
import { shopPolicy } from '../../demo/stage/policy.ts';
import { setStage, type Stage } from '../../demo/stage/stage.ts';
import { seeCheckRun, until, untilCheckRun } from '../../demo/stage/watch.ts';
import { listEntries } from '../../src/ledger/store/read.ts';
import { assertReperformed } from '../support/assert-reperformed.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { forgeCommit } from '../support/github/forge-commit.ts';

const CHANGE = 'countersign/change';
const FILE = '.github/countersign.yml';
const staging = deployCheck('staging');
const production = deployCheck('production');
const at = { owner: 'acme', repo: 'shop' } as const;

let dir: string;
let database: TestDatabase;
let stage: Stage;
let policy: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-e2e-'));
  database = await createTestDatabase();
  stage = await setStage({
    dir,
    database,
    log: pino({ level: 'silent' }),
    patience: { attempts: 1, seconds: 1 },
    policy: (baseline) => (policy = shopPolicy(baseline)),
  });
  await outcome('adopted');
}, 60_000);

afterEach(async () => {
  await stage.github.deliveries.waitForIdle();
});

afterAll(async () => {
  await stage.close();
  await assertReperformed(database.db);
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});

/** Waits until the newest version of the policy on main stands so, and answers its entry. */
const outcome = (expected: string, commit?: string) =>
  until(`a policy that is ${expected}`, async () => {
    const [newest] = await listEntries(database.db, { kinds: ['policy.changed'], limit: 1 });
    const { content } = newest ?? {};
    return content?.outcome === expected && content.commit === (commit ?? content.commit) ? content : null;
  });

/** One more comment line: the same policy in other words. */
const reworded = (word: string) => `# ${word}\n${policy}`;

async function approvedChange(branch: string, text: string): Promise<number> {
  const files = { [FILE]: text, [`docs/${branch}.md`]: `${branch}\n` };
  const { number, head } = await openChange(stage, 'alice', { branch, title: branch, files });
  await approve(stage, 'carol', number);
  await untilCheckRun(stage, head, CHANGE, (run) => run.conclusion === 'success');
  return number;
}

test.each(['squash', 'merge', 'rebase'] as const)(
  'a policy that a reviewed pull request brings by %s judges',
  async (method) => {
    const number = await approvedChange(`by-${method}`, reworded(method));
    const sha = await merge(stage, 'carol', number, method);
    await outcome('reviewed', sha);
    const run = await untilCheckRun(stage, sha, staging, (seen) => seen.title.startsWith('Deployed'), 60);
    expect(run.summary).not.toContain('changed since');
    policy = reworded(method);
  },
  90_000,
);

test('a policy that asks for two approvals came by one, as the version before it asked, and judges what comes after', async () => {
  const text = policy.replace('required: 1, from: { teams: [m', 'required: 2, from: { teams: [m');
  const sha = await merge(stage, 'carol', await approvedChange('two', text));
  await outcome('reviewed', sha);
  const [merged] = await until('the merge', async () => {
    const found = await listEntries(database.db, { kinds: ['change.merged'], commit: sha });
    return found.length === 0 ? null : found;
  });
  expect(merged?.content).toMatchObject({ outcome: 'compliant' });

  const files = { [FILE]: policy };
  const back = await openChange(stage, 'alice', { branch: 'one', title: 'One will do', files });
  await approve(stage, 'carol', back.number);
  const shown = await untilCheckRun(stage, back.head, CHANGE, (run) => run.summary.includes('1 of 2 given'));
  expect(shown.summary).toContain('### This change brings another policy');
  await approve(stage, 'bob', back.number);
  await untilCheckRun(stage, back.head, CHANGE, (run) => run.conclusion === 'success');
  const again = await merge(stage, 'carol', back.number);
  await untilCheckRun(stage, again, staging, (seen) => seen.title.startsWith('Deployed'), 60);
  expect(await listEntries(database.db, { kinds: ['change.unreviewed'] })).toEqual([]);
}, 120_000);

test('a guarded branch without a file of its own asks for nothing more than the default branch does', async () => {
  policy = policy.replace('branches: [main]', 'branches: [main, "release/*"]');
  await outcome('reviewed', await merge(stage, 'carol', await approvedChange('releases', policy)));
  const { github, people, repository } = stage;
  const [, old = ''] = /baseline: ([0-9a-f]{40})/.exec(policy) ?? [];
  const notes = { 'docs/1.md': 'one\n' };
  await github.commit(people.alice, repository, {
    branch: 'release/1',
    from: old,
    files: notes,
    message: '1',
  });
  const files = { 'docs/fix.md': 'fix\n' };
  await github.commit(people.alice, repository, { branch: 'fix', from: 'release/1', files, message: 'Fix' });
  const { data } = await stage
    .as('alice')
    .rest.pulls.create({ ...at, title: 'Fix', head: 'fix', base: 'release/1' });
  await approve(stage, 'carol', data.number);
  const run = await untilCheckRun(stage, data.head.sha, CHANGE, (seen) => !seen.title.includes('approval'));
  expect(run.title).not.toContain('Error');
  // Only GitHub's protection is missing there, which the policy asks for; the missing file isn't held against it.
  expect(run.summary).not.toContain('There is no');
}, 120_000);

test('a merge that is pushed past review doesn’t bring back rules that were reviewed once and replaced since', async () => {
  const { github, people, repository } = stage;
  const strict = policy;
  const lax = policy.replace(
    'on: request, by: { teams: [leads] }',
    'on: request, by: { teams: [developers] }',
  );
  expect(lax).not.toBe(strict);
  const older = await merge(stage, 'carol', await approvedChange('lax', lax));
  await outcome('reviewed', older);
  const newer = await merge(stage, 'carol', await approvedChange('strict', strict));
  await outcome('reviewed', newer);

  // Its policy is that of its first parent as it was, so in the file's own log the newer version has never been.
  const sha = await forgeCommit(repository, { parents: [older, newer], message: 'Merge', author: 'frank' });
  await github.push(people.frank, repository, [`${sha}:refs/heads/main`]);
  expect(await outcome('unreviewed', sha)).toMatchObject({ reasons: ['policy_unreviewed'] });
  await ask(stage, 'alice', sha);
  await untilCheckRun(
    stage,
    sha,
    production,
    (run) => /^Held.*was changed without review/.test(run.title),
    60,
  );

  await outcome('restored', await merge(stage, 'carol', await approvedChange('again', strict)));
  const main = await github.tip(repository, 'main');
  policy = strict.replaceAll(/baseline: [0-9a-f]{40}/g, `baseline: ${main ?? ''}`);
  await outcome('reviewed', await merge(stage, 'carol', await approvedChange('past-it', policy)));
}, 180_000);

test('a push past review that brings its own rules deploys nothing, is recorded, and judges nobody', async () => {
  const { github, people, repository } = stage;
  const evil = `version: 1
mode: observe
changes:
  branches: [nowhere]
  approvals: { required: 1, from: { teams: [maintainers] } }
environments:
  production:
    branches: [main]
    deploy: { on: request, by: { users: [alice] } }
`;
  const sha = await github.commit(people.frank, repository, {
    branch: 'main',
    message: 'Hurry',
    files: { 'public/index.html': '<p>evil</p>\n', [FILE]: evil },
  });
  await ask(stage, 'alice', sha);
  const held = await untilCheckRun(stage, sha, production, (run) => run.title.startsWith('Held'), 60);
  expect(held.title).toContain('was changed without review');
  expect(held.summary).toContain(sha.slice(0, 7));
  expect(await outcome('unreviewed', sha)).toMatchObject({ reasons: ['policy_unreviewed'] });
  // The policy before still guards main, so the push is found out by it.
  const unreviewed = await until('the unreviewed commit', async () => {
    const [entry] = await listEntries(database.db, { kinds: ['change.unreviewed'], commit: sha });
    return entry ?? null;
  });
  expect(unreviewed.content.outcome).toBe('pushed');
  expect(await untilCheckRun(stage, sha, CHANGE, (run) => run.conclusion !== null)).toMatchObject({
    conclusion: 'failure',
  });
  expect(await stage.served('production', 'public/index.html')).toBeNull();

  // A change is judged by the last reviewed version, and says so: the way back leads through it.
  const back = await openChange(stage, 'alice', {
    branch: 'back',
    title: 'Put the policy back',
    files: { [FILE]: policy, 'public/index.html': '<p>back</p>\n' },
  });
  const open = await untilCheckRun(stage, back.head, CHANGE, (run) => run.title.startsWith('Held'));
  expect(open.summary).toContain('the last version that was reviewed');
  await approve(stage, 'carol', back.number);
  await untilCheckRun(stage, back.head, CHANGE, (run) => run.conclusion === 'success');
  await outcome('restored', await merge(stage, 'carol', back.number));
  // The rules are back; the commit that was pushed is still in the range, and holds.
  const still = await untilCheckRun(stage, sha, production, (run) => !run.title.includes('was changed'), 60);
  expect(still.title).toMatch(/^(Held|Rejected)/);
}, 120_000);

test('after that, the policy changes by review as before, and a baseline in it accepts the push', async () => {
  const main = await stage.github.tip(stage.repository, 'main');
  policy = policy.replaceAll(/baseline: [0-9a-f]{40}/g, `baseline: ${main ?? ''}`);
  const number = await approvedChange('accept', policy);
  const sha = await merge(stage, 'carol', number);
  await outcome('reviewed', sha);
  await untilCheckRun(stage, sha, staging, (run) => run.title.startsWith('Deployed'), 60);
}, 90_000);

test('a lax policy on a branch of one’s own turns no head green', async () => {
  const { github, people, repository } = stage;
  const lax =
    'version: 1\nchanges:\n  branches: [mine]\n  approvals: { required: 1, from: { users: [dave] } }\n';
  await github.commit(people.alice, repository, {
    branch: 'mine',
    from: 'main',
    message: 'p',
    files: { [FILE]: lax },
  });
  const head = await github.commit(people.alice, repository, {
    branch: 'sly',
    from: 'main',
    message: 'sly',
    files: { 'public/index.html': 'sly\n' },
  });
  const { data } = await stage
    .as('alice')
    .rest.pulls.create({ ...at, title: 'sly', head: 'sly', base: 'mine' });
  await stage.as('dave').rest.pulls.createReview({
    ...at,
    pull_number: data.number,
    event: 'APPROVE',
    commit_id: head,
  });
  await until('the decision', async () => {
    const decisions = await listEntries(database.db, { kinds: ['decision.made'], pullRequest: data.number });
    return decisions.some(({ content }) => content.outcome === 'not_guarded') ? true : null;
  });
  await github.deliveries.waitForIdle();
  expect(await seeCheckRun(stage, head, CHANGE)).toBeNull();
}, 60_000);

test('a policy that is taken away or broken by a push holds everything, and the push is recorded', async () => {
  const { github, people, repository } = stage;
  const sha = await github.commit(people.frank, repository, {
    branch: 'main',
    message: 'Break it',
    files: { [FILE]: 'version: 7\n' },
  });
  await outcome('invalid');
  await until('the unreviewed commit', async () => {
    const [entry] = await listEntries(database.db, { kinds: ['change.unreviewed'], commit: sha });
    return entry ?? null;
  });
  await ask(stage, 'dave', sha);
  const run = await untilCheckRun(stage, sha, production, (seen) => seen.conclusion !== null, 60);
  expect(run).toMatchObject({ conclusion: 'failure' });
  expect(run.summary).toContain(`${FILE}:1`);

  // A change is judged by the last reviewed version, or nothing could mend the policy.
  const number = await approvedChange('mend', policy);
  const { data } = await stage.as('alice').rest.pulls.get({ ...at, pull_number: number });
  const shown = await seeCheckRun(stage, data.head.sha, CHANGE);
  expect(shown?.summary).toContain('can’t be used');
  await outcome('restored', await merge(stage, 'carol', number));
}, 120_000);
