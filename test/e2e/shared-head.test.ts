import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { approve, CHANGE_CHECK, openChange } from '../../demo/stage/acts.ts';
import { shopPolicy } from '../../demo/stage/policy.ts';
import { setStage, type Stage } from '../../demo/stage/stage.ts';
import { untilCheckRun } from '../../demo/stage/watch.ts';
import { assertReperformed } from '../support/assert-reperformed.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

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
    policy: (baseline) =>
      shopPolicy(baseline)
        .replace('changes:\n  branches: [main]', 'changes:\n  branches: [main, stable]')
        // Nothing protects `stable` on GitHub.
        .replace(/^  protection: .*\n/m, ''),
  });
}, 60_000);

afterAll(async () => {
  await stage.close();
  await assertReperformed(database.db);
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});

test('a pull request that was closed and is opened again takes its head back from the approved one that was shown there', async () => {
  const at = { owner: stage.owner, repo: stage.repo };
  const { number: held, head } = await openChange(stage, 'alice', {
    branch: 'both',
    title: 'Both',
    files: { 'public/index.html': '<p>both</p>\n' },
  });
  await untilCheckRun(stage, head, CHANGE_CHECK, (run) => run.title.startsWith('Held'));
  const tip = (await stage.github.tip(stage.repository, 'main')) ?? '';
  await stage.github.push(stage.people.alice, stage.repository, [`${tip}:refs/heads/stable`]);
  const { data: other } = await stage
    .as('alice')
    .rest.pulls.create({ ...at, title: 'The same', head: 'both', base: 'stable' });
  await approve(stage, 'carol', other.number);
  await stage.github.deliveries.waitForIdle();
  await untilCheckRun(stage, head, CHANGE_CHECK, (run) => run.title.startsWith('Held'));

  await stage.as('alice').rest.pulls.update({ ...at, pull_number: held, state: 'closed' });
  await untilCheckRun(stage, head, CHANGE_CHECK, (run) => run.conclusion === 'success');
  await stage.as('alice').rest.pulls.update({ ...at, pull_number: held, state: 'open' });
  const run = await untilCheckRun(stage, head, CHANGE_CHECK, (seen) => seen.conclusion !== 'success');
  expect(run.title).toMatch(/^Held/);
}, 120_000);

test('every call to GitHub conformed', () => {
  expect(stage.github.violations).toEqual([]);
});
