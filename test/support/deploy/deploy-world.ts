import { randomBytes } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ServerOptions } from '../../../demo/servers/demo-server.ts';
import type { DemoServer } from '../../../demo/servers/servers.ts';
import { hasOpenSsh, startServer } from '../../../demo/servers/servers.ts';
import type { DeployProgress } from '../../../src/deploy/deploy-ports.ts';
import { deploy } from '../../../src/deploy/deploy-to-hosts.ts';
import { readManifest } from '../../../src/deploy/manifest.ts';
import type { DeployOutcome, Host, LoginKey, Target } from '../../../src/domain/deploy.ts';
import { GitRepository } from './git-repository.ts';
import { SHARED_PATH, ownDisk } from './own-disk.ts';

/** What a test may say of a deployment; everything else has a plain default. */
export interface DeployWish {
  readonly release: string;
  readonly sha: string;
  readonly running?: { readonly release: string; readonly sha: string } | null;
  readonly kept?: readonly string[];
  readonly hosts?: readonly Host[];
  readonly target?: Partial<Target>;
  readonly privateKey?: LoginKey;
  readonly jumpKeys?: Readonly<Record<string, LoginKey>>;
  readonly resumed?: boolean;
  readonly signal?: AbortSignal;
  readonly cancelled?: () => Promise<string | null>;
  readonly onProgress?: (event: DeployProgress) => void | Promise<void>;
}

const COPY = { recursive: true, preserveTimestamps: true, verbatimSymlinks: true };

/** Real servers, a real repository, and our engine between them. */
export class DeployWorld {
  readonly repository: GitRepository;
  readonly servers: readonly DemoServer[];
  readonly privateKey: string;
  readonly events: string[] = [];
  readonly #folder: string;

  private constructor(
    folder: string,
    repository: GitRepository,
    servers: readonly DemoServer[],
    privateKey: string,
  ) {
    this.#folder = folder;
    this.repository = repository;
    this.servers = servers;
    this.privateKey = privateKey;
  }

  static async create(
    names: readonly string[] = ['web1'],
    kind: DemoServer['kind'] = 'openssh',
    more: (index: number) => Partial<ServerOptions> = () => ({}),
  ): Promise<DeployWorld> {
    const folder = await mkdtemp(path.join(tmpdir(), 'countersign-deploy-'));
    const repository = await GitRepository.create(path.join(folder, 'repository.git'));
    const servers = await Promise.all(
      names.map(async (name, index) => {
        const bin = path.join(folder, name, 'bin');
        await mkdir(bin, { recursive: true });
        const environment = { PATH: `${bin}:/usr/local/bin:/usr/bin:/bin` };
        const dir = path.join(folder, name);
        if (names.length === 1) return startServer({ dir, name, kind, environment, ...more(index) });
        await writeFile(path.join(dir, 'login'), ownDisk(path.join(dir, 'root', 'shop')), { mode: 0o755 });
        return startServer({
          dir,
          name,
          kind,
          environment,
          forceCommand: path.join(dir, 'login'),
          ...more(index),
        });
      }),
    );
    const [first, ...others] = servers;
    if (first === undefined) throw new Error('a world has a server');
    const privateKey = await first.privateKeyFor('production');
    const publicKey = (
      await readFile(path.join(folder, names[0] ?? '', '.sshd', 'authorized_keys'), 'utf8').catch(() => '')
    ).trim();
    for (const other of others) for (const line of publicKey.split('\n')) await other.authorize(line);
    return new DeployWorld(folder, repository, servers, privateKey);
  }

  host(index = 0, port?: number): Host {
    const server = this.#server(index);
    return {
      host: server.host,
      port: port ?? server.port,
      user: server.user,
      fingerprint: server.fingerprint,
    };
  }

  /** The target's folder as it is on this machine's disk. */
  path(index = 0): string {
    return path.join(this.#server(index).root, 'shop');
  }

  target(wish: DeployWish): Target {
    return {
      repository: 'acme/shop',
      repositoryId: null,
      environment: 'production',
      hosts: wish.hosts ?? [this.host()],
      path: this.servers.length === 1 ? this.path() : SHARED_PATH,
      keep: 3,
      shared: [],
      commands: { build: null, beforeSwitch: null, afterSwitch: null, health: null },
      timeout: 30,
      showOutput: false,
      ...wish.target,
    };
  }

  async deploy(wish: DeployWish): Promise<DeployOutcome> {
    const { directory } = this.repository;
    return deploy(
      {
        target: this.target(wish),
        privateKey: wish.privateKey ?? this.privateKey,
        jumpKeys: wish.jumpKeys ?? {},
        releaseId: wish.release,
        sha: wish.sha,
        mirror: { directory, readManifest: (sha) => readManifest(directory, sha) },
        running: wish.running ?? null,
        kept: wish.kept ?? [],
        resumed: wish.resumed ?? false,
      },
      {
        signal: wish.signal ?? new AbortController().signal,
        now: () => new Date().toISOString(),
        random: (size) => randomBytes(size),
        log: { info: () => undefined, warn: () => undefined },
        cancelled: wish.cancelled ?? (() => Promise.resolve(null)),
        onProgress: async (event) => {
          this.events.push(`${event.step} ${event.state}`);
          await wish.onProgress?.(event);
        },
      },
    );
  }

  async current(index = 0): Promise<string | null> {
    return readlink(path.join(this.path(index), 'current')).catch(() => null);
  }

  async read(file: string, index = 0): Promise<string> {
    return readFile(path.join(this.path(index), file), 'utf8');
  }

  async list(folder: string, index = 0): Promise<readonly string[]> {
    return (await readdir(path.join(this.path(index), folder)).catch((): string[] => [])).toSorted((a, b) =>
      a < b ? -1 : 1,
    );
  }

  /** Puts a program of the test's in front of the host's own of that name while `work` runs. */
  async withProgram<T>(name: string, text: string, work: () => Promise<T>, index = 0): Promise<T> {
    const file = path.join(this.#server(index).root, '..', 'bin', name);
    await writeFile(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    try {
      return await work();
    } finally {
      await rm(file);
    }
  }

  /** An empty target folder, as on a new server. */
  async clear(): Promise<void> {
    this.events.length = 0;
    await Promise.all(this.servers.map((_, index) => rm(this.path(index), { recursive: true, force: true })));
  }

  /** Keeps what is on the servers' disks now, for `restore`. */
  async save(): Promise<void> {
    await Promise.all(
      this.servers.map((_, index) => cp(this.path(index), `${this.path(index)}.saved`, COPY)),
    );
  }

  async restore(): Promise<void> {
    await this.clear();
    await Promise.all(
      this.servers.map((_, index) => cp(`${this.path(index)}.saved`, this.path(index), COPY)),
    );
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop()));
    await rm(this.#folder, { recursive: true, force: true });
  }

  #server(index: number): DemoServer {
    const server = this.servers[index];
    if (server === undefined) throw new Error(`there is no server ${index}`);
    return server;
  }
}

/** True where OpenSSH's server is installed and lets this user in; elsewhere it says aloud what was not tested. */
export const SSHD_USABLE: boolean = await (async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'countersign-sshd-'));
  try {
    if (!(await hasOpenSsh()))
      throw new Error('/usr/sbin/sshd is not installed (apt-get install openssh-server)');
    await (await startServer({ dir, name: 'trial', kind: 'openssh' })).stop();
    return true;
  } catch (error) {
    console.warn(`SKIPPED: what deploys to a real sshd was not tested: ${String(error)}`);
    return false;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
})();
