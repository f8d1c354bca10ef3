import type { ChangeFacts } from '../domain/change-facts.ts';
import type { DeployedRange } from '../domain/deployment-facts.ts';
import type { RepositoryRef } from '../domain/repository.ts';
import type { RolesAsked } from '../domain/role-facts.ts';
import { freeze } from './freeze.ts';
import { type ChangesAsked, gatherChanges } from './gather-changes.ts';
import type { GitHubReader } from './github-reader.ts';
import { readDefaultTip } from './read-default-tip.ts';
import { readRange } from './read-range.ts';
import { openRoles } from './read-roles.ts';

export interface PushedRangeAsked {
  readonly repository: RepositoryRef;
  /** Where the branch was; null: it is new, and has come off the default branch. */
  readonly base: string | null;
  readonly head: string;
  readonly pushesOf: ChangesAsked['pushesOf'];
  readonly trees: ChangesAsked['trees'];
  readonly roles: RolesAsked;
  /** Whether the policy asks which files are changed. */
  readonly paths: boolean;
  /** When it is gathered, RFC 3339 in UTC. */
  readonly now: string;
}

/**
 * Every commit that a push brought to a branch, and the pull requests they came from. What their merges left is not
 * compared: that is recorded with each merge.
 */
export async function gatherRange(
  github: GitHubReader,
  asked: PushedRangeAsked,
): Promise<{ readonly range: DeployedRange; readonly changes: readonly ChangeFacts[] }> {
  const { repository, head } = asked;
  const running = asked.base ?? (await readDefaultTip(github, repository)).tip;
  const range = await readRange(github, {
    repository,
    sha: head,
    running,
    baseline: null,
    unreviewed: new Set(),
  });
  const numbers = range.commits.items.flatMap((commit) => commit.pullRequests);
  const wanted = { ...asked, numbers, landings: false };
  const changes = await gatherChanges(github, wanted, openRoles(github, repository));
  return freeze({ range, changes });
}
