/** What follows from commits and their parents alone, worked out in memory where there is one answer only. */
import type { GitCommit } from './commits.ts';

type Commits = ReadonlyMap<string, GitCommit>;

/** `git log FLAGS FROM..TO`, as far as it can be answered without git. */
export interface Range {
  readonly from: string;
  readonly to: string;
  readonly most: number;
  readonly oldestFirst: boolean;
}

/** What of `git log`'s arguments neither chooses among the commits of a chain nor sorts them otherwise. */
const KEEPS_A_CHAIN = /^--(?:reverse|topo-order|no-merges)$|^-(?:-max-count=)?\d+$/;

/** The range that `git log` is asked for with these arguments; null where they ask for something else. */
export function chainAsked(args: readonly string[]): Range | null {
  const flags = args.filter((arg) => arg.startsWith('-'));
  const [range, ...others] = args.filter((arg) => !arg.startsWith('-'));
  const [from = '', to] = range?.split('..') ?? [];
  if (to === undefined || others.length > 0 || flags.some((flag) => !KEEPS_A_CHAIN.test(flag))) return null;
  const most = Math.min(...flags.map((flag) => Number(/\d+$/.exec(flag)?.[0] ?? Infinity)));
  return { from, to, most, oldestFirst: flags.includes('--reverse') };
}

/**
 * The commits that `to` has and `behind` (all that `from` has) hasn't, where each has one parent: there is one order of them
 * only. Null where one has several.
 */
export function chainOf(commits: Commits, behind: ReadonlySet<string>, range: Range): GitCommit[] | null {
  const chain: GitCommit[] = [];
  for (let sha: string | undefined = range.to; sha !== undefined && !behind.has(sha);) {
    const commit = commits.get(sha);
    if (commit === undefined || commit.parents.length > 1) return null;
    chain.push(commit);
    sha = commit.parents[0];
  }
  const shown = chain.slice(0, range.most);
  return range.oldestFirst ? shown.reverse() : shown;
}

/** Of what both have, the one commit that nothing else of it descends from; null: nothing. Undefined where there are several. */
export function onlyBase(
  commits: Commits,
  ours: ReadonlySet<string>,
  theirs: ReadonlySet<string>,
): string | null | undefined {
  const common = [...ours].filter((sha) => theirs.has(sha));
  const best = new Set(common);
  for (const sha of common) for (const parent of commits.get(sha)?.parents ?? []) best.delete(parent);
  const [first = null] = best;
  return best.size > 1 ? undefined : first;
}
