import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { approve, CHANGE_CHECK, deployCheck, headOf, merge, openChange } from '../../demo/stage/acts.ts';
import { setStage, type Stage } from '../../demo/stage/stage.ts';
import { untilCheckRun } from '../../demo/stage/watch.ts';
import { listEntries } from '../../src/ledger/store/read.ts';
import { assertReperformed } from '../support/assert-reperformed.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let dir: string;
let database: TestDatabase;
let stage: Stage;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-e2e-'));
  database = await createTestDatabase();
  stage = await setStage({ dir, database, log: pino({ level: 'silent' }) });
}, 60_000);

afterAll(async () => {
  await stage.close();
  await assertReperformed(database.db);
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});

/** A pull request of two commits: with rebase and merge, each of them reaches main on its own. */
async function approved(branch: string): Promise<number> {
  const { number } = await openChange(stage, 'alice', {
    branch,
    title: `By ${branch}`,
    files: { 'public/index.html': `<p>first ${branch}</p>\n` },
  });
  const head = await stage.github.commit(stage.people.alice, stage.repository, {
    branch,
    files: { 'public/index.html': `<p>second ${branch}</p>\n` },
    message: `Second of ${branch}`,
  });
  await untilCheckRun(stage, head, CHANGE_CHECK, (run) => run.title.startsWith('Held'), 60);
  await approve(stage, 'carol', number);
  await untilCheckRun(
    stage,
    await headOf(stage, number),
    CHANGE_CHECK,
    (run) => run.conclusion === 'success',
    60,
  );
  return number;
}

test.each(['squash', 'merge', 'rebase'] as const)(
  'what was approved and lands by %s is recorded as compliant, traced commit by commit, and deployed',
  async (method) => {
    const number = await approved(method);
    const sha = await merge(stage, 'carol', number, method);
    const run = await untilCheckRun(
      stage,
      sha,
      deployCheck('staging'),
      (shown) => shown.conclusion !== null,
      60,
    );
    expect(run.title).toMatch(/^Deployed/);
    expect(await stage.served('staging', 'public/index.html')).toContain(`second ${method}`);
    const [merged] = await listEntries(database.db, { kinds: ['change.merged'], pullRequest: number });
    expect([merged?.content.outcome, merged?.content.commit]).toEqual(['compliant', sha]);
    expect(await listEntries(database.db, { kinds: ['change.unreviewed'] })).toEqual([]);
  },
  90_000,
);

test('every call to GitHub conformed', () => {
  expect(stage.github.violations).toEqual([]);
});
