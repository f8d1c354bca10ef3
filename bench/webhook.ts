import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import * as fs from 'node:fs/promises';
import { Agent, request } from 'node:http';
import * as os from 'node:os';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import { removeEmbeddedPostgres, startEmbeddedPostgres } from '../src/db/embedded-postgres.ts';
import { migrate } from '../src/db/migrate.ts';
import type { Benchmark } from './benchmark.ts';

const ROUNDS = 5;
const DELIVERIES = 2_000;
const CALLERS = 16;
/** As large as a pull request's payload usually is. */
const PAYLOAD_BYTES = 23_000;

/**
 * What one delivery costs: CPU of the server's own process, ours (read, verified, parsed, stored with its job in one
 * transaction on a real PostgreSQL, answered) against bare `node:http` that reads the body and checks its HMAC.
 */
export async function run(): Promise<Benchmark> {
  const dataDir = await fs.mkdtemp(path.join(os.tmpdir(), 'countersign-bench-'));
  await fs.chmod(dataDir, 0o755);
  const postgres = await startEmbeddedPostgres({ dataDir, log: () => undefined });
  const servers: Server[] = [];
  try {
    await migrate(postgres.ownerUrl);
    const secret = randomBytes(32).toString('hex');
    const bare = await startServer('bare', secret, '');
    const ours = await startServer('ingress', secret, postgres.writerUrl);
    servers.push(bare, ours);
    const body = Buffer.from(JSON.stringify({ action: 'opened', installation: { id: 1 }, filler: filler() }));
    const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
    for (const server of servers) await load(server, body, signature);
    const rounds: { bare: Cost; ours: Cost }[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      rounds.push({ bare: await load(bare, body, signature), ours: await load(ours, body, signature) });
    }
    const row = (
      name: string,
      of: (round: { bare: Cost; ours: Cost }) => Cost,
    ): Record<string, string | number> => ({
      server: name,
      'CPU ms per delivery': Number(median(rounds.map((round) => of(round).cpuMs)).toFixed(3)),
      'deliveries per second': Math.round(median(rounds.map((round) => of(round).perSecond))),
      rounds: rounds.map((round) => of(round).cpuMs.toFixed(3)).join(' '),
    });
    return {
      rows: [
        row('node:http + HMAC', (round) => round.bare),
        row('ingress + PostgreSQL', (round) => round.ours),
      ],
      ratios: {
        webhook_cpu_vs_bare: Number(
          median(rounds.map((round) => round.ours.cpuMs / round.bare.cpuMs)).toFixed(2),
        ),
      },
    };
  } finally {
    for (const { process: child } of servers) child.kill();
    await postgres.stop();
    await removeEmbeddedPostgres(dataDir);
    await fs.rm(dataDir, { recursive: true, force: true });
  }
}

interface Server {
  readonly process: ChildProcess;
  readonly port: number;
}

interface Cost {
  readonly cpuMs: number;
  readonly perSecond: number;
}

async function startServer(kind: 'bare' | 'ingress', secret: string, url: string): Promise<Server> {
  const child = fork(fileURLToPath(new URL('./webhook-server.ts', import.meta.url)), [kind, secret, url]);
  const [message] = (await once(child, 'message')) as [{ port: number }];
  return { process: child, port: message.port };
}

async function cpuOf(server: Server): Promise<number> {
  server.process.send('cpu');
  const [message] = (await once(server.process, 'message')) as [{ cpu: number }];
  return message.cpu;
}

/** Sends `DELIVERIES` deliveries, each new, by `CALLERS` at a time over kept-alive connections. */
async function load(server: Server, body: Buffer, signature: string): Promise<Cost> {
  const agent = new Agent({ keepAlive: true, maxSockets: CALLERS });
  const before = await cpuOf(server);
  const started = performance.now();
  let left = DELIVERIES;
  const caller = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await deliver(agent, server.port, body, signature);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  const seconds = (performance.now() - started) / 1_000;
  agent.destroy();
  return { cpuMs: ((await cpuOf(server)) - before) / 1_000 / DELIVERIES, perSecond: DELIVERIES / seconds };
}

async function deliver(agent: Agent, port: number, body: Buffer, signature: string): Promise<void> {
  const headers = {
    'content-type': 'application/json',
    'content-length': body.length,
    'x-github-event': 'pull_request',
    'x-github-delivery': randomUUID(),
    'x-hub-signature-256': signature,
  };
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const sent = request({
      agent,
      port,
      host: '127.0.0.1',
      path: '/api/github/webhooks',
      method: 'POST',
      headers,
    });
    sent.on('error', reject);
    sent.on('response', (response) => {
      response.resume();
      response.on('end', () => {
        resolve(response.statusCode);
      });
    });
    sent.end(body);
  });
  if (status !== 202) throw new Error(`the server answered ${status}`);
}

/** Like a payload: many short fields. */
function filler(): object[] {
  return Array.from({ length: Math.ceil(PAYLOAD_BYTES / 115) }, (_, id) => ({
    id,
    node_id: 'MDExOlB1bGxSZXF1ZXN0MQ==',
    url: 'https://api.github.com/repos/acme/shop/pulls/1',
    site_admin: false,
  }));
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
