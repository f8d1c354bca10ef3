import { z } from 'zod';
import type { Actor } from '../domain/actor.ts';
import type { Known } from '../domain/known.ts';
import type { RepositoryRef } from '../domain/repository.ts';
import { askRest } from './ask-github.ts';
import { isRefusal } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';
import { inParallel } from './in-parallel.ts';
import { type ActivityReader, openActivity } from './open-activity.ts';
import { isWhole, type SeenPush, pushersOf, reachesBack } from './pushers-of.ts';
import type { PullRequestReading } from './read-pull-requests.ts';
import { sha } from './wire-commit.ts';

/**
 * Who pushed a pull request's head branch: by its activity where GitHub shows it (of a fork that is public, too), and by the
 * webhooks we saw.
 */
export async function readPushers(
  github: GitHubReader,
  repository: RepositoryRef,
  reading: PullRequestReading,
  seen: readonly SeenPush[],
  own: ActivityReader = openActivity(github, repository, { many: false }),
): Promise<Known<readonly Actor[]>> {
  return (await readPushes(github, repository, reading, seen, own)).pushers;
}

/** {@link readPushers}, and whether the branch's activity is without a gap. */
export async function readPushes(
  github: GitHubReader,
  repository: RepositoryRef,
  { pullRequest, commits }: PullRequestReading,
  seen: readonly SeenPush[],
  own: ActivityReader = openActivity(github, repository, { many: false }),
): Promise<{ readonly pushers: Known<readonly Actor[]>; readonly whole: boolean }> {
  const head = {
    sha: pullRequest.headSha,
    commits: { complete: commits.complete, items: commits.items.map((commit) => commit.sha) },
  };
  const fork = pullRequest.fromFork ? await readForkOf(github, repository, pullRequest.number) : null;
  const forks = fork === null ? null : openActivity(github, fork, { many: false });
  const { owner, name } = fork ?? repository;
  const activity = await (pullRequest.fromFork ? forks : own)?.of(pullRequest.headRef, {
    doing: `reading who pushed to ${owner}/${name}'s ${pullRequest.headRef}`,
    enough: (moves) => reachesBack(head, moves),
  });
  const reached = activity?.items.some((move) => move.after === head.sha) === true;
  const told = reached ? seen : await withCommon(github, repository, head, seen);
  // A fork's moves are told apart from those of the base, so that neither says how new the other's are.
  const whole =
    !pullRequest.fromFork && activity !== null && activity !== undefined && isWhole(head, activity.items);
  return { pushers: pushersOf(head, told, activity ?? null), whole };
}

type Head = Parameters<typeof reachesBack>[0];

const forkAnswer = z.object({
  head: z.object({ repo: z.object({ name: z.string(), owner: z.object({ login: z.string() }) }).nullable() }),
});

/** Where a fork's pull request comes from; null: the fork is gone. */
async function readForkOf(
  github: GitHubReader,
  { owner, name }: RepositoryRef,
  number: number,
): Promise<Pick<RepositoryRef, 'owner' | 'name'> | null> {
  const doing = `reading which fork ${owner}/${name}#${number} comes from`;
  const parameters = { owner, repo: name, pull_number: number };
  const route = 'GET /repos/{owner}/{repo}/pulls/{pull_number}';
  const { repo } = (await askRest(github, route, parameters, forkAnswer, doing)).head;
  return repo === null ? null : { owner: repo.owner.login, name: repo.name };
}

/** So many force pushes are looked into; those before them leave it unknown who pushed what they carried on. */
const COMPARED_AT_MOST = 20;
const common = z.object({ merge_base_commit: z.object({ sha }) });

/** What a push carried on, where it replaced a commit that isn't the pull request's own any more. */
async function withCommon(
  github: GitHubReader,
  { owner, name }: RepositoryRef,
  head: Head,
  seen: readonly SeenPush[],
): Promise<readonly SeenPush[]> {
  const own = new Set(head.commits.items);
  const asked = seen.filter(({ before }) => before !== null && !own.has(before)).slice(-COMPARED_AT_MOST);
  const found = await inParallel(asked, async (push) => {
    const basehead = `${push.before ?? ''}...${push.sha}`;
    const doing = `comparing ${basehead} in ${owner}/${name}`;
    try {
      const route = 'GET /repos/{owner}/{repo}/compare/{basehead}';
      const answer = await askRest(
        github,
        route,
        { owner, repo: name, basehead, per_page: 1 },
        common,
        doing,
      );
      return [push, answer.merge_base_commit.sha] as const;
    } catch (error) {
      if (isRefusal(error)) return [push, null] as const;
      throw error;
    }
  });
  const shared = new Map<SeenPush, string | null>(found);
  return seen.map((push) => ({ ...push, common: shared.get(push) ?? null }));
}
