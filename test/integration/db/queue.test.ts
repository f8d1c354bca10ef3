import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { run as redrive } from '../../../src/cli/redrive.ts';
import type { Queue } from '../../../src/db/queue.ts';
import { deadJobs } from '../../../src/db/dead-jobs.ts';
import { openQueue } from '../../../src/db/queue.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createTestDatabase, query } from '../../support/database.ts';

let database: TestDatabase;
let queue: Queue;
let logged: { level: string; about: object; message: string }[];

const log = {
  error: (about: object, message: string) => void logged.push({ level: 'error', about, message }),
  warn: (about: object, message: string) => void logged.push({ level: 'warn', about, message }),
};

beforeEach(async () => {
  logged = [];
  database = await createTestDatabase();
  queue = openQueue(database.db, database.writerUrl, { log, drainSeconds: 5 });
  await queue.start();
});

afterEach(async () => {
  await queue.stop();
  await database.drop();
});

/** Waits until `condition` holds; the test's own time limit is the net. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(10);
}

describe('sending in a transaction', () => {
  test('a job exists with the commit, and wakes a worker at once', async () => {
    const seen: unknown[] = [];
    await queue.work('delivery', async (data) => void seen.push(data));
    await sleep(300);
    const took: number[] = [];
    for (const guid of ['a', 'b', 'c']) {
      const before = [...seen];
      let committed = 0;
      await database.db.transaction().execute(async (tx) => {
        await queue.send(tx, 'delivery', { guid });
        await sleep(200);
        expect(seen).toEqual(before);
        committed = performance.now();
      });
      await until(() => seen.length > before.length);
      expect(seen).toEqual([...before, { guid }]);
      took.push(performance.now() - committed);
    }
    // By its own clock the worker would have looked again two seconds after its last look, each time. On a machine that is busy
    // a wake may take as long once.
    expect(Math.min(...took)).toBeLessThan(1_200);
  });

  test('a rolled back transaction leaves no job', async () => {
    await expect(
      database.db.transaction().execute(async (tx) => {
        await queue.send(tx, 'delivery', { guid: 'a' });
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await query(database.writerUrl, "SELECT * FROM pgboss.job WHERE name = 'delivery'")).toEqual([]);
  });

  test('an ordered job without a key is refused', async () => {
    await expect(queue.send(database.db, 'effect', {})).rejects.toThrow('needs a key');
  });
});

describe('a job that was told when to come again', () => {
  const limited = Object.assign(new Error('rate limit'), { retryAfterSeconds: 600 });
  const delays = async (): Promise<Record<string, unknown>[]> =>
    await query(
      database.writerUrl,
      "SELECT state, retry_backoff AS usual, extract(epoch FROM start_after - now()) > 590 AS late FROM pgboss.job WHERE name = 'change'",
    );
  const expected = (rows: readonly Record<string, unknown>[]) =>
    until(async () => JSON.stringify(await delays()) === JSON.stringify(rows));

  test('comes then, whatever happens meanwhile, and another failure is retried as usual', async () => {
    let error: Error = limited;
    await queue.work('change', () => Promise.reject(error));
    await queue.send(database.db, 'change', { n: 1 }, { key: 'k' });
    await expected([{ state: 'retry', usual: false, late: true }]);
    await queue.send(database.db, 'change', { n: 2 }, { key: 'k' });
    await expected([{ state: 'retry', usual: false, late: true }]);
    error = new Error('something else');
    await query(database.superuserUrl, "UPDATE pgboss.job SET start_after = now() WHERE name = 'change'");
    await expected([{ state: 'retry', usual: true, late: false }]);
  });
});

describe('coalesced jobs', () => {
  const waiting = async (): Promise<Record<string, unknown>[]> =>
    await query(
      database.writerUrl,
      "SELECT data, start_after <= now() AS due FROM pgboss.job WHERE name = 'change'",
    );

  test('a burst leaves one job, with the newest data', async () => {
    for (let n = 1; n <= 50; n += 1) await queue.send(database.db, 'change', { n }, { key: '1:7' });
    await queue.send(database.db, 'change', { n: 99 }, { key: '1:8' });
    expect(await waiting()).toEqual([
      { data: { n: 50 }, due: true },
      { data: { n: 99 }, due: true },
    ]);
  });

  test('an event pulls a later look forward, and a later look does not push an event back', async () => {
    await queue.send(database.db, 'change', { n: 1 }, { key: 'k', startAfterSeconds: 600 });
    expect(await waiting()).toEqual([{ data: { n: 1 }, due: false }]);
    await queue.send(database.db, 'change', { n: 2 }, { key: 'k' });
    expect(await waiting()).toEqual([{ data: { n: 2 }, due: true }]);
    await queue.send(database.db, 'change', { n: 3 }, { key: 'k', startAfterSeconds: 600 });
    expect(await waiting()).toEqual([{ data: { n: 3 }, due: true }]);
  });

  test('a job that a transaction has joined is not taken before that transaction ends', async () => {
    const seen: unknown[] = [];
    await queue.send(database.db, 'change', { n: 1 }, { key: 'k' });
    await database.db.transaction().execute(async (tx) => {
      await queue.send(tx, 'change', { n: 2 }, { key: 'k' });
      await queue.work('change', async (data) => void seen.push(data));
      await sleep(500);
      expect(seen).toEqual([]);
    });
    await until(() => seen.length > 0);
    expect(seen).toEqual([{ n: 2 }]);
  });

  test('an event while the job runs makes one more, never two at a time', async () => {
    const seen: unknown[] = [];
    const sent = Promise.withResolvers<void>();
    let running = 0;
    await queue.work(
      'change',
      async (data) => {
        running += 1;
        expect(running).toBe(1);
        seen.push(data);
        await sent.promise;
        running -= 1;
      },
      { concurrency: 3 },
    );
    await queue.send(database.db, 'change', { n: 1 }, { key: 'k' });
    await until(() => seen.length === 1);
    for (let n = 2; n <= 5; n += 1) await queue.send(database.db, 'change', { n }, { key: 'k' });
    await sleep(150);
    sent.resolve();
    await until(() => seen.length === 2);
    await sleep(400);
    expect(seen).toEqual([{ n: 1 }, { n: 5 }]);
  });
});

describe('ordered jobs', () => {
  test('all run, in order per key, and a retry holds back its successors', async () => {
    const seen: string[] = [];
    await queue.work(
      'effect',
      async (data, job) => {
        const { name } = data as { name: string };
        if (name === 'a1' && job.attempt === 1) throw new Error('GitHub is away');
        seen.push(name);
      },
      { concurrency: 3 },
    );
    for (const name of ['a1', 'a2', 'a3']) await queue.send(database.db, 'effect', { name }, { key: 'a' });
    for (const name of ['b1', 'b2']) await queue.send(database.db, 'effect', { name }, { key: 'b' });
    await until(() => seen.length === 5);
    expect(seen.filter((name) => name.startsWith('a'))).toEqual(['a1', 'a2', 'a3']);
    expect(seen.filter((name) => name.startsWith('b'))).toEqual(['b1', 'b2']);
    expect(seen.slice(0, 2)).toEqual(['b1', 'b2']);
    expect(logged.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('jobs of one transaction run in the order in which they were sent', async () => {
    const sent = Array.from({ length: 20 }, (_, n) => `c${n}`);
    await database.db.transaction().execute(async (tx) => {
      for (const name of sent) await queue.send(tx, 'effect', { name }, { key: 'c' });
    });
    const seen: string[] = [];
    await queue.work('effect', async (data) => void seen.push((data as { name: string }).name), {
      concurrency: 3,
    });
    await until(() => seen.length === sent.length);
    expect(seen).toEqual(sent);
  });

  test('a job that is given up is kept in the dead queue, said at error, and frees its key', async () => {
    const seen: string[] = [];
    await query(
      database.ownerUrl,
      "SET ROLE countersign_owner; UPDATE pgboss.queue SET retry_limit = 1 WHERE name = 'effect'",
    );
    await queue.work('effect', async (data) => {
      const { name } = data as { name: string };
      seen.push(name);
      if (name === 'bad') throw new Error('cannot be done');
    });
    await queue.send(database.db, 'effect', { name: 'bad' }, { key: 'a' });
    await queue.send(database.db, 'effect', { name: 'next' }, { key: 'a' });
    await until(() => seen.includes('next'));
    expect(seen).toEqual(['bad', 'bad', 'next']);
    const errors = logged.filter(({ level }) => level === 'error');
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({
      about: { queue: 'effect', key: 'a', attempts: 2 },
      message: expect.stringContaining('given up after 2 attempts'),
    });
    expect(
      await query(database.writerUrl, "SELECT data, source_name, state FROM pgboss.job WHERE name = 'dead'"),
    ).toEqual([{ data: { name: 'bad' }, source_name: 'effect', state: 'created' }]);

    // What was wrong is mended, and somebody puts it back.
    const [dead] = await deadJobs(database.db);
    expect(dead).toMatchObject({ queue: 'effect', key: 'a', attempts: 2, error: 'cannot be done' });
    seen.length = 0;
    expect(await queue.redrive([String(dead?.id)])).toBe(1);
    await until(() => seen.includes('bad'));
    expect(await queue.redrive([String(dead?.id)])).toBe(0);
  });
});

test.each([
  [
    'an id of no job',
    ['123'],
    1,
    '0 of 1 put back\n',
    'countersign redrive: 123 is no job that was given up\n',
  ],
  ['all and an id', ['--all', '5'], 2, '', 'countersign: redrive takes either --all or ids'],
])('redrive with %s', async (_, args, code, out, err) => {
  const told = { out: '', err: '' };
  const ended = await redrive(args, {
    stdout: { write: (text) => (told.out += text) },
    stderr: { write: (text) => (told.err += text) },
    env: { DATABASE_URL: database.writerUrl },
  });
  expect({ ended, ...told }).toEqual({ ended: code, out, err: expect.stringContaining(err) });
});

test('the job of a process that is killed goes on in another', async () => {
  const module = fileURLToPath(new URL('../../../src/db/', import.meta.url));
  const script = `
    const { openDatabase } = await import(${JSON.stringify(`${module}open-database.ts`)});
    const { openQueue } = await import(${JSON.stringify(`${module}queue.ts`)});
    const url = ${JSON.stringify(database.writerUrl)};
    const queue = openQueue(openDatabase(url), url, { log: console });
    await queue.start();
    await queue.work('deploy', async () => { console.log('running'); await new Promise(() => {}); });`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await queue.send(database.db, 'deploy', { id: 'a' }, { key: 'acme/shop production' });
    await queue.send(database.db, 'deploy', { id: 'b' }, { key: 'acme/shop production' });
    for await (const line of createInterface({ input: child.stdout })) if (line === 'running') break;
    const seen: { data: unknown; attempt: number }[] = [];
    await queue.work('deploy', async (data, { attempt }) => void seen.push({ data, attempt }));
    await sleep(500);
    // The second deployment of the environment waits for the first, also in this process.
    expect(seen).toEqual([]);
    child.kill('SIGKILL');
    // So that the test needn't wait for the heartbeat to be missed.
    await query(
      database.writerUrl,
      "UPDATE pgboss.job SET heartbeat_on = now() - interval '1 minute' WHERE state = 'active'",
    );
    await until(() => seen.length === 2);
    expect(seen).toEqual([
      { data: { id: 'a' }, attempt: 2 },
      { data: { id: 'b' }, attempt: 1 },
    ]);
  } finally {
    child.kill('SIGKILL');
  }
});

describe('stopping', () => {
  test('waits for the running job and takes no further one', async () => {
    let finished = 0;
    const started = Promise.withResolvers<void>();
    await queue.work('delivery', async () => {
      started.resolve();
      await sleep(400);
      finished += 1;
    });
    await queue.send(database.db, 'delivery', { n: 1 });
    await queue.send(database.db, 'delivery', { n: 2 });
    await started.promise;
    await queue.stop();
    expect(finished).toBe(1);
    const { rows } = await sql<{ state: string }>`
      SELECT state FROM pgboss.job WHERE name = 'delivery' ORDER BY created_on`.execute(database.db);
    expect(rows.map(({ state }) => state)).toEqual(['completed', 'created']);
  });
});

test('a worker that stood still until another had its job finds out when it asks, whatever its signal says', async () => {
  const asked: string[] = [];
  const paused = Promise.withResolvers<void>();
  await queue.work('deploy', async (_data, { attempt, signal, assertHeld }) => {
    await assertHeld();
    if (attempt > 1) return;
    await paused.promise;
    asked.push(String(signal.aborted), await assertHeld().then(() => 'held', String));
    const within = database.db.transaction().execute((tx) => assertHeld(tx));
    asked.push(await within.then(() => 'held', String));
  });
  await queue.send(database.db, 'deploy', { key: 'a' }, { key: 'a' });
  const jobs = () =>
    query(database.ownerUrl, "SELECT id, state FROM pgboss.job WHERE name = 'deploy' AND state = 'active'");
  await until(async () => (await jobs()).length === 1);
  // As the supervisor does with one whose heartbeat is late, and the next attempt after it.
  await query(
    database.ownerUrl,
    "UPDATE pgboss.job SET retry_count = retry_count + 1 WHERE name = 'deploy' AND state = 'active'",
  );
  paused.resolve();
  await until(() => asked.length === 3);
  const lost = expect.stringMatching(/no longer ours/);
  expect(asked).toEqual(['false', lost, lost]);
});
