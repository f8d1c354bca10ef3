import type { RangeCommit } from '../domain/deployment-facts.ts';
import type { PolicyChangeFacts } from '../domain/policy-trust.ts';
import type { RepositoryRef } from '../domain/repository.ts';
import type { RolesAsked } from '../domain/role-facts.ts';
import { freeze } from './freeze.ts';
import { type ChangesAsked, gatherChanges } from './gather-changes.ts';
import type { GitHubReader } from './github-reader.ts';
import { readFileHistory } from './read-file-history.ts';
import { POLICY_PATH } from './read-policy.ts';
import { readCommits, readRange } from './read-range.ts';
import { openRoles } from './read-roles.ts';

export interface PolicyChangeAsked {
  readonly repository: RepositoryRef;
  readonly branch: string;
  readonly tip: string;
  /** The commit at which the last reviewed version was seen. */
  readonly since: string;
  readonly pushesOf: ChangesAsked['pushesOf'];
  readonly roles: RolesAsked;
  /** When it is gathered, RFC 3339 in UTC. */
  readonly now: string;
}

/** Which commits changed the policy since it was last reviewed, and the pull requests that they came from. */
export async function gatherPolicyChange(
  github: GitHubReader,
  asked: PolicyChangeAsked,
): Promise<PolicyChangeFacts> {
  const { repository, branch, tip, since, now } = asked;
  const history = await readFileHistory(github, repository, { path: POLICY_PATH, since, tip });
  const touching = await readCommits(github, repository, history.connected ? history.touching : []);
  const commits = await withNeighbours(github, repository, touching, tip);
  const numbers = commits.flatMap(({ pullRequests }) => pullRequests);
  return freeze({
    schema: 'policy-change-facts/v1',
    gatheredAt: now,
    repository,
    branch,
    tip,
    since,
    ...history,
    commits,
    changes: await gatherChanges(github, { ...asked, numbers }, openRoles(github, repository)),
  });
}

/**
 * Of the commits that GitHub makes when it rebases, only the last one names its pull request: a commit without one is
 * followed up its line to the next that has. The pull requests of what lies beside that are none of our business.
 */
async function withNeighbours(
  github: GitHubReader,
  repository: RepositoryRef,
  touching: readonly RangeCommit[],
  tip: string,
): Promise<readonly RangeCommit[]> {
  const lost = touching.filter(({ pullRequests }) => pullRequests.length === 0);
  const oldest = lost.at(-1)?.commit.parents[0];
  if (oldest === undefined) return touching;
  const range = await readRange(github, {
    repository,
    sha: tip,
    running: oldest,
    baseline: null,
    unreviewed: new Set(),
  });
  const child = new Map(range.commits.items.map((each) => [each.commit.parents[0] ?? '', each]));
  const named = lost.flatMap(({ commit }) => {
    let next = child.get(commit.sha);
    while (next !== undefined && next.pullRequests.length === 0) next = child.get(next.commit.sha);
    return next ?? [];
  });
  const nameless = range.commits.items.filter(({ pullRequests }) => pullRequests.length === 0);
  const all = [...touching, ...nameless, ...named];
  return [...new Map(all.map((each) => [each.commit.sha, each])).values()];
}
