import type { Actor } from '../domain/actor.ts';
import type { DeployedRange, RangeCommit } from '../domain/deployment-facts.ts';
import type { Listed } from '../domain/listed.ts';
import type { RepositoryRef } from '../domain/repository.ts';
import { compareRange } from './compare-range.ts';
import type { GitHubReader } from './github-reader.ts';
import type { RangeAtOnce } from './read-range-at-once.ts';
import { askAgain, readTraced } from './read-traced-commits.ts';
import { resolveIdentities } from './resolve-identities.ts';
import type { TracedCommit } from './wire-range.ts';

export interface RangeAsked {
  readonly repository: RepositoryRef;
  /** What is to be deployed. */
  readonly sha: string;
  /** What runs now; null: nothing of ours does. */
  readonly running: string | null;
  /** Where the range of a first deployment starts, if the policy says so. */
  readonly baseline: string | null;
  /** Commits of which our ledger says that they were never reviewed. */
  readonly unreviewed: ReadonlySet<string>;
}

/**
 * Every commit that a deployment would bring, oldest first, each with the merged pull requests it came from. With nothing to
 * start from it would be the whole history, and whatever that is, it holds until a baseline is declared: nothing is read.
 * `read`: what was read of just this range already.
 */
export async function readRange(
  github: GitHubReader,
  asked: RangeAsked,
  read: RangeAtOnce | null = null,
): Promise<DeployedRange> {
  const { repository, running, baseline } = asked;
  const base = running ?? baseline;
  if (base === null) {
    return { running, baseline, status: 'first', commits: { complete: false, items: [] } };
  }
  const compared = read === null ? await compareRange(github, repository, base, asked.sha) : read.compared;
  if (compared === null) {
    return { running, baseline, status: 'unknown', commits: { complete: false, items: [] } };
  }
  const { status, commits, accounts } = compared;
  const items =
    read === null
      ? await readTraced(github, repository, commits.items)
      : await askAgain(github, repository, read.commits);
  return {
    running,
    baseline,
    // From a baseline, too, nothing of ours runs yet; but a baseline that isn't an ancestor is no baseline.
    status: running === null && status !== 'diverged' && status !== 'behind' ? 'first' : status,
    commits: await traced(github, asked, { complete: commits.complete, items }, accounts),
  };
}

async function traced(
  github: GitHubReader,
  { repository, unreviewed }: Pick<RangeAsked, 'repository' | 'unreviewed'>,
  { complete, items }: Listed<TracedCommit>,
  accounts: ReadonlyMap<string, Actor>,
): Promise<Listed<RangeCommit>> {
  const commits = items.map(({ commit }) => commit);
  const resolved = await resolveIdentities(github, repository, commits, accounts);
  return {
    complete,
    items: resolved.map((commit, index) => ({
      commit,
      pullRequests: ownNumbers(items[index]?.merged ?? [], repository),
      recordedUnreviewed: unreviewed.has(commit.sha),
    })),
  };
}

/** A commit can also be in another repository's pull request (a fork's, or what this one was forked from): not our review. */
function ownNumbers(merged: TracedCommit['merged'], repository: RepositoryRef): readonly number[] {
  const own = merged.filter((each) => each.repositoryId === repository.id);
  return [...new Set(own.map((each) => each.number))].sort((a, b) => a - b);
}
