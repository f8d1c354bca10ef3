import type { MergeFacts, PullRequestFacts } from '../domain/change-facts.ts';
import { type Known, known, unknown } from '../domain/known.ts';
import { fullName, type RepositoryRef } from '../domain/repository.ts';
import { askRestPages } from './ask-github.ts';
import { isRefusal } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';
import { inParallel } from './in-parallel.ts';
import type { BranchActivity } from './pushers-of.ts';
import { activities } from './read-pushers.ts';

/** A thousand moves of a branch; a merge further back is unknown, and holds. */
const PAGES = 10;

const BY_PULL_REQUEST: ReadonlySet<string> = new Set(['pr_merge', 'merge_queue_merge']);

/**
 * Whether each merged pull request was merged on GitHub, by number, from the activity of its base. GitHub closes a pull
 * request as merged, too, when its head is pushed to the base, and then calls merge whatever came with it. Neither message
 * nor parents, nor GitHub's signature (which Apps get on any commit that they make) tell both apart; who moved the branch does.
 */
export async function readLandings(
  github: GitHubReader,
  repository: RepositoryRef,
  pullRequests: readonly PullRequestFacts[],
): Promise<ReadonlyMap<number, MergeFacts['onGitHub']>> {
  const byBase = new Map<string, { readonly number: number; readonly sha: string }[]>();
  for (const { number, baseRef, merged } of pullRequests) {
    if (merged === null) continue;
    const others = byBase.get(baseRef) ?? [];
    others.push({ number, sha: merged.commit.sha });
    byBase.set(baseRef, others);
  }
  const found = await inParallel([...byBase], async ([base, merges]) => {
    const wanted = merges.map(({ sha }) => sha);
    const moves = await readMoves(github, repository, base, wanted);
    return merges.map(({ number, sha }) => [number, landingOf(sha, base, moves)] as const);
  });
  return new Map(found.flat());
}

async function readMoves(
  github: GitHubReader,
  repository: RepositoryRef,
  base: string,
  wanted: readonly string[],
): Promise<readonly BranchActivity[] | null> {
  const { owner, name } = repository;
  const arrivedAll = (moves: readonly BranchActivity[]): boolean => {
    const arrived = new Set(moves.map(({ after }) => after));
    return wanted.every((sha) => arrived.has(sha));
  };
  try {
    const { items } = await askRestPages(
      github,
      'GET /repos/{owner}/{repo}/activity',
      { owner, repo: name, ref: `refs/heads/${base}` },
      activities,
      (page) => page,
      { doing: `reading how ${fullName(repository)}'s ${base} moved`, limit: PAGES, stop: arrivedAll },
    );
    return items;
  } catch (error) {
    if (isRefusal(error)) return null;
    throw error;
  }
}

function landingOf(sha: string, base: string, moves: readonly BranchActivity[] | null): Known<boolean> {
  if (moves === null) return unknown(`GitHub does not show us the activity of ${base}`);
  const arrivals = moves.filter(({ after }) => after === sha);
  if (arrivals.length === 0) return unknown(`the activity of ${base} does not have it, or not yet`);
  return known(arrivals.some(({ kind }) => BY_PULL_REQUEST.has(kind)));
}
