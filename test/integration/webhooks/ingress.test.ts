import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Webhooks } from '@octokit/webhooks';
import { randomBytes, randomUUID } from 'node:crypto';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import * as net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Queue } from '../../../src/db/queue.ts';
import { openQueue } from '../../../src/db/queue.ts';
import { Secret } from '../../../src/domain/secret.ts';
import type { IngressLimits } from '../../../src/webhooks/ingress.ts';
import { createIngress, INGRESS_PATH, INGRESS_SERVER_OPTIONS } from '../../../src/webhooks/ingress.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createTestDatabase, query } from '../../support/database.ts';

const SECRET = randomBytes(32).toString('hex');
const webhooks = new Webhooks({ secret: SECRET });
const NOW = new Date('2026-11-22T10:00:00.000Z');

let database: TestDatabase;
let queue: Queue;
let server: http.Server;
const logged: { level: string; about: object; message: string }[] = [];
const logAt =
  (level: string) =>
  (about: object, message: string): void =>
    void logged.push({ level, about, message });
const log = { info: logAt('info'), warn: logAt('warn'), error: logAt('error') };

async function listen(
  limits: Partial<IngressLimits> = {},
  serverOptions: http.ServerOptions = {},
): Promise<http.Server> {
  const ingress = createIngress({
    secret: new Secret(SECRET),
    db: database.db,
    queue,
    log,
    now: () => NOW,
    limits,
  });
  const created = http.createServer({ ...INGRESS_SERVER_OPTIONS, ...serverOptions }, (request, response) => {
    void ingress(request, response);
  });
  await new Promise<void>((resolve) => created.listen(0, '127.0.0.1', resolve));
  return created;
}

const portOf = (of: http.Server): number => (of.address() as AddressInfo).port;

async function close(closing: http.Server): Promise<void> {
  closing.closeAllConnections();
  await new Promise((resolve) => closing.close(resolve));
}

beforeAll(async () => {
  database = await createTestDatabase();
  queue = openQueue(database.db, database.writerUrl, { log });
  await queue.start();
  server = await listen();
});

beforeEach(() => {
  logged.length = 0;
});

afterAll(async () => {
  await close(server);
  await queue.stop();
  await database.drop();
});

interface Posted {
  readonly body?: string | Buffer;
  readonly headers?: Record<string, string | undefined>;
  readonly to?: http.Server;
  readonly method?: string;
}

/** A well-formed delivery, save what is given. A header of `undefined` is left out. */
async function post({
  body = '{"action":"opened"}',
  headers = {},
  to = server,
  method = 'POST',
}: Posted = {}): Promise<{
  status: number;
  text: string;
  guid: string;
}> {
  const all: Record<string, string | undefined> = {
    'content-type': 'application/json',
    'x-github-event': 'pull_request',
    'x-github-delivery': randomUUID(),
    'x-hub-signature-256': await webhooks.sign(body.toString() || 'empty'),
    ...headers,
  };
  const sent = Object.fromEntries(
    Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  return await new Promise((resolve, reject) => {
    const request = http.request(
      { host: '127.0.0.1', port: portOf(to), path: INGRESS_PATH, method, headers: sent, agent: false },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          resolve({
            status: response.statusCode ?? 0,
            text: text.trim(),
            guid: sent['x-github-delivery'] ?? '',
          });
        });
      },
    );
    request.on('error', reject);
    request.end(method === 'GET' ? undefined : body);
  });
}

const storedAs = async (guid: string): Promise<Record<string, unknown>[]> =>
  await query(database.writerUrl, 'SELECT * FROM countersign.delivery WHERE guid = $1', [guid]);
const jobsFor = async (guid: string): Promise<Record<string, unknown>[]> =>
  await query(
    database.writerUrl,
    "SELECT data FROM pgboss.job WHERE name = 'delivery' AND data->>'guid' = $1",
    [guid],
  );
const countStored = async (): Promise<unknown> =>
  (await query(database.writerUrl, 'SELECT count(*)::int AS n FROM countersign.delivery'))[0]?.['n'];

describe('a delivery', () => {
  test('is stored byte for byte with its job, and answered', async () => {
    const body = '{"action":"opened","installation":{"id":42},"text":"ü \\u0000"}\n';
    const { status, guid } = await post({ body });
    expect(status).toBe(202);
    expect(await storedAs(guid)).toEqual([
      {
        guid,
        event: 'pull_request',
        action: 'opened',
        installation_id: '42',
        body: Buffer.from(body),
        received_at: NOW,
      },
    ]);
    expect(await jobsFor(guid)).toEqual([{ data: { guid } }]);
    expect(logged).toEqual([
      {
        level: 'info',
        message: 'delivery',
        about: { delivery: guid, event: 'pull_request', action: 'opened', duplicate: false },
      },
    ]);
  });

  test('that comes twice is answered twice and stored once', async () => {
    const guid = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 5 }, async () => await post({ headers: { 'x-github-delivery': guid } })),
    );
    const later = await post({
      headers: { 'x-github-delivery': guid.toUpperCase() },
      body: '{"action":"other"}',
    });
    expect([...answers, later].map(({ status }) => status)).toEqual([202, 202, 202, 202, 202, 202]);
    expect(later.text).toBe('known already');
    expect(await storedAs(guid)).toMatchObject([{ body: Buffer.from('{"action":"opened"}') }]);
    expect(await jobsFor(guid)).toHaveLength(1);
  });

  test('of an event that nobody knows is stored too', async () => {
    const { status, guid } = await post({ headers: { 'x-github-event': 'brand_new' }, body: '{}' });
    expect(status).toBe(202);
    expect(await storedAs(guid)).toMatchObject([{ event: 'brand_new', action: null, installation_id: null }]);
  });

  test('of just 25 MB is taken', async () => {
    const body = Buffer.from(`{"a":"${'x'.repeat(25 * 1024 * 1024 - 8)}"}`);
    expect(body).toHaveLength(25 * 1024 * 1024);
    const { status, guid } = await post({ body });
    expect(status).toBe(202);
    expect(
      await query(
        database.writerUrl,
        'SELECT octet_length(body) AS n FROM countersign.delivery WHERE guid = $1',
        [guid],
      ),
    ).toEqual([{ n: 25 * 1024 * 1024 }]);
  });
});

describe('what is refused, and stored by nobody', () => {
  test.each<[string, Posted, number, string]>([
    [
      'a wrong signature',
      { headers: { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` } },
      401,
      'does not match',
    ],
    ['no signature', { headers: { 'x-hub-signature-256': undefined } }, 401, 'missing'],
    ['an old signature', { headers: { 'x-hub-signature-256': `sha1=${'0'.repeat(40)}` } }, 401, 'missing'],
    ['an empty body', { body: '' }, 401, 'does not match'],
    ['a form', { headers: { 'content-type': 'application/x-www-form-urlencoded' } }, 415, 'application/json'],
    ['no type', { headers: { 'content-type': undefined } }, 415, 'application/json'],
    ['a look-alike type', { headers: { 'content-type': 'application/json-seq' } }, 415, 'application/json'],
    ['no event', { headers: { 'x-github-event': undefined } }, 400, 'X-GitHub-Event'],
    ['an impossible event', { headers: { 'x-github-event': '../push' } }, 400, 'X-GitHub-Event'],
    ['no GUID', { headers: { 'x-github-delivery': undefined } }, 400, 'X-GitHub-Delivery'],
    ['a number for a GUID', { headers: { 'x-github-delivery': '12345' } }, 400, 'X-GitHub-Delivery'],
    ['no JSON', { body: 'hello' }, 400, 'not a JSON object'],
    ['a JSON list', { body: '[]' }, 400, 'not a JSON object'],
    ['a GET', { method: 'GET' }, 405, 'posted'],
    [
      'a body that is said to be too large',
      { headers: { 'content-length': String(26 * 1024 * 1024) } },
      413,
      '25 MB',
    ],
  ])('%s', async (_, given, status, text) => {
    const before = await countStored();
    const answer = await post(given).catch((error: unknown) => error);
    expect(answer).toMatchObject({ status, text: expect.stringContaining(text) });
    expect(await countStored()).toBe(before);
  });

  test('a body that turns out to be too large is cut off while it is read', async () => {
    const small = await listen({ maxBytes: 100_000 });
    try {
      const socket = net.connect(portOf(small), '127.0.0.1');
      let answer = '';
      socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
      socket.on('error', () => undefined);
      socket.write(await head({ 'transfer-encoding': 'chunked' }));
      const chunk = `2710\r\n${'x'.repeat(10_000)}\r\n`;
      let sent = 0;
      const pump = setInterval(() => {
        socket.write(chunk);
        sent += 10_000;
      }, 5);
      await new Promise<void>((resolve) => socket.once('close', () => resolve()));
      clearInterval(pump);
      expect(answer).toContain('413 Payload Too Large');
      // Never more than a fraction of a second's worth beyond the limit.
      expect(sent).toBeLessThan(10_000_000);
    } finally {
      await close(small);
    }
  });

  test('a body that never ends, one that never begins, and headers that never end', async () => {
    const hasty = await listen(
      { bodyTimeoutMs: 300 },
      { headersTimeout: 600, connectionsCheckingInterval: 100 },
    );
    try {
      const started = performance.now();
      const [dripping, silent, headless] = await Promise.all([
        talk(hasty, await head({ 'transfer-encoding': 'chunked' }), '1\r\n{\r\n'),
        talk(hasty, await head({ 'content-length': '10' })),
        talk(hasty, `POST ${INGRESS_PATH} HTTP/1.1\r\nhost: x\r\n`),
      ]);
      expect(dripping).toContain('408 Request Timeout');
      expect(silent).toContain('408 Request Timeout');
      expect(headless).toContain('408 Request Timeout');
      expect(performance.now() - started).toBeLessThan(5_000);
      expect((await post({ to: hasty })).status).toBe(202);
    } finally {
      await close(hasty);
    }
  });

  test('bodies of unknown senders together take no more than the budget, and give it back', async () => {
    // None of them runs out of time while they are looked at, however busy the machine is.
    const tight = await listen({ budgetBytes: 50_000, bodyTimeoutMs: 60_000 });
    const held = { bytes: 0, ended: 0 };
    // After what reads them, which was there first.
    tight.on('request', (request: http.IncomingMessage) => {
      if (request.headers['content-length'] !== '20000') return;
      request.on('data', (chunk: Buffer) => (held.bytes += chunk.length));
      request.on('close', () => (held.ended += 1));
    });
    try {
      const holding = await Promise.all(
        Array.from({ length: 4 }, async () => {
          const socket = net.connect(portOf(tight), '127.0.0.1').on('error', () => undefined);
          socket.write(await head({ 'content-length': '20000' }));
          socket.write('x'.repeat(12_000));
          return socket;
        }),
      );
      while (held.bytes < 48_000) await sleep(10);
      expect(await post({ to: tight, body: JSON.stringify({ a: 'x'.repeat(5_000) }) })).toMatchObject({
        status: 503,
      });
      for (const socket of holding) socket.destroy();
      while (held.ended < holding.length) await sleep(10);
      expect(await post({ to: tight, body: JSON.stringify({ a: 'x'.repeat(40_000) }) })).toMatchObject({
        status: 202,
      });
    } finally {
      await close(tight);
    }
  });
});

test('a delivery that cannot be stored is answered 503, so that GitHub shows it as failed', async () => {
  const lost = await createTestDatabase();
  const lostQueue = openQueue(lost.db, lost.writerUrl, { log });
  await lostQueue.start();
  const ingress = createIngress({
    secret: new Secret(SECRET),
    db: lost.db,
    queue: lostQueue,
    log,
    now: () => NOW,
  });
  const down = http.createServer((request, response) => void ingress(request, response));
  await new Promise<void>((resolve) => down.listen(0, '127.0.0.1', resolve));
  try {
    const guid = randomUUID();
    await query(lost.ownerUrl, 'SET ROLE countersign_owner; ALTER TABLE countersign.delivery RENAME TO gone');
    expect(await post({ to: down, headers: { 'x-github-delivery': guid } })).toMatchObject({ status: 503 });
    expect(logged.filter(({ level }) => level === 'error')).toHaveLength(1);
    await query(lost.ownerUrl, 'SET ROLE countersign_owner; ALTER TABLE countersign.gone RENAME TO delivery');
    expect(await post({ to: down, headers: { 'x-github-delivery': guid } })).toMatchObject({
      status: 202,
      text: 'stored',
    });
  } finally {
    await close(down);
    await lostQueue.stop();
    await lost.drop();
  }
});

/** The head of a well-formed delivery, as it goes over the wire. */
async function head(extra: Record<string, string>): Promise<string> {
  const headers = {
    host: 'localhost',
    'content-type': 'application/json',
    'x-github-event': 'push',
    'x-github-delivery': randomUUID(),
    'x-hub-signature-256': await webhooks.sign('{}'),
    ...extra,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return `POST ${INGRESS_PATH} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
}

/** Says something and then only listens, until the other side ends it. */
async function talk(to: http.Server, ...said: string[]): Promise<string> {
  return await new Promise((resolve) => {
    let heard = '';
    const socket = net.connect(portOf(to), '127.0.0.1').on('error', () => undefined);
    socket.setEncoding('utf8').on('data', (text: string) => (heard += text));
    socket.on('close', () => {
      resolve(heard);
    });
    for (const text of said) socket.write(text);
  });
}
