import { mkdtemp, mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { approve, ask, deployCheck, merge, openChange } from '../../demo/stage/acts.ts';
import { setStage, type Stage } from '../../demo/stage/stage.ts';
import { untilCheckRun } from '../../demo/stage/watch.ts';
import { listEntries, readDocument } from '../../src/ledger/store/read.ts';
import { verifyDatabase } from '../../src/ledger/verify/verify-database.ts';
import { assertReperformed } from '../support/assert-reperformed.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { runCountersign, type RunningCommand } from '../support/run-countersign.ts';

/** Long enough for the stage to be set and a change to be landed before it ends. */
const FREEZE_SECONDS = 150;

let dir: string;
let database: TestDatabase;
let stage: Stage;
let running: RunningCommand;
let thawed: number;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-timing-'));
  database = await createTestDatabase();
  await mkdir(join(dir, 'cwd'));
  thawed = Math.ceil(Date.now() / 1000 + FREEZE_SECONDS) * 1000;
  const until = new Date(thawed).toISOString().slice(0, 19);
  stage = await setStage({
    dir,
    database,
    log: pino({ level: 'silent' }),
    policy: (baseline) => `version: 1
changes:
  branches: [main]
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
    after: { staging: { soak: 1m } }
    freeze: [{ name: year end, from: 2020-01-01, until: "${until}", timezone: UTC }]
`,
    launch: async (env) => {
      running = runCountersign(['start'], { cwd: join(dir, 'cwd'), env: { ...env, LOG_LEVEL: 'error' } });
      const current = running;
      const [, url = ''] = await running.says(/serving on (http:\S+)/);
      return {
        url,
        stop: async () => {
          current.kill('SIGTERM');
          await current.ended;
        },
      };
    },
  });
}, 90_000);

afterAll(async () => {
  await assertReperformed(database.db);
  await stage.close();
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});

const production = deployCheck('production');

test('held for order, soak and a freeze, it is looked at again when the last of them ends, though we were killed meanwhile', async () => {
  const { number, head } = await openChange(stage, 'alice', {
    branch: 'tax',
    title: 'tax',
    files: { 'public/index.html': '<p>with tax</p>\n' },
  });
  await approve(stage, 'carol', number);
  await untilCheckRun(stage, head, 'countersign/change', (run) => run.conclusion === 'success', 60);
  const sha = await merge(stage, 'carol', number);
  await ask(stage, 'dave', sha);
  const early = await untilCheckRun(stage, sha, production, (run) => run.title.startsWith('Held'), 60);
  expect(early.summary).toMatch(/has to be deployed to staging first|is being deployed to staging/);

  await untilCheckRun(stage, sha, deployCheck('staging'), (run) => run.title.startsWith('Deployed'), 60);
  // Nobody asks again: that staging has it is what has it judged.
  const soaking = await untilCheckRun(
    stage,
    sha,
    production,
    (run) => run.summary.includes('soaks on staging'),
    30,
  );
  expect(soaking.summary).toMatch(
    /and looked at again on \*\*\w{3} \d+ \w{3} \d{4} \d\d:\d\d(?::\d\d)? UTC\*\*/,
  );
  expect(soaking.summary).toContain('The freeze `year end` lasts until');
  expect(Date.now()).toBeLessThan(thawed);

  running.kill('SIGKILL');
  expect(await running.ended).toBe('SIGKILL');
  await stage.restart();
  await untilCheckRun(stage, sha, production, (run) => run.title.startsWith('Deployed'), FREEZE_SECONDS + 60);
  expect(await stage.served('production', 'public/index.html')).toContain('with tax');

  const entries = (await listEntries(database.db, { environment: 'production', commit: sha })).toReversed();
  const approved = entries.find(({ content }) => content.kind === 'deployment.approved');
  const late = Date.parse(approved?.content.recorded ?? '') - thawed;
  // By its own timer: the sweep for lost deliveries comes each five minutes.
  expect(late).toBeGreaterThanOrEqual(0);
  expect(late).toBeLessThan(30_000);
  const held = entries.filter(({ content }) => content.kind === 'deployment.held');
  const reasons = held.flatMap(({ content }) => content.reasons);
  expect(reasons).toContain('freeze_lasting');
  expect(reasons).toContain('soak_running');
  const sealed = held.at(-1)?.content.documents.find(({ name }) => name === 'decision');
  const body = await readDocument(database.db, sealed?.commitment ?? '');
  expect(JSON.parse(body?.toString('utf8') ?? '')).toMatchObject({
    lookAgainAt: new Date(thawed).toISOString(),
  });
  expect((await verifyDatabase(database.db)).findings).toEqual([]);
}, 400_000);
