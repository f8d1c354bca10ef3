/**
 * Merges in a mirror, without a branch or a working tree: what a merge queue lands is compared with it. Only trees and
 * files of three commits are fetched; that they have the first in common is told to git by commits of our own, which are
 * never pushed anywhere.
 */
import { DeployError } from './deploy-error.ts';
import { type GitResult, runGit } from './git.ts';
import { KNOWN_BLOBS } from './known-blobs.ts';
import type { Mirror } from './mirror.ts';

/** What could be found out, or why it couldn't. */
type Found<T = string> =
  { readonly known: true; readonly value: T } | { readonly known: false; readonly why: string };

const MERGE_SECONDS = 120;
const OID = /^[0-9a-f]{40}$/;

const IDENTITY: readonly (readonly [string, string])[] = [
  ['user.name', 'Countersign'],
  ['user.email', 'countersign@localhost'],
];

/**
 * A commit's tree and the trees of merges, from one repository's mirror. The token is for fetching what isn't there yet. A
 * commit that can't be fetched is thrown, as GitHub being down is: whoever asks does so again.
 */
export function treesIn(
  mirror: Pick<Mirror, 'directory' | 'fetchCommit'>,
  token: () => Promise<string>,
): {
  readonly treeOf: (sha: string) => Promise<Found>;
  readonly parentsOf: (sha: string) => Promise<Found<readonly string[]>>;
  readonly mergedTree: (merge: {
    readonly base: string;
    readonly ours: string;
    readonly theirs: string;
  }) => Promise<Found>;
} {
  const { directory } = mirror;
  const run = (args: readonly string[], input?: string): Promise<GitResult> =>
    runGit(args, {
      directory,
      config: IDENTITY,
      timeoutSeconds: MERGE_SECONDS,
      ...(input === undefined ? {} : { input }),
    });

  const treeOf = async (sha: string): Promise<Found> => {
    if (!OID.test(sha)) return { known: false, why: 'it has no commit to stand on' };
    // The commit's own text names its tree: once its bytes were hashed to its id, no mirror is asked again.
    const proven = KNOWN_BLOBS.treeOf(sha);
    if (proven !== undefined) return { known: true, value: proven };
    await mirror.fetchCommit({ sha, token });
    const value =
      KNOWN_BLOBS.treeOf(sha) ?? (await oid(run(['rev-parse', '--verify', '--quiet', `${sha}^{tree}`])));
    return { known: true, value };
  };

  const commitOf = (tree: string, parent: string | null): Promise<string> =>
    oid(run(['commit-tree', tree, ...(parent === null ? [] : ['-p', parent])], 'a step of a merge\n'));

  // Of a commit that was fetched by itself git hides the parents everywhere but in its own text.
  const parentsOf = async (sha: string): Promise<Found<readonly string[]>> => {
    if (!OID.test(sha)) return { known: false, why: 'it has no commit to stand on' };
    await mirror.fetchCommit({ sha, token });
    const { code, stdout, stderr } = await run(['cat-file', 'commit', sha]);
    if (code !== 0)
      throw new DeployError('mirror_failed', `git could not read ${sha} in the mirror: ${stderr.trim()}`);
    const [head = ''] = stdout.toString('utf8').split('\n\n', 1);
    const lines = head.split('\n').filter((line) => line.startsWith('parent '));
    return { known: true, value: lines.map((line) => line.slice('parent '.length)) };
  };

  return {
    treeOf,
    parentsOf,
    async mergedTree({ base, ours, theirs }) {
      const found: string[] = [];
      for (const sha of [base, ours, theirs]) {
        const tree = await treeOf(sha);
        if (!tree.known) return tree;
        found.push(tree.value);
      }
      const [baseTree = '', ourTree = '', theirTree = ''] = found;
      if (baseTree === ourTree) return { known: true, value: theirTree };
      if (baseTree === theirTree || ourTree === theirTree) return { known: true, value: ourTree };
      // Here their files are needed too.
      for (const sha of [base, ours, theirs]) await mirror.fetchCommit({ sha, token });
      const root = await commitOf(baseTree, null);
      const [left, right] = [await commitOf(ourTree, root), await commitOf(theirTree, root)];
      const merged = await run(['merge-tree', '--write-tree', '--no-messages', left, right]);
      if (merged.code === 0) return { known: true, value: await oid(merged) };
      if (merged.code === 1) return { known: false, why: 'the merge has conflicts' };
      return {
        known: false,
        why: `git could not merge (version 2.38 or newer is needed): ${lastLine(merged)}`,
      };
    },
  };
}

async function oid(running: GitResult | Promise<GitResult>): Promise<string> {
  const { code, stdout, stderr } = await running;
  const said = stdout.toString('utf8').trim();
  if (code === 0 && OID.test(said)) return said;
  throw new DeployError('mirror_failed', `git could not make a merge in the mirror: ${stderr.trim()}`);
}

const lastLine = ({ stderr }: GitResult): string => stderr.trim().split('\n').at(-1) ?? '';
