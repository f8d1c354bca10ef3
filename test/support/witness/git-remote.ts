import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { createKeyPair } from '../../../demo/servers/key-pair.ts';
import type { DemoServer } from '../../../demo/servers/servers.ts';
import { startServer } from '../../../demo/servers/servers.ts';
import { Secret } from '../../../src/domain/secret.ts';
import type { GitWitnessAddress } from '../../../src/domain/witness.ts';
import type { CutProxy } from '../deploy/cut-proxy.ts';
import { startCutProxy } from '../deploy/cut-proxy.ts';
import { GitRepository } from '../deploy/git-repository.ts';

/** Of `GitWitnessAddress`, the branch that these tests push. */
export const BRANCH = 'ledger-witness';

/**
 * A bare repository that only grows, behind a real sshd: the witness's key may run git there and nothing else, and the
 * repository refuses force pushes and deletions, as its owner would set it up.
 */
export class GitRemote {
  readonly folder: string;
  readonly repository: GitRepository;
  readonly privateKey: string;
  readonly hostKey: string;
  readonly proxy: CutProxy;
  readonly #server: DemoServer;

  private constructor(
    folder: string,
    repository: GitRepository,
    server: DemoServer,
    proxy: CutProxy,
    keys: { privateKey: string; hostKey: string },
  ) {
    this.folder = folder;
    this.repository = repository;
    this.#server = server;
    this.proxy = proxy;
    this.privateKey = keys.privateKey;
    this.hostKey = keys.hostKey;
  }

  static async start(): Promise<GitRemote> {
    const folder = await mkdtemp(join(tmpdir(), 'countersign-witness-'));
    const repository = await GitRepository.create(join(folder, 'ledger.git'));
    for (const setting of ['receive.denyNonFastForwards', 'receive.denyDeletes'])
      await repository.git(['config', setting, 'true']);
    const server = await startServer({ dir: join(folder, 'host'), name: 'witness', kind: 'openssh' });
    const pair = createKeyPair('countersign-witness');
    await server.authorize(`restrict,command="git-shell -c \\"$SSH_ORIGINAL_COMMAND\\"" ${pair.publicKey}`);
    const hostKey = publicKeyOf(await readFile(join(folder, 'host/.sshd/host_key'), 'utf8'));
    const proxy = await startCutProxy(server.port);
    return new GitRemote(folder, repository, server, proxy, { privateKey: pair.privateKey, hostKey });
  }

  get url(): string {
    return `ssh://${this.#server.user}@127.0.0.1:${this.proxy.port}${this.repository.directory}`;
  }

  address(changes: Partial<GitWitnessAddress> = {}): GitWitnessAddress {
    return {
      kind: 'git',
      url: this.url,
      branch: BRANCH,
      hostKey: this.hostKey,
      privateKey: new Secret(this.privateKey),
      everySeconds: 1,
      ...changes,
    };
  }

  /** The operator's file with this witness in it. */
  async operatorFile(): Promise<string> {
    const key = join(this.folder, 'witness.key');
    await writeFile(key, this.privateKey, { mode: 0o600 });
    const file = join(this.folder, 'countersign.yaml');
    await writeFile(
      file,
      `targets: []\nwitnesses:\n  - git: ${this.url}\n    credential: { private_key: { file: ${key} } }\n    host_key: ${this.hostKey}\n    every: 1\n`,
    );
    return file;
  }

  /** The branch's commits, oldest first; none where there is no branch. */
  async commits(): Promise<string[]> {
    const log = await this.repository
      .git(['log', '--reverse', '--format=%H', `refs/heads/${BRANCH}`])
      .catch(() => '');
    return log.split('\n').filter((line) => line !== '');
  }

  async stop(): Promise<void> {
    await this.proxy.stop();
    await this.#server.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

function publicKeyOf(privateKey: string): string {
  const parsed = ssh2.utils.parseKey(privateKey);
  const first = Array.isArray(parsed) ? parsed[0] : parsed;
  if (first === undefined || first instanceof Error) throw new Error('the host key can’t be read');
  return `${first.type} ${first.getPublicSSH().toString('base64')}`;
}

/** A key that the remote doesn't know, and the public half of one. */
export function strangersKey(): { privateKey: string; publicKey: string } {
  const pair = createKeyPair('stranger');
  return { privateKey: pair.privateKey, publicKey: publicKeyOf(pair.privateKey) };
}
