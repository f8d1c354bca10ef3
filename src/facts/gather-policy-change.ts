import type { RangeCommit } from '../domain/deployment-facts.ts';
import type { PolicyChangeFacts } from '../domain/policy-trust.ts';
import type { RepositoryRef } from '../domain/repository.ts';
import type { RolesAsked } from '../domain/role-facts.ts';
import { descendedFrom } from './descended-from.ts';
import { freeze } from './freeze.ts';
import { type ChangesAsked, gatherChanges } from './gather-changes.ts';
import type { GitHubReader } from './github-reader.ts';
import { readFileVersions } from './read-file-versions.ts';
import { POLICY_PATH } from './wire-policy.ts';
import { readRange } from './read-range.ts';
import { openRoles } from './read-roles.ts';

export interface PolicyChangeAsked {
  readonly repository: RepositoryRef;
  readonly branch: string;
  readonly tip: string;
  /** The commit at which the last reviewed version was seen. */
  readonly since: string;
  readonly pushesOf: ChangesAsked['pushesOf'];
  readonly trees: ChangesAsked['trees'];
  readonly atMerge?: ChangesAsked['atMerge'] & {};
  readonly roles: RolesAsked;
  /** Whether the policy asks which files are changed. */
  readonly paths: boolean;
  /** When it is gathered, RFC 3339 in UTC. */
  readonly now: string;
}

/**
 * Which commits changed the policy since it was last reviewed, and the pull requests that they came from. `git log -- PATH`
 * wouldn't do: of a merge that takes one side's file as it was, it shows that side only, so that whoever pushes such a merge
 * brings back an older version as if the newer one had never been. Here a commit counts as soon as its file differs from
 * that of any parent by which the last reviewed version could have come down to it.
 */
export async function gatherPolicyChange(
  github: GitHubReader,
  asked: PolicyChangeAsked,
): Promise<PolicyChangeFacts> {
  const { repository, branch, tip, since, now } = asked;
  const unreviewed = new Set<string>();
  const range = await readRange(github, { repository, sha: tip, running: since, baseline: null, unreviewed });
  const connected = range.status === 'ahead' && range.commits.complete;
  const items = connected ? range.commits.items : [];
  const steps = descendedFrom(
    since,
    items.map(({ commit }) => commit),
  );
  const shas = steps.length === 0 ? [] : [since, ...steps.map(({ sha }) => sha)];
  const versions = await readFileVersions(github, repository, POLICY_PATH, shas);
  const touching = steps
    .filter(({ sha, from }) => from.some((parent) => versions.get(parent) !== versions.get(sha)))
    .map(({ sha }) => sha);
  const commits = withNeighbours(items, new Set(touching));
  const numbers = commits.flatMap(({ pullRequests }) => pullRequests);
  const wanted = { ...asked, numbers, landings: true };
  const changes = await gatherChanges(github, wanted, openRoles(github, repository));
  const ends = new Set(
    changes.flatMap(({ pullRequest: { headSha, merged } }) => [headSha, merged?.commit.sha ?? headSha]),
  );
  const kept = new Set(commits.map(({ commit }) => commit.sha));
  return freeze({
    schema: 'policy-change-facts/v1',
    gatheredAt: now,
    repository,
    branch,
    tip,
    since,
    connected,
    touching,
    commits: items.filter(({ commit: { sha } }) => kept.has(sha) || ends.has(sha)),
    changes,
  });
}

/**
 * Of the commits that GitHub makes when it rebases, only the last one names its pull request: a commit without one is
 * followed up its line to the next that has. The pull requests of what lies beside that are none of our business.
 */
function withNeighbours(
  range: readonly RangeCommit[],
  touching: ReadonlySet<string>,
): readonly RangeCommit[] {
  const own = range.filter(({ commit }) => touching.has(commit.sha));
  const lost = own.filter(({ pullRequests }) => pullRequests.length === 0);
  if (lost.length === 0) return own;
  const child = new Map(range.map((each) => [each.commit.parents[0] ?? '', each]));
  const named = lost.flatMap(({ commit }) => {
    let next = child.get(commit.sha);
    while (next !== undefined && next.pullRequests.length === 0) next = child.get(next.commit.sha);
    return next ?? [];
  });
  const nameless = range.filter(({ pullRequests }) => pullRequests.length === 0);
  return [...new Set([...own, ...nameless, ...named])];
}
