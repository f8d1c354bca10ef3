import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase } from '../../../src/db/open-database.ts';
import { newEntryId } from '../../../src/ledger/format/entry-id.ts';
import { record } from '../../../src/ledger/store/record.ts';
import { startSequencer } from '../../../src/ledger/sequence/sequencer.ts';
import { createSigner, generateLedgerKey } from '../../../src/ledger/sequence/signer.ts';
import { createPages, type PagesOptions } from '../../../src/web/pages.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

let database: TestDatabase;
const servers: Server[] = [];
const warned: string[] = [];

async function serve(options: Partial<PagesOptions> = {}): Promise<string> {
  const pages = createPages({
    db: database.db,
    log: { warn: (about, message) => void warned.push(`${message} ${JSON.stringify(about)}`) },
    now: () => new Date(Date.now() + 60_000),
    ...options,
  });
  const server = createServer((request, response) => void pages(request, response));
  servers.push(server);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  await database.drop();
});

const now = '2026-11-20T10:00:00.000Z';
const at = () => ({
  id: newEntryId(now, (size) => randomBytes(size)),
  now,
  random: (size: number) => randomBytes(size),
});
const heartbeat = {
  kind: 'ledger.heartbeat',
  occurredAt: now,
  who: [],
  repository: null,
  commit: null,
  pullRequest: null,
  environment: null,
  hosts: [],
  outcome: 'alive',
  reasons: [],
  delivery: null,
  answers: null,
  documents: [],
} as const;

describe('the pages of a serving process', () => {
  test('tells why nothing is appended to the ledger, and stays alive: a restart would mend nothing', async () => {
    const well = await serve();
    expect(await (await fetch(`${well}/healthz`)).text()).toBe('ok\n');
    expect(await (await fetch(`${well}/metrics`)).text()).toContain('\ncountersign_ledger_stopped 0\n');
    const ill = await serve({ ledgerProblem: () => 'somebody holds the lock: end it.' });
    const health = await fetch(`${ill}/healthz`);
    expect([health.status, await health.text()]).toEqual([
      200,
      'ok, but nothing is appended to the ledger: somebody holds the lock: end it.\n',
    ]);
    expect(await (await fetch(`${ill}/metrics`)).text()).toContain('\ncountersign_ledger_stopped 1\n');
  });

  test('say that it lives, and whether it can work', async () => {
    const url = await serve();
    const alive = await fetch(`${url}/healthz`);
    expect([alive.status, await alive.text()]).toEqual([200, 'ok\n']);
    expect(alive.headers.get('content-security-policy')).toContain("default-src 'none'");
    const ready = await fetch(`${url}/readyz?verbose`);
    expect([ready.status, await ready.text()]).toEqual([200, 'ready\n']);
    const head = await fetch(`${url}/readyz`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  test('without a database: alive, and not ready', async () => {
    const db = openDatabase('postgresql://nobody@127.0.0.1:1/none');
    const url = await serve({ db });
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    const ready = await fetch(`${url}/readyz`);
    expect([ready.status, await ready.text()]).toEqual([503, 'The database does not answer.\n']);
    expect(warned.join()).toContain('a page could not be served');
    // Whoever has its key sees a deployment's log: it is no more for our own log than for anybody else.
    const key = randomBytes(16).toString('base64url');
    expect((await fetch(`${url}/deployments/${key}`)).status).toBe(503);
    expect(warned.join()).toContain('/deployments/…');
    expect(warned.join()).not.toContain(key);
    await db.destroy();
  });

  test('show the numbers, and the newest checkpoint once there is one', async () => {
    const url = await serve();
    expect((await fetch(`${url}/checkpoint`)).status).toBe(404);
    await record(database.db, heartbeat, at());
    const before = await (await fetch(`${url}/metrics`)).text();
    expect(before).toContain('countersign_ledger_entries{state="pending"} 1\n');
    expect(before).toContain('countersign_ledger_entries{state="integrated"} 0\n');
    expect(Number(/^countersign_ledger_oldest_pending_seconds (.+)$/m.exec(before)?.[1])).toBeGreaterThan(50);

    const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const signer = createSigner({ origin: 'test.example/ledger/1', privateKey: generateLedgerKey() });
    const sequencer = await startSequencer({ url: database.writerUrl, signer, log });
    try {
      for (let tries = 0; tries < 100; tries += 1) {
        if ((await fetch(`${url}/checkpoint`)).status === 200) break;
        await sleep(50);
      }
      const checkpoint = await fetch(`${url}/checkpoint`);
      expect(await checkpoint.text()).toMatch(
        /^test\.example\/ledger\/1\n1\n[\w+/]{43}=\n\n— test\.example\/ledger\/1 /,
      );
      const metrics = await fetch(`${url}/metrics`);
      expect(metrics.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
      const after = await metrics.text();
      expect(after).toContain('countersign_ledger_entries{state="integrated"} 1\n');
      expect(after).toContain('countersign_ledger_entries{state="pending"} 0\n');
      expect(after).toContain('countersign_ledger_oldest_pending_seconds 0\n');
      expect(after).toContain('countersign_unfinished_effects{state="planned"} 0\n');
      expect(after).toContain('process_cpu_seconds_total');
      expect(after).not.toContain('countersign_ledger_witnessed_size{');

      const branch = 'ssh://git@host/ledger.git#ledger-witness';
      const cosigner = 'witness.example.com/w1+1a2b3c4d+BAAA';
      for (const [witness, size] of [
        [branch, 0],
        [branch, 1],
        [cosigner, 0],
      ] as const)
        await database.db
          .insertInto('ledger.witness')
          .values({ log_id: 1, witness, size, evidence: '' })
          .execute();
      const watched = await serve({
        witnesses: () => [
          { witness: branch, state: 'contradicts' },
          { witness: cosigner, state: 'unreachable' },
          { witness: 'elsewhere', state: 'standing by' },
        ],
      });
      const told = await (await fetch(`${watched}/metrics`)).text();
      for (const line of [
        `countersign_ledger_witnessed_size{witness="${branch}"} 1`,
        'countersign_ledger_witnessed_size{witness="witness.example.com/w1"} 0',
        `countersign_ledger_witness_alarm{witness="${branch}"} 1`,
        'countersign_ledger_witness_alarm{witness="witness.example.com/w1"} 0',
        `countersign_ledger_witness_reachable{witness="${branch}"} 1`,
        'countersign_ledger_witness_reachable{witness="witness.example.com/w1"} 0',
      ])
        expect(told).toContain(`${line}\n`);
      expect(told).toMatch(
        /^countersign_ledger_witnessed_timestamp_seconds\{witness="witness\.example\.com\/w1"\} \d/m,
      );
      expect(told).not.toContain('reachable{witness="elsewhere"}');
    } finally {
      await sequencer.stop();
    }
  });

  test.each([
    ['GET', '/', 404],
    ['GET', '/constructor', 404],
    ['GET', '/metrics/', 404],
    ['POST', '/metrics', 405],
  ])('%s %s is %d', async (method, path, status) => {
    const url = await serve();
    expect((await fetch(`${url}${path}`, { method })).status).toBe(status);
  });
});
