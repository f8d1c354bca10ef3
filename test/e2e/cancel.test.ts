import { access, mkdtemp, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { approve, deployCheck, merge, openChange } from '../../demo/stage/acts.ts';
import { setStage, type Stage } from '../../demo/stage/stage.ts';
import { until, untilCheckRun } from '../../demo/stage/watch.ts';
import { listEntries } from '../../src/ledger/store/read.ts';
import { verifyDatabase } from '../../src/ledger/verify/verify-database.ts';
import { assertReperformed } from '../support/assert-reperformed.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const CANCEL = 'countersign/cancel (staging)';
let dir: string;
let database: TestDatabase;
let stage: Stage;

/** A build that goes on for as long as the test wants it to. */
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-cancel-'));
  database = await createTestDatabase();
  const hold = join(dir, 'hold');
  stage = await setStage({
    dir,
    database,
    log: pino({ level: 'silent' }),
    commands: { build: `while test -e ${hold}; do touch ${hold}.here; sleep 0.2; done` },
  });
}, 60_000);

afterAll(async () => {
  await stage.close();
  await assertReperformed(database.db);
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});

const shop = () => join(stage.servers.staging.root, 'shop');
const staging = deployCheck('staging');
const cancelled = async () =>
  (await listEntries(database.db, { kinds: ['deployment.cancelled'] }))
    .map(({ content }) => content.outcome)
    .toReversed();

async function land(branch: string): Promise<string> {
  const files = { 'public/index.html': `<p>${branch}</p>\n` };
  const opened = await openChange(stage, 'alice', { branch, title: branch, files });
  await approve(stage, 'carol', opened.number);
  await untilCheckRun(stage, opened.head, 'countersign/change', (run) => run.conclusion === 'success', 60);
  return merge(stage, 'carol', opened.number);
}

test('cancelled by whoever asked for it, and by nobody who may not', async () => {
  const first = await land('first');
  await untilCheckRun(stage, first, staging, (run) => run.title.startsWith('Deployed'), 60);

  await writeFile(join(dir, 'hold'), '');
  const second = await land('second');
  await until(
    'the build',
    () =>
      access(join(dir, 'hold.here')).then(
        () => true,
        () => null,
      ),
    60,
  );
  const button = await untilCheckRun(stage, second, CANCEL, (run) => run.title.startsWith('Deploying'), 60);
  expect([button.conclusion, button.title]).toEqual([
    'neutral',
    `Deploying ${second.slice(0, 7)} to staging: can be cancelled`,
  ]);
  // The deployment's own check run isn't completed meanwhile: whoever waits for it goes on waiting.
  const own = await untilCheckRun(stage, second, staging, () => true);
  expect(own.status).toBe('in_progress');

  // frank owns the organisation, and is on no team that may deploy here; carol merged it. She presses twice.
  for (const person of ['frank', 'carol', 'carol'] as const)
    stage.github.pressButton(stage.repository, button.id, 'cancel', stage.people[person]);
  await until('the presses', async () => ((await cancelled()).length >= 2 ? true : null), 30);
  await stage.github.deliveries.waitForIdle();
  await rm(join(dir, 'hold'));

  const ended = await untilCheckRun(stage, second, staging, (run) => run.status === 'completed', 60);
  expect([ended.conclusion, ended.title]).toEqual([
    'cancelled',
    `Cancelled ${second.slice(0, 7)} to staging: nothing was switched`,
  ]);
  expect(ended.summary).toContain('**Cancelled** by **carol**');
  expect(await stage.served('staging', 'public/index.html')).toContain('first');
  expect(await readdir(join(shop(), 'releases'))).toEqual([
    (await readlink(join(shop(), 'current'))).split('/')[1],
  ]);
  expect(await readdir(join(shop(), '.countersign'))).toEqual(['history', 'hook', 'mutex', 'releases']);

  expect(await cancelled()).toEqual(['asked', 'asked', 'refused', 'accepted']);
  const [finished] = await listEntries(database.db, { kinds: ['deployment.finished'], commit: second });
  expect(finished?.content.outcome).toBe('cancelled');
  expect(finished?.people.map(({ role, actor }) => [role, actor?.login])).toContainEqual([
    'canceller',
    'carol',
  ]);

  // After its end a press does nothing, by the button that is still open in somebody's browser.
  const gone = await untilCheckRun(
    stage,
    second,
    CANCEL,
    (run) => run.title.startsWith('Nothing to cancel'),
    60,
  );
  expect(gone.conclusion).toBe('neutral');
  expect(() => stage.github.pressButton(stage.repository, gone.id, 'cancel', stage.people.carol)).toThrow(
    /no button/,
  );
}, 240_000);

test('the next one goes on as if nothing had been, and is over before it needs a button', async () => {
  const third = await land('third');
  await untilCheckRun(stage, third, staging, (run) => run.title.startsWith('Deployed'), 60);
  expect(await stage.served('staging', 'public/index.html')).toContain('third');
  const at = { owner: stage.owner, repo: stage.repo, ref: third };
  const { data } = await stage.as('alice').rest.checks.listForRef(at);
  expect(data.check_runs.map(({ name }) => name)).not.toContain(CANCEL);
}, 120_000);

test('all that was recorded verifies, and every call conformed', async () => {
  expect((await verifyDatabase(database.db)).findings).toEqual([]);
  expect(stage.github.violations).toEqual([]);
});
