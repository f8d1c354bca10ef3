import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { approve, CHANGE_CHECK, headOf, merge, openChange } from '../../demo/stage/acts.ts';
import { shopPolicy } from '../../demo/stage/policy.ts';
import { setStage, type Stage } from '../../demo/stage/stage.ts';
import { untilCheckRun } from '../../demo/stage/watch.ts';
import { listEntries } from '../../src/ledger/store/read.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let dir: string;
let database: TestDatabase;
let stage: Stage;

const OWNERS = `# Who answers for what.
/config/ @dave
/public/ @acme/maintainers
/public/robots.txt @alice
`;

/** Maintainers approve, and code owners what is theirs. */
const policy = (baseline: string | null): string =>
  shopPolicy(baseline).replace(
    'from: { teams: [maintainers] }',
    'from: { teams: [maintainers], codeowners: true }',
  );

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-e2e-'));
  database = await createTestDatabase();
  stage = await setStage({ dir, database, log: pino({ level: 'silent' }), policy });
  // GitHub keeps approvals when somebody pushes, so that it is us who find them stale.
  await stage.as('frank').rest.repos.updateBranchProtection({
    owner: stage.owner,
    repo: stage.repo,
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
  const { number, head } = await openChange(stage, 'alice', {
    branch: 'owners',
    title: 'Say who owns what',
    files: { '.github/CODEOWNERS': OWNERS },
  });
  await approve(stage, 'carol', number);
  // Nobody owns anything yet: the base counts, never the head.
  await untilCheckRun(stage, head, CHANGE_CHECK, (run) => run.conclusion === 'success', 60);
  await merge(stage, 'carol', number);
}, 120_000);

afterAll(async () => {
  await stage.close();
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});

const check = (head: string, matches: Parameters<typeof untilCheckRun>[3]) =>
  untilCheckRun(stage, head, CHANGE_CHECK, matches, 60);

test('an owned file is held until its owner approves, and the owner’s approval of an older head is stale', async () => {
  const branch = 'tax';
  const { number, head } = await openChange(stage, 'alice', {
    branch,
    title: 'Show prices with tax',
    files: { 'config/app.json': '{ "tax": true }\n' },
  });
  await approve(stage, 'carol', number);
  const held = await check(head, (run) => run.summary.includes('carol') && run.title.startsWith('Held'));
  expect(held.title).toContain('code owner');
  expect(held.summary).toContain('config/app.json');
  expect(held.summary).toContain('dave');

  await approve(stage, 'dave', number);
  await check(head, (run) => run.conclusion === 'success');

  const second = await stage.github.commit(stage.people.alice, stage.repository, {
    branch,
    files: { 'config/app.json': '{ "tax": true, "rate": 20 }\n' },
    message: 'Say how much',
  });
  await approve(stage, 'carol', number);
  const stale = await check(
    second,
    (run) => run.summary.includes('code owners') && run.text.includes('carol'),
  );
  expect(stale.title).toMatch(/^Held/);
  expect(stale.text).toContain('dave');
  expect(stale.text).toContain('approve again');

  await approve(stage, 'dave', number);
  await check(second, (run) => run.conclusion === 'success');
  await merge(stage, 'carol', number);
}, 120_000);

test('a file whose only owner wrote the change says that nobody can approve it, and which line to mend', async () => {
  const { number, head } = await openChange(stage, 'alice', {
    branch: 'robots',
    title: 'Let robots in',
    files: { 'public/robots.txt': 'User-agent: *\nAllow: /\nAllow: /private\n' },
  });
  await approve(stage, 'carol', number);
  const held = await check(head, (run) => run.summary.includes('line 4'));
  expect(held.title).toMatch(/^Held/);
  expect(held.summary).toContain('Nobody can approve');
});

test('a change can’t choose its own owners: the base branch’s CODEOWNERS counts', async () => {
  const { number, head } = await openChange(stage, 'alice', {
    branch: 'usurp',
    title: 'Own it all',
    files: { '.github/CODEOWNERS': '* @bob\n', 'config/app.json': '{ "tax": false }\n' },
  });
  await approve(stage, 'bob', number);
  const held = await check(head, (run) => run.summary.includes('config/app.json'));
  expect(held.title).toMatch(/^Held/);
  await approve(stage, 'dave', number);
  await check(head, (run) => run.conclusion === 'success');
});

test('a merge is recorded with who owned what, so that it can be judged again', async () => {
  const entries = await listEntries(database.db, { kinds: ['change.merged'] });
  expect(entries.map(({ content }) => content.outcome)).toEqual(expect.arrayContaining(['compliant']));
  expect(entries.filter(({ content }) => content.outcome === 'not_compliant')).toEqual([]);
});

test('every call to GitHub conformed', async () => {
  expect(await headOf(stage, 1)).toMatch(/^[0-9a-f]{40}$/);
  expect(stage.github.violations).toEqual([]);
});
