/** OpenSSH servers to ship to, with one client key that all of them let in. */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
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

/** Where a mount namespace shows each server a folder of its own. It is there on every Linux, and seldom anything below it. */
const MOUNT = '/mnt';
/** `unshare -m` this with a folder, and a command to become. */
const OWN_MOUNT = ['sh', '-c', `mount --bind "$0" ${MOUNT} && exec "$@"`];

/**
 * Servers that each have `path` for themselves, as a target has one path on all its hosts: in a mount namespace each, where that
 * may be made (as root). Elsewhere what their sshd runs first puts a folder of their own in its place, which costs every session some
 * milliseconds that a host of its own wouldn't take. `mount`: what each sees its `root` as; null where only our scripts are shown another
 * folder.
 */
export async function startManyHosts(
  directory: string,
  count: number,
): Promise<Hosts & { readonly path: string; readonly mount: string | null; readonly apart: string }> {
  await mkdir(directory, { recursive: true });
  const mounts = await promisify(execFile)('unshare', ['-m', ...OWN_MOUNT, directory, 'true']).then(
    () => true,
    () => false,
  );
  const names = Array.from({ length: count }, (_, index) => `web${index}`);
  const hosts = await start(directory, names, mounts ? 'mounts' : 'logins');
  return mounts
    ? { ...hosts, path: path.join(MOUNT, 'shop'), mount: MOUNT, apart: 'a mount namespace each' }
    : { ...hosts, path: SHARED_PATH, mount: null, apart: 'each session rewrites its script' };
}

/** As an operator's file names it; by another port where the way there is another. */
export function hostOf(server: DemoServer, port = server.port): Host {
  return { host: server.host, port, user: server.user, fingerprint: server.fingerprint };
}

async function start(
  directory: string,
  names: readonly string[],
  apart: 'mounts' | 'logins' | null = null,
): Promise<Hosts> {
  await mkdir(directory, { recursive: true });
  const pair = createKeyPair('bench');
  const keyFile = path.join(directory, 'key');
  await writeFile(keyFile, pair.privateKey, { mode: 0o600 });
  const servers: DemoServer[] = [];
  for (const name of names) {
    const dir = path.join(directory, name);
    await mkdir(dir, { recursive: true });
    const login = path.join(dir, 'login');
    if (apart === 'logins') await writeFile(login, ownDisk(path.join(dir, 'root', 'shop')), { mode: 0o755 });
    const server = await startServer({
      dir,
      name,
      kind: 'openssh',
      sftp: true,
      environment: { PATH: '/usr/local/bin:/usr/bin:/bin' },
      ...(apart === 'logins' ? { forceCommand: login } : {}),
      ...(apart === 'mounts' ? { within: ['unshare', '-m', ...OWN_MOUNT, path.join(dir, 'root')] } : {}),
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
