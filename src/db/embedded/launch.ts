import { spawn } from 'node:child_process';
import * as net from 'node:net';
import { createInterface } from 'node:readline';
import type { Account } from './account.ts';
import type { Binaries } from './binaries.ts';
import { BARE_ENVIRONMENT } from './run-as.ts';

/** A running server. `stop` asks for a fast shutdown and resolves once the process is gone. */
export interface Running {
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * PostgreSQL under a shell that holds the other end of a pipe of ours. When the pipe closes (because we stop, or
 * because we died, even by SIGKILL) the shell asks PostgreSQL to shut down. Its own process group keeps a Ctrl-C
 * meant for us away from it, so that we can drain first.
 */
const WATCH = `
exec 3<&0 </dev/null
"$@" 3<&- &
server=$!
{ while read -r _; do :; done <&3; kill -INT "$server"; } 2>/dev/null &
watch=$!
exec 3<&-
wait "$server"
code=$?
kill "$watch" 2>/dev/null
exit "$code"
`;

export async function launch(
  options: Readonly<{
    binaries: Binaries;
    account: Account;
    place: string;
    preferredPort: number;
    settings: Readonly<Record<string, string>>;
    log: (line: string) => void;
  }>,
): Promise<Running> {
  const preferred = options.preferredPort > 0 ? [options.preferredPort] : [];
  // A port that was free a moment ago may be taken by now: another one is tried.
  for (const wanted of [...preferred, 0, 0, 0]) {
    const port = await freePort(wanted);
    if (port === null) continue;
    const running = await launchOn(port, options);
    if (running !== 'port taken') return running;
  }
  throw new Error('no free port on 127.0.0.1 for the embedded PostgreSQL');
}

async function launchOn(
  port: number,
  { binaries, account, place, settings, log }: Parameters<typeof launch>[0],
): Promise<Running | 'port taken'> {
  const all = { listen_addresses: '127.0.0.1', port: String(port), unix_socket_directories: '', ...settings };
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn('/bin/sh', ['-c', WATCH, 'sh', binaries.postgres, '-D', place, ...flags], {
    ...account.ids,
    cwd: '/',
    env: BARE_ENVIRONMENT,
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  child.stdin.on('error', () => undefined);
  const gone = new Promise<void>((resolve) => {
    child.on('exit', () => {
      resolve();
    });
    child.on('error', () => {
      resolve();
    });
  });
  const tail: string[] = [];
  const started = await new Promise<'ready' | 'port taken' | 'failed'>((resolve) => {
    let taken = false;
    createInterface({ input: child.stderr }).on('line', (line) => {
      log(line);
      if (tail.push(line) > 20) tail.shift();
      taken ||= line.includes('Address already in use');
      if (line.includes('database system is ready to accept connections')) resolve('ready');
    });
    child.on('exit', () => {
      resolve(taken ? 'port taken' : 'failed');
    });
    child.on('error', () => {
      resolve('failed');
    });
  });
  if (started === 'port taken') return started;
  if (started === 'failed') {
    throw new Error(`the embedded PostgreSQL in ${place} did not start:\n${tail.join('\n')}`);
  }
  // Whoever forgets to stop it is not kept alive by it, and stops it by ending.
  child.unref();
  for (const stream of [child.stdin, child.stderr]) if (stream instanceof net.Socket) stream.unref();
  return {
    port,
    stop: async () => {
      child.ref();
      child.stdin.end();
      await gone;
    },
  };
}

/** A free port on loopback: `wanted` if it is free, any if `wanted` is 0, else null. */
async function freePort(wanted: number): Promise<number | null> {
  return await new Promise((resolve) => {
    const server = net.createServer();
    server.on('error', () => {
      resolve(null);
    });
    server.listen(wanted, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : null;
      server.close(() => {
        resolve(port);
      });
    });
  });
}
