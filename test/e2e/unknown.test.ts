import { access, mkdtemp, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises';
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
import { type CutProxy, startCutProxy } from '../support/deploy/cut-proxy.ts';

let dir: string;
let database: TestDatabase;
let stage: Stage;
const proxies: CutProxy[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-unknown-'));
  database = await createTestDatabase();
  stage = await setStage({
    dir,
    database,
    log: pino({ level: 'silent' }),
    portTo: async (server) => {
      const proxy = await startCutProxy(server.port);
      proxies.push(proxy);
      return proxy.port;
    },
    commands: { after_switch: `test ! -e ${join(dir, 'hold')} || { touch ${join(dir, 'held')}; sleep 3; }` },
  });
}, 60_000);

afterAll(async () => {
  await stage.close();
  await Promise.all(proxies.map((proxy) => proxy.stop()));
  await assertReperformed(database.db);
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});

const there = (file: string) =>
  access(file).then(
    () => true,
    () => null,
  );
const shop = () => join(stage.servers.staging.root, 'shop');
const outcomes = async (commit: string) =>
  (await listEntries(database.db, { kinds: ['deployment.finished'], commit }))
    .map(({ content }) => content.outcome)
    .toReversed();

async function mergeChange(branch: string): Promise<string> {
  const opened = await openChange(stage, 'alice', {
    branch,
    title: branch,
    files: { 'public/index.html': `<p>${branch}</p>\n` },
  });
  await approve(stage, 'carol', opened.number);
  await untilCheckRun(stage, opened.head, 'countersign/change', (run) => run.conclusion === 'success', 60);
  return merge(stage, 'carol', opened.number);
}

/** The host goes away right after its switch, and stays away until the check run says that nobody knows. */
async function goesAway(branch: string): Promise<string> {
  await writeFile(join(dir, 'hold'), '');
  const merged = await mergeChange(branch);
  await until('the switch', () => there(join(dir, 'held')), 60);
  proxies[0]?.refuse(true);
  proxies[0]?.cut();
  const shown = await untilCheckRun(
    stage,
    merged,
    deployCheck('staging'),
    (run) => run.title.startsWith('Unknown whether'),
    60,
  );
  expect(shown.summary).toContain('looked at again');
  expect(await outcomes(merged)).toEqual(['unknown']);
  await rm(join(dir, 'hold'));
  await rm(join(dir, 'held'));
  return merged;
}

test('a host that goes away after its switch and comes back: its deployment is brought to its end, and the next one goes on', async () => {
  const first = await goesAway('first');
  const second = await mergeChange('second');
  const held = await untilCheckRun(
    stage,
    second,
    deployCheck('staging'),
    (run) => /not known/.test(run.summary),
    60,
  );
  expect(held.status).toBe('in_progress');
  proxies[0]?.refuse(false);
  await untilCheckRun(stage, first, deployCheck('staging'), (run) => run.title.startsWith('Deployed'), 90);
  await untilCheckRun(stage, second, deployCheck('staging'), (run) => run.title.startsWith('Deployed'), 90);
  expect(await stage.served('staging', 'public/index.html')).toContain('second');
  expect(await outcomes(first)).toEqual(['unknown', 'success']);
  expect(await readdir(join(shop(), '.countersign'))).toEqual(['history', 'hook', 'mutex', 'releases']);
}, 240_000);

test('somebody switched it back meanwhile: it failed, its lock is given back, and the next one goes on', async () => {
  const before = await readlink(join(shop(), 'current'));
  const third = await goesAway('third');
  expect(await readlink(join(shop(), 'current'))).not.toBe(before);
  await rm(join(shop(), 'current'));
  await symlink(before, join(shop(), 'current'));
  proxies[0]?.refuse(false);
  const failed = await untilCheckRun(
    stage,
    third,
    deployCheck('staging'),
    (run) => run.title.startsWith('Failed'),
    90,
  );
  expect(failed.summary).toContain('runs nowhere');
  expect(await outcomes(third)).toEqual(['unknown', 'failure']);
  const fourth = await mergeChange('fourth');
  await untilCheckRun(stage, fourth, deployCheck('staging'), (run) => run.title.startsWith('Deployed'), 90);
  expect((await verifyDatabase(database.db)).findings).toEqual([]);
}, 240_000);
