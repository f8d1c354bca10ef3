import type { z } from 'zod';
import type { Actor } from '../domain/actor.ts';
import type { Listed } from '../domain/listed.ts';
import { fullName, type RepositoryRef } from '../domain/repository.ts';
import { askRestPages } from './ask-github.ts';
import { isGitHubStatus } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';
import { comparisonPage } from './wire-range.ts';

/** A hundred pages of a hundred; a longer range is incomplete, and holds. */
const PAGES = 100;

/** Which commits a target has and a base has not, oldest first. */
export interface Compared {
  readonly status: z.output<typeof comparisonPage>['status'];
  readonly commits: Listed<string>;
  /** The pull requests that the commits' messages name as GitHub does by itself when it merges: anybody can write that. */
  readonly named: readonly number[];
  /** By e-mail. */
  readonly accounts: ReadonlyMap<string, Actor>;
}

/** Null where one of both commits is not there (any more): then nobody knows what the range is. */
export async function compareRange(
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
      named: all.flatMap(({ commit }) => commit.names ?? []),
      accounts,
    };
  } catch (error) {
    if (isGitHubStatus(error, 404) || isGitHubStatus(error, 422)) return null;
    throw error;
  }
}
