import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { removeEmbeddedPostgres } from '../../src/db/embedded-postgres.ts';
import { generateLedgerKey } from '../../src/ledger/sequence/signer.ts';
import { assertReperformed } from '../support/assert-reperformed.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { runCountersign } from '../support/run-countersign.ts';

let cwd: string;
let database: TestDatabase;
let env: Record<string, string>;

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'countersign-start-'));
  database = await createTestDatabase();
  env = {
    APP_ID: '1',
    PRIVATE_KEY: generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    }).privateKey,
    WEBHOOK_SECRET: 'b0a1e7c25d9f4e638a7b1c2d',
    HOST: '127.0.0.1',
    PORT: '0',
    DATABASE_URL: database.writerUrl,
    COUNTERSIGN_LEDGER_KEY: generateLedgerKey(),
    COUNTERSIGN_LEDGER_ORIGIN: 'start.example/ledger/1',
  };
});

afterAll(async () => {
  await removeEmbeddedPostgres(join(cwd, 'data/postgres'));
  await assertReperformed(database.db);
  await database.drop();
  await rm(cwd, { recursive: true, force: true });
});

/** Of a request with just this text where the path belongs, which `fetch` would put right. */
function statusOf(url: string, path: string): Promise<number | undefined> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    get({ hostname, port, path }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', reject);
  });
}

describe('start refuses', () => {
  test.each([
    [
      'the webhook secret that Probot falls back to',
      () => ({ WEBHOOK_SECRET: 'development' }),
      /WEBHOOK_SECRET: is a default/,
    ],
    ['a short webhook secret', () => ({ WEBHOOK_SECRET: 'a1b2c3' }), /WEBHOOK_SECRET: is shorter than 16/],
    ['a missing webhook secret', () => ({ WEBHOOK_SECRET: '' }), /WEBHOOK_SECRET: is missing/],
    [
      'a database role that owns the ledger',
      () => ({ DATABASE_URL: database.ownerUrl }),
      /the ledger could be rewritten/,
    ],
    ['a superuser', () => ({ DATABASE_URL: database.superuserUrl }), /the ledger could be rewritten/],
    [
      "the owner's password beside the app's",
      () => ({ MIGRATION_DATABASE_URL: database.ownerUrl }),
      /MIGRATION_DATABASE_URL is set/,
    ],
    [
      'a login that may only read',
      () => ({ DATABASE_URL: database.readerUrl }),
      /countersign_auditor may not write the ledger, so nothing can be recorded/,
    ],
    [
      'a wrong password',
      () => ({ DATABASE_URL: Object.assign(new URL(database.writerUrl), { password: 'wrong' }).href }),
      /DATABASE_URL: 127\.0\.0\.1:\d+\/\w+ refused the login countersign_app: password authentication failed\./,
    ],
    [
      'a database that is not there',
      () => ({ DATABASE_URL: 'postgresql://a:hush@127.0.0.1:1/x' }),
      /DATABASE_URL: 127\.0\.0\.1:1 can't be reached \(ECONNREFUSED\)/,
    ],
    ['no key for the ledger', () => ({ COUNTERSIGN_LEDGER_KEY: '' }), /COUNTERSIGN_LEDGER_KEY: is missing/],
  ])('%s', async (_what, change, message) => {
    const running = runCountersign(['start'], { cwd, env: { ...env, ...change() } });
    expect(await running.ended).toBe(2);
    expect(running.output()).toMatch(message);
    expect(running.output()).not.toContain('PRIVATE KEY');
    expect(running.output()).not.toContain('    at ');
  });
});

test('a wrong call is told in a sentence, with how it is used', async () => {
  const running = runCountersign(['start', '--environment'], { cwd, env });
  expect(await running.ended).toBe(2);
  expect(running.output()).toMatch(/argument missing[\s\S]*countersign start \[--environment NAME/);
  expect(running.output()).not.toContain('    at ');
});

test('a ledger of another key is refused, and the process ends at once', async () => {
  const first = runCountersign(['start'], { cwd, env });
  await first.says(/serving on/);
  first.kill('SIGTERM');
  expect(await first.ended).toBe(0);
  const running = runCountersign(['start'], {
    cwd,
    env: { ...env, COUNTERSIGN_LEDGER_KEY: generateLedgerKey() },
  });
  await running.says(/this database's ledger is signed as/);
  const said = Date.now();
  expect(await running.ended).toBe(2);
  // Idle connections, which keep a process for half a minute, were closed.
  expect(Date.now() - said).toBeLessThan(10_000);
});

test('an address that another program has is refused, and nothing goes on without one', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => {
    taken.listen(0, '127.0.0.1', resolve);
  });
  try {
    const { port } = taken.address() as AddressInfo;
    const running = runCountersign(['start'], { cwd, env: { ...env, PORT: String(port) } });
    expect(await running.ended).toBe(2);
    expect(running.output()).toContain(`can't serve on 127.0.0.1:${port}: another program has it`);
    expect(running.output()).not.toContain('    at ');
  } finally {
    taken.close();
  }
});

test('with credentials it serves, and SIGTERM lets it finish and leave with 0', async () => {
  const running = runCountersign(['start'], { cwd, env });
  const [, url = ''] = await running.says(/serving on (http:\S+)/);
  for (const odd of ['//', 'http://[', '/%', '*']) expect(await statusOf(url, odd)).toBe(404);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  running.kill('SIGTERM');
  expect(await running.ended).toBe(0);
});

test('without credentials it shows the set-up page on loopback, behind the token in the printed address', async () => {
  const running = runCountersign(['start'], { cwd, env: { PORT: '0' } });
  const [address = ''] = await running.says(/http:\/\/127\.0\.0\.1:\d+\/\S+/);
  expect(await (await fetch(address)).text()).toContain('GitHub App');
  const { origin } = new URL(address);
  for (const path of ['/', '/setup', '/setup?token=wrong', '/healthz', '/probot/import']) {
    expect((await fetch(`${origin}${path}`)).status).toBe(404);
  }
  running.kill('SIGTERM');
  expect(await running.ended).toBe(0);
});

test('without DATABASE_URL it brings its own PostgreSQL under ./data, says so loudly, and keeps it', async () => {
  const { DATABASE_URL: _, COUNTERSIGN_LEDGER_KEY: __, COUNTERSIGN_LEDGER_ORIGIN: ___, ...without } = env;
  const serve = async (): Promise<string> => {
    const running = runCountersign(['start'], { cwd, env: without });
    const [, url = ''] = await running.says(/serving on (http:\S+)/);
    expect(running.output()).toContain('DATABASE_URL is not set');
    const checkpoint = await (await fetch(`${url}/checkpoint`)).text();
    running.kill('SIGTERM');
    expect(await running.ended).toBe(0);
    return checkpoint;
  };
  const first = await serve();
  expect((await stat(join(cwd, 'data/ledger.key'))).mode & 0o777).toBe(0o600);
  const key = await readFile(join(cwd, 'data/ledger.key'), 'utf8');
  const second = await serve();
  // The same log goes on: the same name, and no fewer entries than before.
  expect(second.split('\n')[0]).toBe(first.split('\n')[0]);
  expect(Number(second.split('\n')[1])).toBeGreaterThanOrEqual(Number(first.split('\n')[1]));
  expect(await readFile(join(cwd, 'data/ledger.key'), 'utf8')).toBe(key);
}, 60_000);
