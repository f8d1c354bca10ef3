import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { type GitCommit, readCommit } from '../../demo/github/git/commits.ts';
import { approve, ask, CHANGE_CHECK, deployCheck, merge, openChange } from '../../demo/stage/acts.ts';
import { setStage, type Stage } from '../../demo/stage/stage.ts';
import { until, untilCheckRun } from '../../demo/stage/watch.ts';
import { listEntries } from '../../src/ledger/store/read.ts';
import { assertReperformed } from '../support/assert-reperformed.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { type Forged, forgeCommit } from '../support/github/forge-commit.ts';

const PAGE = 'public/index.html';
const production = deployCheck('production');

let dir: string;
let database: TestDatabase;
let stage: Stage;

/** Anybody who may write may ask, so that nothing but the commits' own tracing stands in the way. */
const policy = (baseline: string | null) => `version: 1
mode: enforce
changes:
  branches: [main]
  approvals: { required: 1, from: { teams: [maintainers] } }
environments:
  production:
    branches: [main]
    baseline: ${baseline ?? ''}
    deploy: { on: request, by: { teams: [leads, developers] } }
`;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-e2e-'));
  database = await createTestDatabase();
  stage = await setStage({
    dir,
    database,
    log: pino({ level: 'silent' }),
    patience: { attempts: 1, seconds: 1 },
    policy,
  });
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

/** A pull request of alice's that carol approved, and whose check run is green. */
async function approved(branch: string, page: string) {
  const opened = await openChange(stage, 'alice', { branch, title: branch, files: { [PAGE]: page } });
  await approve(stage, 'carol', opened.number);
  await untilCheckRun(stage, opened.head, CHANGE_CHECK, (run) => run.conclusion === 'success');
  return opened;
}

/** What became of a deployment of this commit, in the words of its check run. */
async function deploymentOf(sha: string): Promise<string> {
  await ask(stage, 'alice', sha);
  const ended = /^(Deployed|Held|Rejected)/;
  return (await untilCheckRun(stage, sha, production, (run) => ended.test(run.title), 60)).title;
}

test('what was merged after review is deployed', async () => {
  const { number } = await approved('zero', 'zero\n');
  expect(await deploymentOf(await merge(stage, 'carol', number))).toMatch(/^Deployed/);
}, 90_000);

test.each(['merge', 'rebase'] as const)(
  'a step inside of an approved change, merged by %s, is held though the whole is approved',
  async (method) => {
    const { github, people, repository } = stage;
    const branch = `steps-${method}`;
    const page = (text: string) => ({ [PAGE]: `${text} ${method}\n` });
    const wip = await github.commit(people.alice, repository, {
      branch,
      from: 'main',
      message: 'wip',
      files: page('evil'),
    });
    await github.commit(people.alice, repository, { branch, message: 'tidy', files: page('good') });
    const { data } = await stage
      .as('alice')
      .rest.pulls.create({ owner: stage.owner, repo: stage.repo, title: 'Nice', head: branch, base: 'main' });
    await approve(stage, 'carol', data.number);
    await untilCheckRun(stage, data.head.sha, CHANGE_CHECK, (run) => run.conclusion === 'success');
    const tip = await merge(stage, 'carol', data.number, method);
    const step = method === 'merge' ? wip : ((await readCommit(repository.directory, tip)).parents[0] ?? '');

    const title = await deploymentOf(step);
    expect(title).toMatch(/^Held/);
    // Of what a rebase made, GitHub names the change for the last commit alone, which such a range doesn't have.
    if (method === 'merge')
      expect(title).toContain(`step inside of #${data.number}: deploy ${tip.slice(0, 7)} instead`);
    expect(await stage.served('production', PAGE)).not.toContain('evil');
    expect(await deploymentOf(tip)).toMatch(/^Deployed/);
  },
  120_000,
);

/** What frank, who may push past every rule, pushes on top of an approved head, and what it looks like. */
const pushes: readonly (readonly [
  string,
  'head' | 'tip',
  (head: GitCommit) => Omit<Forged, 'files'>,
  boolean,
])[] = [
  ['the head’s own message, author and date', 'tip', copyOf, false],
  ['the head’s own message, author and date, and GitHub takes the head for the merge', 'head', copyOf, false],
  ['an edit on GitHub’s own pages', 'tip', ({ sha }) => ({ ...byGitHub, parents: [sha] }), true],
];
const byGitHub = { message: 'Update', author: 'frank', committerEmail: 'noreply@github.com' };

function copyOf({ sha, message, author: { name, date } }: GitCommit): Omit<Forged, 'files'> {
  return { parents: [sha], message, author: name, date };
}

/** Pushes to main what frank made of an approved head, and answers what the check run of its deployment says. */
async function pushed(
  branch: string,
  make: (head: GitCommit, base: string) => Omit<Forged, 'files'>,
  signed: boolean,
) {
  const { github, people, repository } = stage;
  const { number, head } = await approved(branch, `good ${branch}\n`);
  const base = (await github.tip(repository, 'main')) ?? '';
  const made = make(await readCommit(repository.directory, head), base);
  const sha = await forgeCommit(repository, { ...made, files: { [PAGE]: `evil ${branch}\n` } });
  if (signed) repository.signed.add(sha);
  await github.push(people.frank, repository, [`${sha}:refs/heads/main`]);
  await ask(stage, 'alice', sha);
  const run = await untilCheckRun(
    stage,
    sha,
    production,
    (seen) => /^(Deployed|Held|Rejected)/.test(seen.title),
    60,
  );
  const unreviewed = await until('its record', async () => {
    const [entry] = await listEntries(database.db, { kinds: ['change.unreviewed'], commit: sha });
    return entry ?? null;
  });
  return { sha, number, run, unreviewed };
}

test.each(pushes)(
  'a push past review on top of an approved head is no merge of it: %s (%s)',
  async (_, names, make, signed) => {
    stage.github.world.state.mergeOfPushedHead = names;
    const { sha, number, run, unreviewed } = await pushed(
      `on-top-${pushes.findIndex((each) => each[2] === make && each[1] === names)}`,
      make,
      signed,
    );
    expect(run.title).toMatch(/^Held/);
    if (names === 'tip')
      expect(run.summary).toContain(`\`${sha.slice(0, 7)}\` merged pull request #${number}, but GitHub`);
    expect(unreviewed.content.outcome).toBe('pushed');
    expect(await stage.served('production', PAGE)).not.toContain('evil');
  },
  90_000,
);

test('a merge that an App had GitHub sign, and that was pushed, is none either, whatever its parents', async () => {
  stage.github.world.state.mergeOfPushedHead = 'tip';
  const { sha, number, run } = await pushed(
    'app',
    ({ sha: head }, base) => ({ ...byGitHub, parents: [base, head] }),
    true,
  );
  // After all that came before it, its sentence is among those that are only counted.
  expect(run.summary).toContain(`commit ${sha.slice(0, 7)} merged #\u200B${number} outside of GitHub`);
}, 90_000);

test('every call to GitHub conformed', () => {
  expect(stage.github.violations).toEqual([]);
});
