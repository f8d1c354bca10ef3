/**
 * The three ways in which GitHub puts a pull request on its base, made with git's plumbing in the bare repository. It
 * uses only commands that every git of the last fifteen years has.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { listCommits, mergeBase, readCommit, type Signature } from './commits.ts';
import { git, tryGit } from './run-git.ts';

/** Makes a commit object. */
export async function makeCommit(
  directory: string,
  commit: {
    readonly tree: string;
    readonly parents: readonly string[];
    readonly message: string;
    readonly author: Signature;
    readonly committer: Signature;
  },
): Promise<string> {
  const parents = commit.parents.flatMap((parent) => ['-p', parent]);
  return git(directory, ['commit-tree', commit.tree, ...parents, '-F', '-'], {
    input: `${commit.message}\n`,
    env: {
      GIT_AUTHOR_NAME: commit.author.name,
      GIT_AUTHOR_EMAIL: commit.author.email,
      GIT_AUTHOR_DATE: commit.author.date,
      GIT_COMMITTER_NAME: commit.committer.name,
      GIT_COMMITTER_EMAIL: commit.committer.email,
      GIT_COMMITTER_DATE: commit.committer.date,
    },
  });
}

/** The tree of a three-way merge; null where it conflicts. */
export async function mergeTrees(
  directory: string,
  base: string | null,
  ours: string,
  theirs: string,
): Promise<string | null> {
  if (base === ours) return (await readCommit(directory, theirs)).tree;
  if (base === theirs) return (await readCommit(directory, ours)).tree;
  const work = await mkdtemp(path.join(tmpdir(), 'standin-merge-'));
  const env = { GIT_DIR: directory, GIT_WORK_TREE: work, GIT_INDEX_FILE: path.join(work, '.index') };
  try {
    const empty = await git(directory, ['hash-object', '-t', 'tree', '-w', '--stdin']);
    await git(work, ['read-tree', '-i', '-m', '--aggressive', base ?? empty, ours, theirs], { env });
    const merged = await tryGit(work, ['merge-index', '-o', '-q', 'git-merge-one-file', '-a'], { env });
    if (merged.code !== 0) return null;
    const tree = await tryGit(work, ['write-tree'], { env });
    return tree.code === 0 ? tree.stdout.toString('utf8').trim() : null;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The tree that merging `head` into `base` gives; null where it conflicts. */
export async function mergedTree(directory: string, base: string, head: string): Promise<string | null> {
  return mergeTrees(directory, await mergeBase(directory, base, head), base, head);
}

/** Replays each commit of `base..head` on `base`; null where one conflicts. Gives the new tip. */
export async function rebase(
  directory: string,
  base: string,
  head: string,
  committer: Signature,
): Promise<string | null> {
  const commits = await listCommits(directory, [
    '--reverse',
    '--topo-order',
    '--no-merges',
    `${base}..${head}`,
  ]);
  let tip = base;
  for (const commit of commits) {
    const tree = await mergeTrees(directory, commit.parents[0] ?? null, tip, commit.sha);
    if (tree === null) return null;
    tip = await makeCommit(directory, {
      tree,
      parents: [tip],
      message: commit.message,
      author: commit.author,
      committer,
    });
  }
  return tip;
}
