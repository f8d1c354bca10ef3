import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { ask, deployCheck, merge, openChange } from '../../demo/stage/acts.ts';
import { shopPolicy } from '../../demo/stage/policy.ts';
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
  stage = await setStage({
    dir,
    database,
    log: pino({ level: 'silent' }),
    policy: (baseline) => shopPolicy(baseline).replace('mode: enforce', 'mode: observe'),
  });
}, 60_000);

afterAll(async () => {
  await stage.close();
  await assertReperformed(database.db);
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});

test('a policy that observes decides, records and shows, and blocks nothing', async () => {
  const { number, head } = await openChange(stage, 'alice', {
    branch: 'observed',
    title: 'observed',
    files: { 'public/index.html': '<p>observed</p>\n' },
  });
  const change = await untilCheckRun(stage, head, 'countersign/change', (run) => run.conclusion !== null);
  expect(change.conclusion).toBe('neutral');
  expect(change.summary).toContain('It would have been held');
  // Frank may override the branch's protection on GitHub; nobody approved.
  const sha = await merge(stage, 'frank', number);
  const deployed = await untilCheckRun(
    stage,
    sha,
    deployCheck('staging'),
    (run) => run.title.includes('Deployed'),
    60,
  );
  expect(deployed.summary).toContain('observe');
  await ask(stage, 'alice', sha);
  await untilCheckRun(stage, sha, deployCheck('production'), (run) => run.title.includes('Deployed'), 60);
  expect(await stage.served('production', 'public/index.html')).toContain('observed');

  const outcomes = (await listEntries(database.db, { commit: sha })).map(
    ({ content }) => `${content.kind} ${content.outcome}`,
  );
  expect(outcomes).toContain('change.merged not_compliant');
  expect(outcomes.filter((each) => each.startsWith('deployment.started'))).toHaveLength(2);
  // What was decided stands in the ledger as it was decided.
  expect(outcomes.filter((each) => /^deployment\.(held|rejected)/.test(each)).length).toBeGreaterThanOrEqual(
    2,
  );
}, 120_000);
