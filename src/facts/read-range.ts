import type { z } from 'zod';
import type { Actor } from '../domain/actor.ts';
import type { DeployedRange, RangeCommit } from '../domain/deployment-facts.ts';
import type { Listed } from '../domain/listed.ts';
import { fullName, type RepositoryRef } from '../domain/repository.ts';
import { askRestPages } from './ask-github.ts';
import { isGitHubStatus } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';
import { readTraced } from './read-traced-commits.ts';
import { resolveIdentities } from './resolve-identities.ts';
import { type TracedCommit, comparisonPage } from './wire-range.ts';

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

/** A hundred pages of a hundred; a longer range is incomplete, and holds. */
const PAGES = 100;

/**
 * Every commit that a deployment would bring, oldest first, each with the merged pull requests it came from. With nothing to
 * start from it would be the whole history, and whatever that is, it holds until a baseline is declared: nothing is read.
 */
export async function readRange(github: GitHubReader, asked: RangeAsked): Promise<DeployedRange> {
  const { repository, running, baseline } = asked;
  const base = running ?? baseline;
  if (base === null) {
    return { running, baseline, status: 'first', commits: { complete: false, items: [] } };
  }
  const compared = await compare(github, repository, base, asked.sha);
  if (compared === null) {
    return { running, baseline, status: 'unknown', commits: { complete: false, items: [] } };
  }
  const { status, commits, accounts } = compared;
  const items = await readTraced(github, repository, commits.items);
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

interface Compared {
  readonly status: z.output<typeof comparisonPage>['status'];
  readonly commits: Listed<string>;
  /** By e-mail. */
  readonly accounts: ReadonlyMap<string, Actor>;
}

/** Null where one of both commits is not there (any more): then nobody knows what the range is. */
async function compare(
  github: GitHubReader,
  repository: RepositoryRef,
  base: string,
  target: string,
): Promise<Compared | null> {
  const { owner, name } = repository;
  const basehead = `${base}...${target}`;
  const doing = `comparing ${basehead} in ${fullName(repository)}`;
  try {
    // Paged from the start: without paging, GitHub leaves out all but the last 250 commits.
    const { complete, items: pages } = await askRestPages(
      github,
      'GET /repos/{owner}/{repo}/compare/{basehead}',
      { owner, repo: name, basehead, page: 1 },
      comparisonPage,
      (page) => [page],
      { doing, limit: PAGES },
    );
    const [first] = pages;
    if (first === undefined) return null;
    const all = pages.flatMap((page) => page.commits);
    const accounts = new Map<string, Actor>();
    for (const { commit, author, committer } of all) {
      if (author !== null) accounts.set(commit.author, author);
      if (committer !== null) accounts.set(commit.committer, committer);
    }
    const items = [...new Set(all.map((each) => each.sha))];
    const endsAtTarget = first.total_commits === 0 || items.includes(target);
    return {
      status: first.status,
      commits: { complete: complete && items.length === first.total_commits && endsAtTarget, items },
      accounts,
    };
  } catch (error) {
    if (isGitHubStatus(error, 404) || isGitHubStatus(error, 422)) return null;
    throw error;
  }
}
