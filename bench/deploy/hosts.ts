/** OpenSSH servers to ship to, with one client key that all of them let in. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type DemoServer, createKeyPair, startServer } from '../../demo/servers/servers.ts';
import { SHARED_PATH, ownDisk } from '../../test/support/deploy/own-disk.ts';
import type { Host } from '../../src/domain/deploy.ts';

export interface Hosts {
  readonly servers: readonly DemoServer[];
  /** The client's private key, for programs. */
  readonly keyFile: string;
  stop(): Promise<void>;
}

/** A server whose paths are this machine's own. */
export async function startOneHost(directory: string): Promise<Hosts> {
  return start(directory, ['one']);
}

/**
 * Servers that each have `SHARED_PATH` for themselves, as a target has one path on all its hosts: what their sshd runs first
 * puts a folder of their own in its place.
 */
export async function startManyHosts(directory: string, count: number): Promise<Hosts> {
  return start(
    directory,
    Array.from({ length: count }, (_, index) => `web${index}`),
    true,
  );
}

export { SHARED_PATH };

/** As an operator's file names it; by another port where the way there is another. */
export function hostOf(server: DemoServer, port = server.port): Host {
  return { host: server.host, port, user: server.user, fingerprint: server.fingerprint };
}

async function start(directory: string, names: readonly string[], ownDisks = false): Promise<Hosts> {
  await mkdir(directory, { recursive: true });
  const pair = createKeyPair('bench');
  const keyFile = path.join(directory, 'key');
  await writeFile(keyFile, pair.privateKey, { mode: 0o600 });
  const servers: DemoServer[] = [];
  for (const name of names) {
    const dir = path.join(directory, name);
    await mkdir(dir, { recursive: true });
    const login = path.join(dir, 'login');
    if (ownDisks) await writeFile(login, ownDisk(path.join(dir, 'root', 'shop')), { mode: 0o755 });
    const server = await startServer({
      dir,
      name,
      kind: 'openssh',
      sftp: true,
      environment: { PATH: '/usr/local/bin:/usr/bin:/bin' },
      ...(ownDisks ? { forceCommand: login } : {}),
    });
    await server.authorize(pair.publicKey);
    servers.push(server);
  }
  return {
    servers,
    keyFile,
    stop: async () => {
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}
