import type { z } from 'zod';
import type { Actor } from '../domain/actor.ts';
import type { Listed } from '../domain/listed.ts';
import { fullName, type RepositoryRef } from '../domain/repository.ts';
import { askRest, askRestPages } from './ask-github.ts';
import { isGitHubStatus } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';
import { comparisonPage } from './wire-range.ts';

const ROUTE = 'GET /repos/{owner}/{repo}/compare/{basehead}';
/** A hundred pages of a hundred; a longer range is incomplete, and holds. */
const PAGES = 100;

type Page = z.output<typeof comparisonPage>;

/** Which commits a target has and a base has not, oldest first. */
export interface Compared {
  readonly status: z.output<typeof comparisonPage>['status'];
  readonly commits: Listed<string>;
  /** The pull requests that the commits' messages name as GitHub does by itself when it merges: anybody can write that. */
  readonly named: readonly number[];
  /** By e-mail. */
  readonly accounts: ReadonlyMap<string, Actor>;
}

/**
 * Null where one of both commits is not there (any more): then nobody knows what the range is. Asked without paging, GitHub
 * tells the newest 250 commits in one answer; of a longer range, pages from its start tell those before them.
 * https://docs.github.com/rest/commits/commits#compare-two-commits
 */
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
    const newest = await askRest(github, ROUTE, { owner, repo: name, basehead }, comparisonPage, doing);
    const pages = [...(await readOlder(github, { owner, repo: name, basehead }, newest, doing)), newest];
    const all = pages.flatMap((page) => page.commits);
    const accounts = new Map<string, Actor>();
    for (const { commit, author, committer } of all) {
      if (author !== null) accounts.set(commit.author, author);
      if (committer !== null) accounts.set(commit.committer, committer);
    }
    const items = [...new Set(all.map((each) => each.sha))];
    const endsAtTarget = newest.total_commits === 0 || items.includes(target);
    return {
      status: newest.status,
      commits: { complete: items.length === newest.total_commits && endsAtTarget, items },
      named: all.flatMap(({ commit }) => commit.names ?? []),
      accounts,
    };
  } catch (error) {
    if (isGitHubStatus(error, 404) || isGitHubStatus(error, 422)) return null;
    throw error;
  }
}

/** The pages before the newest commits, until both meet; what they don't reach leaves the range incomplete. */
async function readOlder(
  github: GitHubReader,
  at: { readonly owner: string; readonly repo: string; readonly basehead: string },
  newest: Page,
  doing: string,
): Promise<readonly Page[]> {
  if (newest.commits.length >= newest.total_commits) return [];
  const known = newest.commits.map(({ sha }) => sha);
  const haveAll = (pages: readonly Page[]): boolean =>
    new Set([...known, ...pages.flatMap(({ commits }) => commits.map(({ sha }) => sha))]).size >=
    newest.total_commits;
  const options = { doing, limit: PAGES, stop: haveAll };
  return (await askRestPages(github, ROUTE, { ...at, page: 1 }, comparisonPage, (page) => [page], options))
    .items;
}
