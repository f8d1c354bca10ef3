import { z } from 'zod';
import type { MergeFacts, PullRequestFacts } from '../domain/change-facts.ts';
import { type Known, known, unknown } from '../domain/known.ts';
import { fullName, type RepositoryRef } from '../domain/repository.ts';
import { askRestPages } from './ask-github.ts';
import type { GitHubReader } from './github-reader.ts';
import { inParallel } from './in-parallel.ts';
import type { BranchActivity } from './pushers-of.ts';
import type { PullRequestReading } from './read-pull-requests.ts';
import { type ActivityReader, openActivity } from './open-activity.ts';

const QUEUE_MERGE = 'merge_queue_merge';
const BY_PULL_REQUEST: ReadonlySet<string> = new Set(['pr_merge', QUEUE_MERGE]);

interface Merge {
  readonly number: number;
  readonly sha: string;
  readonly at: string;
  readonly queued: boolean;
}

/**
 * Whether each merged pull request was merged on GitHub, by number, from the activity of its base. GitHub closes a pull
 * request as merged, too, when its head is pushed to the base, and then calls merge whatever came with it. Neither message
 * nor parents, nor GitHub's signature (which Apps get on any commit that they make) tell both apart; who moved the branch does.
 */
export async function readLandings(
  github: GitHubReader,
  repository: RepositoryRef,
  pullRequests: readonly PullRequestFacts[],
  activity: ActivityReader = openActivity(github, repository, { many: false }),
): Promise<ReadonlyMap<number, MergeFacts['onGitHub']>> {
  const byBase = new Map<string, Merge[]>();
  for (const { number, baseRef, merged } of pullRequests) {
    if (merged === null) continue;
    const others = byBase.get(baseRef) ?? [];
    others.push({ number, sha: merged.commit.sha, at: merged.at, queued: merged.queued === true });
    byBase.set(baseRef, others);
  }
  const found = await inParallel([...byBase], async ([base, merges]) => {
    const moves = await readMoves(activity, repository, base, merges);
    const inBatch = await readBatches(github, repository, merges, moves ?? []);
    return merges.map(
      ({ number, sha }) => [number, inBatch.has(sha) ? known(true) : landingOf(sha, base, moves)] as const,
    );
  });
  return new Map(found.flat());
}

/** Whether the activity of its base has its merge by now, and that GitHub made it. */
export async function hasLanded(
  github: GitHubReader,
  repository: RepositoryRef,
  { pullRequest }: PullRequestReading,
): Promise<boolean> {
  const landing = (await readLandings(github, repository, [pullRequest])).get(pullRequest.number);
  return landing !== undefined && landing.known && landing.value;
}

/** A reading of a merged one with how it landed. */
export function withLanding(
  reading: PullRequestReading,
  onGitHub: MergeFacts['onGitHub'] | undefined,
): PullRequestReading {
  const { pullRequest } = reading;
  if (pullRequest.merged === null || onGitHub === undefined) return reading;
  return { ...reading, pullRequest: { ...pullRequest, merged: { ...pullRequest.merged, onGitHub } } };
}

async function readMoves(
  activity: ActivityReader,
  repository: RepositoryRef,
  base: string,
  merges: readonly Merge[],
): Promise<readonly BranchActivity[] | null> {
  const arrivedAll = (moves: readonly BranchActivity[]): boolean => {
    const arrived = new Set(moves.map(({ after }) => after));
    const oldest = Date.parse(moves.at(-1)?.at ?? '');
    // Of a batch of the queue only the last one's commit is where the branch came to: past its time there is nothing more.
    return merges.every(
      ({ sha, at, queued }) => arrived.has(sha) || (queued && oldest < Date.parse(at) - AROUND),
    );
  };
  const doing = `reading how ${fullName(repository)}'s ${base} moved`;
  return (await activity.of(base, { doing, enough: arrivedAll }))?.items ?? null;
}

/** Whatever clocks GitHub's parts have, a merge and the move that landed it are this close, in milliseconds. */
const AROUND = 3_600_000;
/** So many moves are looked into for one merge, the nearest in time first. */
const LOOKED_INTO = 3;
const PAGES_OF_A_MOVE = 20;
const commitIds = z.object({ commits: z.array(z.object({ sha: z.string() })) });

/**
 * Commits that a merge queue landed before others in one move of the branch. What the queue moved it over is the queue's own
 * making, or what the pull requests in it brought; which of both a commit is, is for whoever traces it.
 */
async function readBatches(
  github: GitHubReader,
  { owner, name }: RepositoryRef,
  merges: readonly Merge[],
  moves: readonly BranchActivity[],
): Promise<ReadonlySet<string>> {
  const arrived = new Set(moves.map(({ after }) => after));
  const found = new Set<string>();
  for (const { sha, at, queued } of merges) {
    if (!queued || arrived.has(sha) || found.has(sha)) continue;
    const distance = (move: BranchActivity) => Math.abs(Date.parse(move.at) - Date.parse(at));
    const nearest = moves
      .filter((move) => move.kind === QUEUE_MERGE && distance(move) <= AROUND)
      .toSorted((a, b) => distance(a) - distance(b));
    for (const { before, after } of nearest.slice(0, LOOKED_INTO)) {
      if (found.has(sha)) break;
      const { items } = await askRestPages(
        github,
        'GET /repos/{owner}/{repo}/compare/{basehead}',
        { owner, repo: name, basehead: `${before}...${after}`, page: 1 },
        commitIds,
        (page) => page.commits,
        { doing: `reading what a merge queue of ${owner}/${name} landed`, limit: PAGES_OF_A_MOVE },
      );
      for (const commit of items) found.add(commit.sha);
    }
  }
  return found;
}

function landingOf(sha: string, base: string, moves: readonly BranchActivity[] | null): Known<boolean> {
  if (moves === null) return unknown(`GitHub does not show us the activity of ${base}`);
  const arrivals = moves.filter(({ after }) => after === sha);
  if (arrivals.length === 0) return unknown(`the activity of ${base} does not have it, or not yet`);
  return known(arrivals.some(({ kind }) => BY_PULL_REQUEST.has(kind)));
}
