import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { approve, ask, deployCheck, merge, openChange } from '../../demo/stage/acts.ts';
import { setStage, type Stage } from '../../demo/stage/stage.ts';
import { untilCheckRun } from '../../demo/stage/watch.ts';
import type { Repository } from '../../demo/github/github.ts';
import { listEntries } from '../../src/ledger/store/read.ts';
import { assertReperformed } from '../support/assert-reperformed.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const CHANGE = 'countersign/change';
const production = deployCheck('production');
const BASELINE = `version: 1
changes: { branches: [main], approvals: { required: 2, from: { permission: write } } }
`;

let dir: string;
let database: TestDatabase;
let stage: Stage;
let shared: Repository;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-e2e-'));
  database = await createTestDatabase();
  stage = await setStage({
    dir,
    database,
    log: pino({ level: 'silent' }),
    patience: { attempts: 1, seconds: 1 },
  });
  const { github, organization } = stage;
  shared = await github.createRepository(organization, '.github', {
    private: true,
    files: { 'README.md': '# acme\n' },
  });
  covered().add(shared.id);
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

/** Ids of the repositories that the App is installed on. */
function covered(): Set<number> {
  const [installation] = stage.github.world.state.installations.values();
  if (!(installation?.repositories instanceof Set))
    throw new Error('the stage’s App is installed on everything');
  return installation.repositories;
}

const writeBaseline = (text: string) =>
  stage.github.commit(stage.people.frank, shared, {
    branch: 'main',
    files: { 'countersign.yml': text },
    message: 'The baseline',
  });

test('a push to the organisation’s baseline holds what was approved, until it has what is asked', async () => {
  const { number, head } = await openChange(stage, 'alice', {
    branch: 'one',
    title: 'One',
    files: { 'public/index.html': '<p>one</p>\n' },
  });
  await approve(stage, 'carol', number);
  await untilCheckRun(stage, head, CHANGE, (run) => run.conclusion === 'success');

  await writeBaseline(BASELINE);
  const held = await untilCheckRun(stage, head, CHANGE, (run) => run.status === 'in_progress');
  expect(held.summary).toContain('**Approvals** (organisation)');
  expect(held.summary).toContain('by the organisation’s `acme/.github: countersign.yml`');

  await approve(stage, 'bob', number);
  await untilCheckRun(stage, head, CHANGE, (run) => run.conclusion === 'success');
  const sha = await merge(stage, 'carol', number);
  await ask(stage, 'dave', sha);
  const asked = await untilCheckRun(stage, sha, production, (run) => run.status === 'completed');
  // The policy's own change was merged when one approval was enough: the range is judged by what is asked now.
  expect(asked.summary).toContain('**Range** (organisation) |');

  const [noted] = await listEntries(database.db, { kinds: ['policy.changed'], limit: 1 });
  expect(noted?.content.outcome).toBe('baseline_changed');
}, 60_000);

test('a broken baseline holds deployments and says where; a hidden one doesn’t count as none', async () => {
  await writeBaseline('version: 1\nchanges: { branch: [main] }\n');
  const [tip] = await stage
    .as('alice')
    .rest.repos.listCommits({ owner: 'acme', repo: 'shop' })
    .then(({ data }) => data);
  const sha = tip?.sha ?? '';
  const broken = await untilCheckRun(stage, sha, production, (run) =>
    run.summary.includes('acme/.github: countersign.yml:2'),
  );
  expect(broken.conclusion).toBe('failure');

  await writeBaseline(BASELINE);
  await untilCheckRun(stage, sha, production, (run) => !run.summary.includes('countersign.yml:2'));
  covered().delete(shared.id);
  const { head } = await openChange(stage, 'alice', {
    branch: 'two',
    title: 'Two',
    files: { 'a.txt': 'a\n' },
  });
  const hidden = await untilCheckRun(stage, head, CHANGE, (run) => run.status === 'in_progress');
  expect(hidden.summary).toContain('GitHub shows us that repository no more');
}, 60_000);

test('nothing was asked of GitHub that it doesn’t describe', () => {
  expect(stage.github.violations).toEqual([]);
});
