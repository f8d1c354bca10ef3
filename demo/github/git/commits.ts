/** Reads commits, trees and files from a bare repository. */
import { chainAsked, chainOf, onlyBase } from './ancestry.ts';
import { FULL, looseRef } from './refs.ts';
import { git, tryGit } from './run-git.ts';

export interface Signature {
  readonly name: string;
  readonly email: string;
  readonly date: string;
}

export interface GitCommit {
  readonly sha: string;
  readonly tree: string;
  readonly parents: readonly string[];
  readonly author: Signature;
  readonly committer: Signature;
  readonly message: string;
}

const FORMAT = ['%H', '%T', '%P', '%an', '%ae', '%at', '%cn', '%ce', '%ct', '%B'].join('%x00') + '%x00';
const FIELDS = 10;

const isoDate = (seconds: string | undefined): string =>
  new Date(Number(seconds ?? 0) * 1000).toISOString().replace('.000Z', 'Z');

function parse(output: string): GitCommit[] {
  const fields = output.split('\0');
  const commits: GitCommit[] = [];
  for (let index = 0; index + FIELDS <= fields.length; index += FIELDS) {
    const [sha = '', tree = '', parents = '', an = '', ae = '', at, cn = '', ce = '', ct, body = ''] =
      fields.slice(index, index + FIELDS);
    commits.push({
      sha: sha.trim(),
      tree,
      parents: parents === '' ? [] : parents.split(' '),
      author: { name: an, email: ae, date: isoDate(at) },
      committer: { name: cn, email: ce, date: isoDate(ct) },
      message: body.replace(/\n+$/, ''),
    });
  }
  return commits;
}

/**
 * What follows from commit ids alone never changes, so it is worked out once. Cleared when it grows large: it only
 * saves time.
 */
const remembered = new Map<string, Promise<unknown>>();

function remember<T>(key: readonly (string | null)[], work: () => Promise<T>): Promise<T> {
  const name = key.join('\n');
  const known = remembered.get(name);
  if (known !== undefined) return known as Promise<T>;
  if (remembered.size > 5000) remembered.clear();
  const made = work();
  remembered.set(name, made);
  made.catch(() => remembered.delete(name));
  return made;
}

async function log(directory: string, args: readonly string[]): Promise<GitCommit[]> {
  return parse(await git(directory, ['log', `--format=tformat:${FORMAT}`, ...args, '--']));
}

/** Commits (`git log` arguments), newest first unless told otherwise. */
export function listCommits(directory: string, args: readonly string[]): Promise<readonly GitCommit[]> {
  const fixed = args.every((arg) => arg.startsWith('-') || /^[0-9a-f]{40}(\.\.[0-9a-f]{40})?$/.test(arg));
  if (!fixed) return log(directory, args);
  return remember(['log', directory, ...args], async () => {
    const range = chainAsked(args);
    if (range === null) return log(directory, args);
    const behind = await ancestorsOf(directory, range.from);
    return chainOf(await historyOf(directory, range.to), behind, range) ?? log(directory, args);
  });
}

/** Every commit ever read, with all that it descends from: ancestry is then a walk in memory. */
const known = new Map<string, Map<string, GitCommit>>();

async function historyOf(directory: string, sha: string): Promise<Map<string, GitCommit>> {
  const commits = known.get(directory) ?? new Map<string, GitCommit>();
  known.set(directory, commits);
  if (!commits.has(sha)) for (const commit of await log(directory, [sha])) commits.set(commit.sha, commit);
  return commits;
}

/** One commit. */
export async function readCommit(directory: string, sha: string): Promise<GitCommit> {
  const commit = (await historyOf(directory, sha)).get(sha);
  if (commit === undefined) throw new Error(`No commit ${sha} in ${directory}`);
  return commit;
}

/** The commit that a branch, tag or (abbreviated) id names; null where there is none. */
export async function resolveCommit(directory: string, name: string): Promise<string | null> {
  if (name.startsWith('-')) return null;
  if (known.get(directory)?.has(name) === true) return name;
  const candidates =
    name.startsWith('refs/') || FULL.test(name)
      ? [name]
      : [`refs/heads/${name}`, `refs/tags/${name}`, `refs/${name}`, name];
  for (const candidate of candidates) {
    const loose = await looseRef(directory, candidate);
    if (typeof loose === 'string') return loose;
    if (loose === null) continue;
    const result = await tryGit(directory, ['rev-parse', '--verify', '--quiet', `${candidate}^{commit}`]);
    if (result.code === 0) return result.stdout.toString('utf8').trim();
  }
  return null;
}

/** Tip of a branch, or null. */
export async function branchTip(directory: string, branch: string): Promise<string | null> {
  return resolveCommit(directory, `refs/heads/${branch}`);
}

async function walk(directory: string, from: string): Promise<ReadonlySet<string>> {
  const commits = await historyOf(directory, from);
  const seen = new Set([from]);
  for (const sha of seen) for (const parent of commits.get(sha)?.parents ?? []) seen.add(parent);
  return seen;
}

/** A commit with all that it descends from. */
const ancestorsOf = (directory: string, sha: string): Promise<ReadonlySet<string>> =>
  remember(['ancestors', directory, sha], () => walk(directory, sha));

/** Whether `descendant` has `ancestor` in its history (a commit is in its own). */
export async function isAncestor(directory: string, ancestor: string, descendant: string): Promise<boolean> {
  return (await ancestorsOf(directory, descendant)).has(ancestor);
}

export function mergeBase(directory: string, a: string, b: string): Promise<string | null> {
  return remember(['merge-base', directory, a, b], async () => {
    const [ours, theirs] = [await ancestorsOf(directory, a), await ancestorsOf(directory, b)];
    const only = onlyBase(await historyOf(directory, a), ours, theirs);
    if (only !== undefined) return only;
    const result = await tryGit(directory, ['merge-base', a, b]);
    return result.code === 0 ? result.stdout.toString('utf8').trim() : null;
  });
}

/** A file, directory or submodule of a tree. */
export interface TreeEntry {
  readonly mode: string;
  readonly type: 'blob' | 'tree' | 'commit';
  readonly sha: string;
  readonly size: number;
  readonly path: string;
}

/** What lies at a path of a commit (its id): the entry itself, or the entries of a directory when `inside`. */
export function listTree(
  directory: string,
  commit: string,
  path: string,
  inside: boolean,
): Promise<readonly TreeEntry[]> {
  const work = () => entriesAt(directory, commit, path, inside);
  return FULL.test(commit) ? remember(['tree', directory, commit, path, String(inside)], work) : work();
}

async function entriesAt(
  directory: string,
  commit: string,
  path: string,
  inside: boolean,
): Promise<readonly TreeEntry[]> {
  const target = path === '' ? [] : [inside ? `${path}/` : path];
  const output = await git(directory, [
    'ls-tree',
    '-z',
    '-l',
    commit,
    ...(target.length === 0 ? [] : ['--', ...target]),
  ]);
  return output
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => {
      const [meta = '', entryPath = ''] = line.split('\t');
      const [mode = '', type = '', sha = '', size = ''] = meta.split(/ +/);
      return {
        mode,
        type: type === 'tree' ? 'tree' : type === 'commit' ? 'commit' : 'blob',
        sha,
        size: size === '-' ? 0 : Number(size),
        path: entryPath,
      };
    });
}

export function readBlob(directory: string, sha: string): Promise<Buffer> {
  return remember(['blob', directory, sha], async () => {
    const result = await tryGit(directory, ['cat-file', 'blob', sha]);
    if (result.code !== 0) throw new Error(`No blob ${sha}: ${result.stderr.trim()}`);
    return result.stdout;
  });
}

export interface FileChange {
  readonly status: 'added' | 'removed' | 'modified' | 'renamed' | 'changed';
  readonly filename: string;
  readonly previous: string | null;
  readonly sha: string;
  readonly additions: number;
  readonly deletions: number;
}

const STATUSES: Readonly<Record<string, FileChange['status']>> = {
  A: 'added',
  D: 'removed',
  M: 'modified',
  R: 'renamed',
  T: 'changed',
};

/** Files that differ between two commits (`from` null: against nothing, as for a root commit). */
export function changedFiles(
  directory: string,
  from: string | null,
  to: string,
): Promise<readonly FileChange[]> {
  return remember(['files', directory, from, to], () => differences(directory, from, to));
}

async function differences(directory: string, from: string | null, to: string): Promise<FileChange[]> {
  const ends = from === null ? ['--root', to] : [from, to];
  const output = await git(directory, [
    'diff-tree',
    '-r',
    '-z',
    '-M',
    '--no-commit-id',
    '--raw',
    '--numstat',
    '--abbrev=40',
    ...ends,
  ]);
  const fields = output.split('\0');
  const changes: FileChange[] = [];
  const counts = new Map<string, readonly [number, number]>();
  let index = 0;
  const next = (): string => fields[index++] ?? '';
  while (index < fields.length) {
    const field = next();
    if (field.startsWith(':')) {
      const [, , oldSha = '', newSha = '', letter = ''] = field.split(' ');
      const previous = letter.startsWith('R') ? next() : null;
      const filename = next();
      const status = STATUSES[letter.slice(0, 1)] ?? 'changed';
      changes.push({
        status,
        filename,
        previous,
        sha: status === 'removed' ? oldSha : newSha,
        additions: 0,
        deletions: 0,
      });
    } else if (field !== '') {
      const [added = '0', removed = '0', name = ''] = field.split('\t');
      const renamed = name === '';
      if (renamed) next();
      counts.set(renamed ? next() : name, [Number(added) || 0, Number(removed) || 0]);
    }
  }
  return changes.map((change) => {
    const [additions, deletions] = counts.get(change.filename) ?? [0, 0];
    return { ...change, additions, deletions };
  });
}

/** What one commit added, removed and changed, by name. */
export interface Touched {
  readonly added: string[];
  readonly removed: string[];
  readonly modified: string[];
}

/** What each of many commits touched, in one process; merges touch nothing of their own. */
export async function touchedBy(
  directory: string,
  commits: readonly string[],
): Promise<Map<string, Touched>> {
  const found = new Map<string, Touched>(
    commits.map((sha) => [sha, { added: [], removed: [], modified: [] }]),
  );
  const output = await git(directory, ['diff-tree', '--stdin', '-r', '-z', '--root', '--name-status'], {
    input: [...found.keys()].map((sha) => `${sha}\n`).join(''),
  });
  const tokens = output.split('\0');
  let current: Touched | undefined;
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index] ?? '';
    if (FULL.test(token)) current = found.get(token);
    else if (token !== '') {
      index += 1;
      const list = token === 'A' ? current?.added : token === 'D' ? current?.removed : current?.modified;
      list?.push(tokens[index] ?? '');
    }
  }
  return found;
}
