/**
 * A branch of somebody else's git repository as a witness. It is only ever added to: every push is an ordinary one, which the
 * remote refuses where the branch has moved, and then we look at what it has before we go on.
 */
import { hash } from 'node:crypto';
import { mkdir, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CodedError } from '../domain/coded-error.ts';
import type { GitWitnessAddress } from '../domain/witness.ts';
import { witnessName } from '../domain/witness.ts';
import { withFolderLock } from '../deploy/folder-lock.ts';
import type { GitResult } from '../deploy/git.ts';
import { runGit } from '../deploy/git.ts';
import { mask } from '../deploy/mask.ts';
import { parseCheckpoint } from '../ledger/format/checkpoint.ts';
import type { HeldCheckpoint } from '../ledger/verify/witnessed.ts';
import type { CommittedCheckpoint } from './checkpoint-branch.ts';
import { CheckpointBranch } from './checkpoint-branch.ts';
import { withSshAccess } from './ssh-access.ts';
import type { Accepted, Offer, Witness } from './witness.ts';

/** Fetching and pushing some hundred bytes; the first fetch of a long branch is the longest. */
const SECONDS = 300;
/** Each commit of ours leaves four files in the copy. From so many on it is fetched anew, as one pack. */
const MOST_LOOSE = 8_000;
/** Where a push is refused because the branch moved, which only happens when somebody else pushes too. */
const ATTEMPTS = 3;

export class GitWitness implements Witness {
  readonly name: string;
  readonly everySeconds: number;
  readonly #address: GitWitnessAddress;
  readonly #directory: string;
  readonly #ref: string;
  readonly #now: () => string;
  readonly #branch: CheckpointBranch;
  /** Up to which commit the branch was looked at, and the largest checkpoint until there. */
  #examined: {
    readonly origin: string;
    readonly head: string;
    readonly largest: CommittedCheckpoint | null;
  } | null = null;

  /** `directory`: copies of witnesses' branches lie below; they are disposable. */
  constructor(
    address: GitWitnessAddress,
    options: { readonly directory: string; readonly now: () => string },
  ) {
    this.name = witnessName(address);
    this.everySeconds = address.everySeconds;
    this.#address = address;
    this.#directory = resolve(options.directory, `${hash('sha256', this.name, 'hex').slice(0, 32)}.git`);
    this.#ref = `refs/heads/${address.branch}`;
    this.#now = options.now;
    this.#branch = new CheckpointBranch(this.#directory, this.name);
  }

  async newest(origin: string): Promise<HeldCheckpoint | null> {
    return await this.#connected(async (config) => {
      const head = await this.#fetch(config);
      return head === null ? null : await this.#branch.newest(head, origin);
    });
  }

  async history(origin: string): Promise<readonly HeldCheckpoint[]> {
    return await this.#connected(async (config) => {
      const head = await this.#fetch(config);
      const held: HeldCheckpoint[] = [];
      if (head === null) return held;
      for await (const one of this.#branch.history(origin, [head])) held.push(one);
      return held;
    });
  }

  /**
   * A crash before the push leaves nothing anywhere; after it, a commit that the next offer finds and takes for its own. So
   * no checkpoint is ever committed twice.
   */
  async offer(offer: Offer): Promise<Accepted> {
    return await this.#connected(async (config) => {
      for (let attempt = 1; ; attempt += 1) {
        const head = await this.#fetch(config);
        const held = head === null ? null : await this.#examine(head, offer);
        if (held !== null) {
          const { size } = parseCheckpoint(held.note);
          if (size >= offer.size) return { size, evidence: held.commit };
        }
        const { origin, size, note } = offer;
        const message = `${origin}: ${size}\n\n${Buffer.from(offer.root).toString('base64')}\n`;
        const commit = await this.#branch.commit({ parent: head, origin, note, message, now: this.#now() });
        const pushed = await this.#run(
          ['push', '--quiet', '--porcelain', '--', this.#address.url, `${commit}:${this.#ref}`],
          config,
        );
        if (pushed.code === 0) return { size, evidence: commit };
        const moved = (await this.#fetch(config)) !== head;
        if (!moved || attempt === ATTEMPTS) throw this.#failed(pushed, 'can’t be pushed to');
      }
    });
  }

  /**
   * The largest checkpoint of the log's that any commit has: whoever can push can put an older one on top, to hide it. Only what was
   * added since the last time is read, for a branch is long.
   */
  async #examine(head: string, offer: Offer): Promise<CommittedCheckpoint | null> {
    const { origin } = offer;
    const before = this.#examined?.origin === origin ? this.#examined : null;
    // The copy may be another one by now, of a branch that was put back.
    const there = before !== null && (await this.#branch.resolve(before.head)) !== null;
    const held = before?.largest === undefined || before.largest === null ? [] : [before.largest];
    for await (const one of this.#branch.history(origin, there ? [head, `^${before.head}`] : [head]))
      held.push(one);
    const largest = held.length === 0 ? null : await offer.assertContinues(held);
    this.#examined = { origin, head, largest };
    return largest;
  }

  /** Only one process of this machine at a time works on the copy. */
  async #connected<T>(work: (config: Config) => Promise<T>): Promise<T> {
    await mkdir(join(this.#directory, '..'), { recursive: true, mode: 0o700 });
    return await withFolderLock(this.#directory, async () => {
      await this.#prepare();
      const access = { privateKey: this.#address.privateKey.reveal(), hostKey: this.#address.hostKey };
      return await withSshAccess(this.#directory, access, work);
    });
  }

  async #prepare(): Promise<void> {
    const counted = await this.#countLoose();
    if (counted !== null && counted < MOST_LOOSE) return;
    await rm(this.#directory, { recursive: true, force: true });
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const made = await runGit(['init', '--quiet', '--bare', '--template=', '.'], {
      directory: this.#directory,
    });
    if (made.code !== 0) throw this.#failed(made, 'can’t be copied');
  }

  /** Null where there is no copy, or what is there is none. */
  async #countLoose(): Promise<number | null> {
    if ((await stat(join(this.#directory, 'objects')).catch(() => null)) === null) return null;
    const counted = await runGit(['count-objects'], { directory: this.#directory });
    const count = /^(\d+) objects/.exec(counted.stdout.toString())?.[1];
    return count === undefined ? null : Number(count);
  }

  /** The remote branch's commit, with its whole history in our copy; null where it has no such branch yet. */
  async #fetch(config: Config): Promise<string | null> {
    const flags = [
      '--quiet',
      '--no-tags',
      '--no-write-fetch-head',
      '--no-recurse-submodules',
      '--no-auto-maintenance',
    ];
    const fetched = await this.#run(
      ['fetch', ...flags, '--', this.#address.url, `+${this.#ref}:${this.#ref}`],
      config,
    );
    if (fetched.code === 0) return await this.#branch.resolve(this.#ref);
    if (/couldn't find remote ref/.test(fetched.stderr)) return null;
    throw this.#failed(fetched, 'can’t be fetched from');
  }

  async #run(args: readonly string[], config: Config): Promise<GitResult> {
    return await runGit(args, {
      directory: this.#directory,
      config,
      protocols: 'ssh',
      timeoutSeconds: SECONDS,
    });
  }

  #failed(result: GitResult, how: string): CodedError {
    const said = mask(result.stderr.trim(), [this.#address.privateKey.reveal()]).replaceAll(/\s+/g, ' ');
    const refusal = REFUSALS.find(({ pattern }) => pattern.test(`${said}\n${result.stdout.toString()}`));
    const why = refusal?.why ?? (result.timedOut ? 'it took too long' : 'it could not be reached');
    return new CodedError(
      refusal?.code ?? 'witness_unreachable',
      `witness ${this.name} ${how}: ${why}. git said: ${said === '' ? 'nothing' : said}`,
    );
  }
}

type Config = readonly (readonly [key: string, value: string])[];

const REFUSALS: readonly { readonly pattern: RegExp; readonly code: string; readonly why: string }[] = [
  {
    pattern: /Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED/,
    code: 'witness_host_key',
    why: 'the host that answers is not the one whose host_key is in the operator’s file; ask its owner which key is right before you change it',
  },
  {
    pattern: /cannot run ssh|ssh: not found|ssh'?: No such file/,
    code: 'witness_refused',
    why: 'OpenSSH’s ssh is not installed here, by which git reaches it',
  },
  {
    pattern: /Permission denied \(/,
    code: 'witness_refused',
    why: 'it does not take this key; let its public half push there (and nothing else)',
  },
  {
    pattern: /\[remote rejected\]|\[rejected\]|! .*rejected/,
    code: 'witness_refused',
    why: 'it refuses the push; this key must be able to add commits to the branch',
  },
  {
    pattern: /does not appear to be a git repository|[Rr]epository not found/,
    code: 'witness_refused',
    why: 'there is no such repository, or this key can’t see it',
  },
];
