import { access, mkdtemp, mkdir, rm } from 'node:fs/promises';
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
import { createTestDatabase, query, type TestDatabase } from '../support/database.ts';
import { runCountersign, type RunningCommand } from '../support/run-countersign.ts';

let dir: string;
let database: TestDatabase;
let stage: Stage;
let running: RunningCommand;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-kill-'));
  database = await createTestDatabase();
  await mkdir(join(dir, 'cwd'));
  stage = await setStage({
    dir,
    database,
    log: pino({ level: 'silent' }),
    // The first time it is reached, the step before the switch takes so long that there is time to kill.
    commands: {
      before_switch: `test -e ${join(dir, 'reached')} || { touch ${join(dir, 'reached')}; sleep 20; }`,
      health: 'test -s public/index.html',
    },
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
}, 60_000);

afterAll(async () => {
  await stage.close();
  await assertReperformed(database.db);
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});

test('killed between the webhook and the decision, and again in the middle of a deployment, it loses and doubles nothing', async () => {
  const opened = await openChange(stage, 'alice', {
    branch: 'tax',
    title: 'Show prices with tax',
    files: { 'public/index.html': '<p>Prices with tax.</p>\n' },
  });
  await approve(stage, 'carol', opened.number);
  await untilCheckRun(stage, opened.head, 'countersign/change', (run) => run.conclusion === 'success', 60);
  const merged = await merge(stage, 'carol', opened.number);
  await until('the merge to be delivered', async () => {
    const delivered = await query(
      database.writerUrl,
      "SELECT FROM countersign.delivery WHERE event = 'pull_request' AND action = 'closed'",
    );
    return delivered.length > 0 ? true : null;
  });
  running.kill('SIGKILL');
  expect(await running.ended).toBe('SIGKILL');

  await stage.restart();
  await until(
    'the deployment to be in the middle',
    () =>
      access(join(dir, 'reached')).then(
        () => true,
        () => null,
      ),
    90,
  );
  running.kill('SIGKILL');
  expect(await running.ended).toBe('SIGKILL');
  expect(await stage.served('staging', 'public/index.html')).toBeNull();

  await stage.restart();
  await untilCheckRun(stage, merged, deployCheck('staging'), (run) => run.title.startsWith('Deployed'), 90);
  expect(await stage.served('staging', 'public/index.html')).toContain('Prices with tax.');

  const count = async (
    kind: 'change.merged' | 'deployment.requested' | 'deployment.started' | 'deployment.finished',
  ) => (await listEntries(database.db, { kinds: [kind] })).length;
  expect(await count('change.merged')).toBe(1);
  expect(await count('deployment.requested')).toBe(1);
  expect(await count('deployment.started')).toBe(1);
  expect(await count('deployment.finished')).toBe(1);
  const { data: deployments } = await stage
    .as('alice')
    .rest.repos.listDeployments({ owner: stage.owner, repo: stage.repo, environment: 'staging' });
  expect(deployments.filter(({ sha }) => sha === merged)).toHaveLength(1);
  expect((await verifyDatabase(database.db)).findings).toEqual([]);
}, 240_000);
