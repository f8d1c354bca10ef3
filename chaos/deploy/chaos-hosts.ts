/** Three servers, each a real sshd with a rough way to it and, where we may mount one, a small disk of its own. */
import { execFile } from 'node:child_process';
import { appendFile, mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { type DemoServer, createKeyPair, startServer } from '../../demo/servers/servers.ts';
import { SHARED_PATH, ownDisk } from '../../test/support/deploy/own-disk.ts';
import { type RoughWay, startRoughWay } from './rough-way.ts';
import { type CurrentWatch, watchCurrent } from './watch-current.ts';

export interface ChaosHost {
  readonly server: DemoServer;
  readonly way: RoughWay;
  /** The target's path, where it is on this machine. */
  readonly shop: string;
  readonly current: CurrentWatch;
  /** Takes up all that is free on its disk, or gives it back. Null: it has no disk of its own. */
  readonly fill: ((full: boolean) => Promise<void>) | null;
}

export interface ChaosHosts {
  readonly hosts: readonly ChaosHost[];
  readonly keyFile: string;
  stop(): Promise<void>;
}

const NAMES = ['web1', 'web2', 'web3'];
/** Room for some releases of the shop. */
const DISK_MEBIBYTES = 32;
const BALLAST_PIECE = 64 * 1024;

export async function startChaosHosts(directory: string): Promise<ChaosHosts> {
  const pair = createKeyPair('chaos');
  const keyFile = path.join(directory, 'chaos.key');
  await writeFile(keyFile, pair.privateKey, { mode: 0o600 });
  const stops: (() => Promise<unknown>)[] = [];
  const hosts: ChaosHost[] = [];
  for (const name of NAMES) {
    const dir = path.join(directory, name);
    const root = path.join(dir, 'root');
    await mkdir(root, { recursive: true });
    const mounted = await mountDisk(root);
    if (mounted) stops.push(() => promisify(execFile)('umount', ['-l', root]));
    const shop = path.join(root, 'shop');
    await mkdir(shop);
    const current = watchCurrent(shop);
    stops.push(async () => {
      current.stop();
      await Promise.resolve();
    });
    const login = path.join(dir, 'login');
    await writeFile(login, ownDisk(shop), { mode: 0o755 });
    const server = await startServer({ dir, name, kind: 'openssh', forceCommand: login });
    stops.push(() => server.stop());
    await server.authorize(pair.publicKey);
    const way = await startRoughWay(server.port);
    stops.push(async () => {
      way.stop();
      await Promise.resolve();
    });
    hosts.push({ server, way, shop, current, fill: mounted ? filling(root) : null });
  }
  return {
    hosts,
    keyFile,
    stop: async () => {
      for (const stop of stops.toReversed()) await stop();
    },
  };
}

/** As the operator's file has them. */
export function targetOf({ hosts, keyFile }: ChaosHosts, commands: Readonly<Record<string, string>>): object {
  return {
    repository: 'acme/shop',
    environment: 'staging',
    hosts: hosts.map(({ server, way }) => ({
      host: server.host,
      port: way.port,
      user: server.user,
      fingerprint: server.fingerprint,
    })),
    credential: { private_key: { file: keyFile } },
    path: SHARED_PATH,
    keep: 2,
    commands,
    timeout: 30,
  };
}

async function mountDisk(root: string): Promise<boolean> {
  if (process.getuid?.() !== 0) return false;
  const options = ['-t', 'tmpfs', '-o', `size=${DISK_MEBIBYTES}m,mode=755`, 'tmpfs', root];
  return promisify(execFile)('mount', options).then(
    () => true,
    () => false,
  );
}

function filling(root: string): (full: boolean) => Promise<void> {
  const ballast = path.join(root, 'ballast');
  return async (full) => {
    if (!full) {
      await rm(ballast, { force: true });
      return;
    }
    const { bavail, bsize } = await statfs(root);
    const piece = Buffer.alloc(BALLAST_PIECE);
    try {
      for (let left = bavail * bsize; left > 0; left -= piece.length) await appendFile(ballast, piece);
    } catch (error) {
      if (!hasCode(error, 'ENOSPC')) throw error;
    }
  };
}

function hasCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
