import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type DemoServer, createKeyPair, startServer } from '../../../demo/servers/servers.ts';
import { deploy } from '../../../src/deploy/deploy-to-hosts.ts';
import { readManifest } from '../../../src/deploy/manifest.ts';
import { ONE_BY_ONE } from '../../../src/deploy/plan-rollout.ts';
import { openConnection } from '../../../src/deploy/ssh-connection.ts';
import type { Host } from '../../../src/domain/deploy.ts';
import { SSHD_USABLE } from '../../support/deploy/deploy-world.ts';
import { GitRepository } from '../../support/deploy/git-repository.ts';

const onSshd = SSHD_USABLE ? describe : describe.skip;

/** Each sshd listens on at most 16 addresses; by the one that a connection came to, its commands get a folder of their own. */
const PER_SERVER = 16;
const HOSTS = 100;
const PATH = '/srv/countersign-test-hundred';
const RELEASE_MIB = 6;

onSshd('a hundred hosts', () => {
  let folder: string;
  let servers: readonly DemoServer[];
  let hosts: readonly Host[];
  let repository: GitRepository;
  let sha: string;
  const key = createKeyPair('countersign-production');
  const foldersOf = (index: number) =>
    path.join(folder, 'hosts', `127.0.0.${(index % PER_SERVER) + 1}-${Math.floor(index / PER_SERVER)}`);

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'countersign-hundred-'));
    await mkdir(path.join(folder, 'hosts'));
    repository = await GitRepository.create(path.join(folder, 'repository.git'));
    sha = await repository.commit(
      Object.fromEntries(
        Array.from({ length: RELEASE_MIB * 4 }, (_, index) => [`files/${index}`, randomBytes(256 * 1024)]),
      ),
    );
    servers = await Promise.all(
      Array.from({ length: Math.ceil(HOSTS / PER_SERVER) }, async (_, server) => {
        const dir = path.join(folder, `sshd${server}`);
        await mkdir(dir, { recursive: true });
        const login = path.join(dir, 'login');
        const own = `${path.join(folder, 'hosts')}/$(set -- $SSH_CONNECTION; echo $3)-${server}`;
        const text = `#!/bin/sh
case "$SSH_ORIGINAL_COMMAND" in *'read -r script'*) ;; *) exec sh -c "$SSH_ORIGINAL_COMMAND" ;; esac
IFS= read -r script || exit 74
eval "$(printf '%s' "$script" | sed "s#${PATH}#${own}#g")"
`;
        await writeFile(login, text, { mode: 0o755 });
        const alsoAt = Array.from({ length: PER_SERVER - 1 }, (__, index) => `127.0.0.${index + 2}`);
        const started = await startServer({ dir, name: 'web', kind: 'openssh', forceCommand: login, alsoAt });
        await started.authorize(key.publicKey);
        return started;
      }),
    );
    hosts = Array.from({ length: HOSTS }, (_, index) => {
      const { port, user, fingerprint } = servers[Math.floor(index / PER_SERVER)] as DemoServer;
      return { host: `127.0.0.${(index % PER_SERVER) + 1}`, port, user, fingerprint };
    });
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await rm(folder, { recursive: true, force: true });
  });

  /** Deploys to the first so many, all at a time, and tells by how much this process grew meanwhile, in MiB. */
  const deployTo = async (count: number, release: string) => {
    let peak = 0;
    const resident = () => process.memoryUsage.rss() / 2 ** 20;
    const before = resident();
    const watching = setInterval(() => {
      peak = Math.max(peak, resident());
    }, 20);
    const { directory } = repository;
    try {
      const outcome = await deploy(
        {
          target: {
            repository: 'acme/shop',
            repositoryId: null,
            environment: 'production',
            hosts: hosts.slice(0, count),
            path: PATH,
            keep: 3,
            shared: [],
            commands: { build: null, beforeSwitch: null, afterSwitch: null, health: null },
            timeout: 120,
            showOutput: false,
            rollout: { ...ONE_BY_ONE, canary: 1, batch: 'all', parallel: 100 },
          },
          privateKey: key.privateKey,
          releaseId: release,
          sha,
          mirror: { directory, readManifest: (commit) => readManifest(directory, commit) },
          running: null,
          resumed: false,
        },
        {
          signal: new AbortController().signal,
          now: () => new Date().toISOString(),
          random: (size) => randomBytes(size),
          log: { info: () => undefined, warn: () => undefined },
          onProgress: () => Promise.resolve(),
        },
      );
      return { outcome, grew: Math.round(peak - before) };
    } finally {
      clearInterval(watching);
    }
  };

  test('are deployed to at a time, in little more memory than one needs', async () => {
    const one = await deployTo(1, 'r1');
    expect(one.outcome.outcome).toBe('success');
    const all = await deployTo(HOSTS, 'r2');
    expect(all.outcome.hosts.filter(({ outcome }) => outcome !== 'success')).toEqual([]);
    const links = await Promise.all(
      hosts.map((_, index) => readlink(path.join(foldersOf(index), 'current'))),
    );
    expect(new Set(links)).toEqual(new Set(['releases/r2']));
    console.info(
      `${HOSTS} hosts, ${RELEASE_MIB} MiB to each: grew by ${all.grew} MiB; one host: ${one.grew} MiB`,
    );
    // All archives at once would be 600 MiB.
    expect(all.grew).toBeLessThan(RELEASE_MIB * HOSTS * 0.4);
  }, 240_000);

  test('behind one address that drops connections while ten handshakes are under way: all come about', async () => {
    const dir = path.join(folder, 'busy');
    const server = await startServer({ dir, name: 'busy', kind: 'openssh', maxStartups: '10:100:10' });
    await server.authorize(key.publicKey);
    try {
      const { host, port, user, fingerprint } = server;
      const opened = await Promise.allSettled(
        Array.from({ length: 60 }, () =>
          openConnection({ host, port, user, fingerprint }, key.privateKey, (size) => randomBytes(size)),
        ),
      );
      for (const one of opened) if (one.status === 'fulfilled') one.value.close();
      expect(opened.filter(({ status }) => status === 'rejected')).toEqual([]);
      const log = await readFile(path.join(dir, '.sshd', 'log'), 'utf8');
      expect(log).not.toMatch(/drop connection|exited MaxStartups|beginning MaxStartups/);
    } finally {
      await server.stop();
    }
  }, 60_000);
});
