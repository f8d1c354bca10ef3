import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { approve, ask, deployCheck, merge, openChange } from '../../demo/stage/acts.ts';
import { setStage, type Stage } from '../../demo/stage/stage.ts';
import { untilCheckRun } from '../../demo/stage/watch.ts';
import { type App, startApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { targetRefusal } from '../../src/pipeline/deployment/target-refusal.ts';
import { assertReperformed } from '../support/assert-reperformed.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const production = deployCheck('production');
const log = pino({ level: 'silent' });

let dir: string;
let database: TestDatabase;
let stage: Stage;
let env: Readonly<Record<string, string>>;
let other: App | null = null;

/** A process that deploys to one environment only, and has only that one's key. */
function startFor(environment: string): Promise<App> {
  const config = readConfig(env, (path) => readFileSync(path, 'utf8'), { environments: [environment] });
  const { github, databaseUrl, ledgerKey, ledgerOrigin } = config;
  if (github === null || databaseUrl === null || ledgerKey === null || ledgerOrigin === null)
    throw new Error('the stage left a variable out');
  return startApp({
    config,
    github,
    databaseUrl: databaseUrl.reveal(),
    ledgerKey: ledgerKey.reveal(),
    ledgerOrigin,
    dataDir: join(dir, environment),
    log,
  });
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-e2e-'));
  database = await createTestDatabase();
  stage = await setStage({
    dir,
    database,
    log,
    launch: (given) => {
      env = given;
      return startFor('staging');
    },
  });
}, 60_000);

afterAll(async () => {
  await other?.stop();
  await stage.close();
  await assertReperformed(database.db);
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});

test('a process for one environment leaves the other’s deployments to the process that has its key', async () => {
  const { number, head } = await openChange(stage, 'alice', {
    branch: 'one',
    title: 'one',
    files: { 'public/index.html': '<p>one</p>\n' },
  });
  await approve(stage, 'carol', number);
  await untilCheckRun(stage, head, 'countersign/change', (run) => run.conclusion === 'success');
  const sha = await merge(stage, 'carol', number);
  await untilCheckRun(stage, sha, deployCheck('staging'), (run) => run.title.startsWith('Deployed'), 60);
  await ask(stage, 'dave', sha);
  const held = await untilCheckRun(stage, sha, production, (run) => run.conclusion === 'action_required');
  stage.github.pressButton(stage.repository, held.id, 'approve', stage.people.erin);
  const approved = await untilCheckRun(stage, sha, production, (run) => run.title.startsWith('Approved'));
  await sleep(5_000);
  expect(await untilCheckRun(stage, sha, production, () => true)).toMatchObject({ title: approved.title });

  other = await startFor('production');
  await untilCheckRun(stage, sha, production, (run) => run.title.startsWith('Deployed'), 60);
  expect(await stage.served('production', 'public/index.html')).toContain('one');
}, 120_000);

test('a repository that came by the name of another doesn’t get its server', async () => {
  const config = readConfig(env, (path) => readFileSync(path, 'utf8'));
  const target = config.targets.find(({ target: { environment } }) => environment === 'production')?.target;
  if (target === undefined) throw new Error('no target');
  const { id, owner, name } = { id: stage.repository.id, owner: 'Acme', name: 'shop' };
  const same = { id, owner, name, installationId: 1 };
  const newer = { ...same, id: id + 1 };
  expect(await targetRefusal(database.db, same, target)).toBeNull();
  expect(await targetRefusal(database.db, newer, target)).toMatch(
    /^Another repository had the name Acme\/shop before .*set "repository_id: \d+" on that target/,
  );
  expect(await targetRefusal(database.db, newer, { ...target, repositoryId: newer.id })).toBeNull();
  expect(await targetRefusal(database.db, same, { ...target, repositoryId: newer.id })).toContain(
    `is of the repository with the id ${newer.id}`,
  );
});
