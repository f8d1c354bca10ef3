/**
 * Checkpoints as commits in a bare git repository: one file a log, `HEX/checkpoint`, where HEX is the SHA-256 of the log's
 * origin (an origin may be no path). Each commit has one checkpoint more than its parent, and whatever else lies there stays.
 * A branch may hold a stranger's commits; whoever reads verifies the notes.
 */
import { hash } from 'node:crypto';
import { CodedError } from '../domain/coded-error.ts';
import type { GitOptions, GitResult } from '../deploy/git.ts';
import { runGit } from '../deploy/git.ts';
import type { HeldCheckpoint } from '../ledger/verify/witnessed.ts';

export interface CommittedCheckpoint extends HeldCheckpoint {
  readonly commit: string;
}

export interface NewCommit {
  /** Null on a branch that isn't there yet. */
  readonly parent: string | null;
  readonly origin: string;
  readonly note: string;
  /** The message: origin, size and root. */
  readonly message: string;
  /** RFC 3339 */
  readonly now: string;
}

/** Nobody in particular, at an address that can't exist. */
const AUTHOR = 'Countersign <countersign@countersign.invalid>';
/** A note is some hundred bytes; a repository that isn't ours may hold anything. */
const LARGEST_NOTE = 64 * 1024;
/** How many commits' files are read at once: 64 MB at most, and half a MB as we write them. */
const READ_TOGETHER = 1_000;
/** For git to walk through a long branch: 100,000 commits take it some seconds. */
const SECONDS = 600;
/** Stands for a blob that isn't read. */
const TOO_LARGE = 'too large';

const CHECKPOINT_PATH = /^[0-9a-f]{64}\/checkpoint$/;

/** Where a log's checkpoint lies in the branch. */
export function checkpointPath(origin: string): string {
  return `${hash('sha256', origin, 'hex')}/checkpoint`;
}

export class CheckpointBranch {
  readonly #directory: string;
  readonly #witness: string;

  constructor(directory: string, witness: string) {
    this.#directory = directory;
    this.#witness = witness;
  }

  /** The commit that a ref names; null where there is no such ref. */
  async resolve(ref: string): Promise<string | null> {
    const found = await this.#run(['rev-parse', '--verify', '--quiet', `${ref}^{commit}`]);
    if (found.code === 0) return text(found);
    // Anything else than "no" would make a copy that can't be read look like a witness that holds nothing.
    if (found.code === 1) return null;
    throw this.#unreadable('rev-parse', found);
  }

  /**
   * The checkpoint in a commit's files; `commit` is the one that brought it. Where the file was taken away, the last that was there:
   * whoever can push could make the branch look new by that.
   */
  async newest(at: string, origin: string): Promise<CommittedCheckpoint | null> {
    const path = checkpointPath(origin);
    for await (const newest of this.#log(path, ['-1', at])) return newest;
    // A merge with a side that never had the file would hide the other side's: git follows only one that is like the merge.
    for await (const last of this.#log(path, ['--full-history', at])) return last;
    return null;
  }

  /** Why it isn't a whole copy, in words: it was cloned without what came before, or without files. Null where it is one. */
  async lacks(): Promise<string | null> {
    const shallow = await this.#git(['rev-parse', '--is-shallow-repository']);
    if (shallow !== 'false') return 'a shallow clone';
    const { code, stdout } = await this.#run([
      'config',
      '--local',
      '--get-regexp',
      String.raw`^(extensions\.partialclone|remote\..*\.(promisor|partialclonefilter))$`,
    ]);
    if (code === 0 && stdout.length > 0) return 'a partial clone';
    return null;
  }

  /** Every version of it that any commit has, oldest commit first. */
  history(origin: string, revisions: readonly string[]): AsyncGenerator<CommittedCheckpoint, void> {
    return this.#log(checkpointPath(origin), ['--full-history', '--reverse', ...revisions]);
  }

  /** The same of every log that has a file in any commit. */
  async *historyOfAll(revisions: readonly string[]): AsyncGenerator<CommittedCheckpoint, void> {
    const named = ['--format=', '--name-only', '--no-renames', '--full-history', '-m', '-z'];
    const names = await this.#git(['log', ...named, ...revisions, '--', ':(glob)*/checkpoint']);
    const paths = new Set(names.split(/[\0\n]/).filter((path) => CHECKPOINT_PATH.test(path)));
    for (const path of paths) yield* this.#log(path, ['--full-history', '--reverse', ...revisions]);
  }

  async commit({ parent, origin, note, message, now }: NewCommit): Promise<string> {
    const [folder = '', file = ''] = checkpointPath(origin).split('/');
    const blob = await this.#git(['hash-object', '-w', '--stdin'], note);
    const inner = await this.#git(['mktree'], `100644 blob ${blob}\t${file}\n`);
    const others = parent === null ? [] : (await this.#git(['ls-tree', '--full-tree', parent])).split('\n');
    const kept = others.filter((line) => line !== '' && !line.endsWith(`\t${folder}`));
    const tree = await this.#git(['mktree'], [...kept, `040000 tree ${inner}\t${folder}`].join('\n'));
    const when = `${AUTHOR} ${Math.floor(new Date(now).getTime() / 1000)} +0000`;
    const lines = [
      `tree ${tree}`,
      ...(parent === null ? [] : [`parent ${parent}`]),
      `author ${when}`,
      `committer ${when}`,
    ];
    return await this.#git(
      ['hash-object', '-t', 'commit', '-w', '--stdin'],
      `${lines.join('\n')}\n\n${message}`,
    );
  }

  /** Some at a time: of each commit a line is kept, and of its file nothing. */
  async *#log(path: string, what: readonly string[]): AsyncGenerator<CommittedCheckpoint, void> {
    const log = await this.#git(['log', '--format=%H %ct', ...what, '--', path]);
    const lines = log === '' ? [] : log.split('\n');
    for (let from = 0; from < lines.length; from += READ_TOGETHER) {
      const commits = lines.slice(from, from + READ_TOGETHER).map((line) => line.split(' '));
      const blobs = await this.#blobs(commits.map(([commit]) => `${commit}:${path}`));
      const small = blobs.flatMap((blob) => (blob === null || blob === TOO_LARGE ? [] : [blob]));
      const notes = await this.#notes(new Set(small));
      for (const [at, [commit = '', seconds]] of commits.entries()) {
        const blob = blobs[at] ?? null;
        // A commit may also have taken the file away; that is no checkpoint, and what was before is still in the history.
        if (blob === null) continue;
        const note = notes.get(blob) ?? '';
        yield { witness: this.#witness, note, since: timeOf(Number(seconds)), commit };
      }
    }
  }

  /** The blob under each name, asked for its size before anything is read; null where there is none. */
  async #blobs(names: readonly string[]): Promise<(string | null)[]> {
    const { stdout } = await this.#must(
      ['cat-file', '--batch-check'],
      names.map((name) => `${name}\n`).join(''),
    );
    const lines = stdout.toString().split('\n');
    return names.map((_, at) => {
      const [, blob, size] = /^([0-9a-f]+) blob (\d+)$/.exec(lines[at] ?? '') ?? [];
      if (blob === undefined) return null;
      return Number(size) > LARGEST_NOTE ? TOO_LARGE : blob;
    });
  }

  async #notes(blobs: ReadonlySet<string>): Promise<Map<string, string>> {
    const { stdout } = await this.#must(
      ['cat-file', '--batch'],
      [...blobs].map((blob) => `${blob}\n`).join(''),
    );
    const notes = new Map<string, string>();
    let at = 0;
    for (const blob of blobs) {
      const end = stdout.indexOf(10, at);
      const size = Number(/ (\d+)$/.exec(stdout.subarray(at, end).toString())?.[1] ?? 0);
      notes.set(blob, stdout.subarray(end + 1, end + 1 + size).toString());
      at = end + 1 + size + 1;
    }
    return notes;
  }

  async #git(args: readonly string[], input?: string): Promise<string> {
    return text(await this.#must(args, input));
  }

  async #must(args: readonly string[], input?: string): Promise<GitResult> {
    const result = await this.#run(args, input);
    if (result.code === 0) return result;
    throw this.#unreadable(args[0] ?? '', result);
  }

  #unreadable(command: string, { stderr }: GitResult): CodedError {
    return new CodedError(
      'witness_unreadable',
      `the copy of witness ${this.#witness} in ${this.#directory} can't be worked with: git ${command} said ${stderr.trim() || 'nothing'}.`,
    );
  }

  async #run(args: readonly string[], input?: string): Promise<GitResult> {
    const options: GitOptions = { directory: this.#directory, timeoutSeconds: SECONDS };
    return await runGit(args, input === undefined ? options : { ...options, input });
  }
}

function text({ stdout }: GitResult): string {
  return stdout.toString('utf8').trim();
}

/** Who commits says when, and may say what is no time at all. */
function timeOf(seconds: number): string | null {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
