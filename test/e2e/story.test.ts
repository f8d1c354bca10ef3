import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { setStage, type Stage } from '../../demo/stage/stage.ts';
import { tellStory } from '../../demo/story.ts';
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
    log:
      process.env['COUNTERSIGN_TEST_LOG'] === undefined
        ? pino({ level: 'silent' })
        : pino({ level: 'debug' }, pino.destination(process.env['COUNTERSIGN_TEST_LOG'])),
  });
});

afterAll(async () => {
  await stage.close();
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});

test('the demo’s story: held, approved in vain, approved, merged, deployed; production held, pushed past, reviewed, deployed', async () => {
  const shown: string[] = [];
  await tellStory(stage, {
    scene: (title) => void shown.push(title),
    act: (_who, _doing, work) => work(),
    shows: (what, verdict, line) => void shown.push(`${verdict} ${what}: ${line}`),
    say: () => undefined,
  });
  expect(await stage.served('production', 'public/index.html')).toContain('rounded');
  expect(await stage.served('staging', 'public/index.html')).toContain('rounded');
  expect(stage.github.violations).toEqual([]);
}, 120_000);
