import { z } from 'zod';
import type { Actor } from '../domain/actor.ts';
import type { Known } from '../domain/known.ts';
import type { Listed } from '../domain/listed.ts';
import type { RepositoryRef } from '../domain/repository.ts';
import { askRestPages } from './ask-github.ts';
import { isRefusal } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';
import { type BranchActivity, type SeenPush, pushersOf, reachesBack } from './pushers-of.ts';
import type { PullRequestReading } from './read-pull-requests.ts';
import { restActor } from './wire-actor.ts';

const PAGES = 10;

/** A page of the activity of a repository. */
export const activities = z.array(
  z
    .object({ activity_type: z.string(), before: z.string(), after: z.string(), actor: restActor })
    .transform((move): BranchActivity => ({
      kind: move.activity_type,
      before: move.before,
      after: move.after,
      actor: move.actor,
    })),
);

/** Who pushed a pull request's head branch: by the webhooks we saw, and by the branch's activity where we may read it. */
export async function readPushers(
  github: GitHubReader,
  repository: RepositoryRef,
  { pullRequest, commits }: PullRequestReading,
  seen: readonly SeenPush[],
): Promise<Known<readonly Actor[]>> {
  const head = {
    sha: pullRequest.headSha,
    commits: { complete: commits.complete, items: commits.items.map((commit) => commit.sha) },
  };
  const { owner, name } = repository;
  const read = async (): Promise<Listed<BranchActivity> | null> => {
    // A fork's branch is another repository's, on which the App is hardly installed.
    if (pullRequest.fromFork) return null;
    try {
      return await askRestPages(
        github,
        'GET /repos/{owner}/{repo}/activity',
        { owner, repo: name, ref: `refs/heads/${pullRequest.headRef}` },
        activities,
        (page) => page,
        {
          doing: `reading who pushed to ${owner}/${name}'s ${pullRequest.headRef}`,
          limit: PAGES,
          stop: (items) => reachesBack(head, items),
        },
      );
    } catch (error) {
      if (isRefusal(error)) return null;
      throw error;
    }
  };
  return pushersOf(head, seen, await read());
}
