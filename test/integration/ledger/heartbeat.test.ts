import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import type { Queue } from '../../../src/db/queue.ts';
import { openQueue } from '../../../src/db/queue.ts';
import { newEntryId } from '../../../src/ledger/format/entry-id.ts';
import { listEntries, readDocument } from '../../../src/ledger/store/read.ts';
import { beat, startHeartbeat } from '../../../src/pipeline/heartbeat.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createTestDatabase } from '../../support/database.ts';
import { act } from './ledger-fixture.ts';

const log = pino({ level: 'silent' });
let database: TestDatabase;
let queue: Queue;
let now: string;

beforeEach(async () => {
  database = await createTestDatabase();
  // Nothing is sent, so it need not be started.
  queue = openQueue(database.db, database.writerUrl, { log });
  now = '2026-11-27T10:00:00.000Z';
});
afterEach(() => database.drop());

const pipeline = () => ({
  db: database.db,
  queue,
  log,
  now: () => now,
  newId: () => newEntryId(now, randomBytes),
  random: randomBytes,
});
const outcomes = async (): Promise<string[]> =>
  (await listEntries(database.db, { kinds: ['ledger.heartbeat'] })).map(({ content }) => content.outcome);
const disable = (how: 'DISABLE' | 'ENABLE ALWAYS'): Promise<void> =>
  act(
    database.ownerUrl,
    'SET ROLE countersign_owner',
    `ALTER TABLE ONLY ledger.entry_2026 ${how} TRIGGER refuse_truncate`,
  );

test('a sign of life is recorded once a day', async () => {
  expect(await beat(pipeline())).toEqual([]);
  now = '2026-11-27T23:59:59.999Z';
  await beat(pipeline());
  expect(await outcomes()).toEqual(['guarded']);
  now = '2026-11-28T00:00:00.000Z';
  await beat(pipeline());
  expect(await outcomes()).toEqual(['guarded', 'guarded']);
});

test('guards that are gone are recorded at once, with what is missing, and when they are back', async () => {
  await beat(pipeline());
  await disable('DISABLE');
  expect(await beat(pipeline())).toEqual([expect.stringContaining('ledger.entry_2026 has no trigger')]);
  const [newest] = await listEntries(database.db, { kinds: ['ledger.heartbeat'], outcomes: ['unguarded'] });
  const [document] = newest?.content.documents ?? [];
  expect(String(await readDocument(database.db, document?.commitment ?? ''))).toContain('entry_2026');
  await disable('ENABLE ALWAYS');
  now = '2026-11-27T10:00:01.000Z';
  await beat(pipeline());
  expect((await outcomes()).toSorted()).toEqual(['guarded', 'guarded', 'unguarded']);
});

test('whoever runs us is told that the guards are gone', async () => {
  const heartbeat = startHeartbeat(pipeline(), 20);
  try {
    await disable('DISABLE');
    expect(await heartbeat.unsafe).toMatchObject({
      code: 'ledger_unsafe',
      message: expect.stringContaining('ledger.entry_2026'),
    });
  } finally {
    await heartbeat.stop();
  }
});
