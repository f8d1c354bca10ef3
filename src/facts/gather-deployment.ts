import type { DeploymentFacts, DeploymentRequest, DeploymentReview } from '../domain/deployment-facts.ts';
import type { PolicyTrust } from '../domain/policy-trust.ts';
import type { Listed } from '../domain/listed.ts';
import type { RepositoryRef } from '../domain/repository.ts';
import type { RolesAsked } from '../domain/role-facts.ts';
import { freeze } from './freeze.ts';
import { type ChangesAsked, gatherChanges } from './gather-changes.ts';
import type { GitHubReader } from './github-reader.ts';
import { readContainingBranches } from './read-containing-branches.ts';
import { readEnvironment } from './read-environment.ts';
import { type OrganizationAsked, readOrganization } from './read-organization.ts';
import { readRange } from './read-range.ts';
import { type CameFrom, type RangeAtOnce, readRangeAtOnce } from './read-range-at-once.ts';
import { openRoles } from './read-roles.ts';
import { readRunReviews } from './read-run-reviews.ts';

export interface DeploymentAsked {
  readonly repository: RepositoryRef;
  readonly request: DeploymentRequest;
  /** Our App's id, by which we know our own protection rule. */
  readonly appId: number;
  /** What runs on the environment now, by our records; null: nothing of ours does. */
  readonly running: string | null;
  /** Something was started since of which nobody knows whether it runs: then the range isn't known either. */
  readonly uncertain: boolean;
  /** Where a first deployment's range starts, if the policy says so. */
  readonly baseline: string | null;
  /** Whether the policy lets this environment be deployed from a branch. */
  readonly allowsBranch: (branch: string) => boolean;
  /** Commits of which our ledger says that they were never reviewed. */
  readonly unreviewed: ReadonlySet<string>;
  /** What people pressed on our check run. */
  readonly pressed: readonly DeploymentReview[];
  readonly pushesOf: ChangesAsked['pushesOf'];
  readonly trees: ChangesAsked['trees'];
  readonly atMerge?: ChangesAsked['atMerge'] & {};
  /** The range, where it was read in one go with the policy. */
  readonly atOnce?: RangeAtOnce | null;
  /** Where our records say that commits came from: what is asked about together with them. */
  readonly cameFrom?: CameFrom;
  /** What ran in the environments that the policy puts before this one, and whether this one is locked, by our records. */
  readonly before: DeploymentFacts['before'] & {};
  readonly lock: DeploymentFacts['lock'] & {};
  /** The emergency of its commit there, and what of the repository awaits a review, by our records. */
  readonly emergency?: DeploymentFacts['emergency'] & {};
  readonly openReviews?: DeploymentFacts['openReviews'] & {};
  /** Of a rollback: whether its commit was approved and ran there, by our records. */
  readonly ranBefore?: DeploymentFacts['ranBefore'] | null;
  /** What the policy asks of accounts. */
  readonly identity: OrganizationAsked;
  readonly roles: RolesAsked;
  /** Whether the policy asks which files are changed. */
  readonly paths: boolean;
  /** Whether the policy that judges came by review. */
  readonly policy: PolicyTrust;
  /** When it is gathered, RFC 3339 in UTC. */
  readonly now: string;
}

/**
 * Reads all that is judged about one wanted deployment: every commit that would become new, the pull requests they came
 * from, the environment and who said yes to it. As for a change, what is refused is unknown and what ends early is
 * incomplete; `run_of_another_commit` where the Actions run isn't what the request says it is.
 */
export async function gatherDeployment(
  github: GitHubReader,
  asked: DeploymentAsked,
): Promise<DeploymentFacts> {
  const { repository, request, pressed } = asked;
  const [{ range, branches, pullRequests }, environment, reviewed] = await Promise.all([
    readCommitsAndBranches(github, asked),
    readEnvironment(github, repository, request.environment, asked.appId),
    readReviews(github, repository, request),
  ]);
  const reviews = { complete: reviewed.complete, items: [...reviewed.items, ...pressed] };
  // Whoever the environment names by team is resolved too: the policy doesn't know those teams.
  const environmentTeams = environment.known ? (environment.value.reviewers?.teams ?? []) : [];
  const rolesAsked = { ...asked.roles, teams: [...asked.roles.teams, ...environmentTeams] };

  const numbers = range.commits.items.flatMap((commit) => commit.pullRequests);
  const roles = openRoles(github, repository);
  const changesAsked = { ...asked, numbers, read: pullRequests, landings: true };
  const changes = await gatherChanges(github, changesAsked, roles);

  const emergency = asked.emergency?.known === true ? asked.emergency.value : null;
  const people = [
    request.requester,
    ...reviews.items.map((review) => review.reviewer),
    emergency?.declaredBy,
    emergency?.confirmed?.by,
  ].flatMap((actor) => actor ?? []);
  const organization = await readOrganization(github, repository.owner, asked.identity, people);
  return freeze({
    schema: 'deployment-facts/v1',
    gatheredAt: asked.now,
    repository,
    request,
    branches,
    range: asked.uncertain ? { ...range, status: 'unknown' } : range,
    changes,
    environment,
    reviews,
    ...(reviewed.attempt === undefined ? {} : { runAttempt: reviewed.attempt }),
    before: asked.before,
    lock: asked.lock,
    ...(asked.emergency === undefined ? {} : { emergency: asked.emergency }),
    ...(asked.openReviews === undefined ? {} : { openReviews: asked.openReviews }),
    ...(asked.ranBefore === null || asked.ranBefore === undefined ? {} : { ranBefore: asked.ranBefore }),
    ...(organization === null ? {} : { organization }),
    policy: asked.policy,
    roles: await roles.of(rolesAsked, { named: people, acting: people }),
  });
}

/** What would become new there, and which branches have it. A range that was read for another start is of no use. */
async function readCommitsAndBranches(github: GitHubReader, asked: DeploymentAsked) {
  const { repository, atOnce = null, cameFrom } = asked;
  const { sha } = asked.request;
  const base = asked.running ?? asked.baseline;
  const fits = atOnce?.base === base && atOnce?.sha === sha;
  const wanted = {
    repository,
    base: base ?? '',
    sha,
    policy: false,
    ...(cameFrom === undefined ? {} : { cameFrom }),
  };
  const read = base === null ? null : fits ? atOnce : await readRangeAtOnce(github, wanted);
  const [range, branches] = await Promise.all([
    readRange(github, { ...asked, sha }, read),
    readContainingBranches(github, repository, sha, {
      allows: asked.allowsBranch,
      read: read?.branches ?? null,
    }),
  ]);
  return { range, branches, pullRequests: read?.pullRequests ?? [] };
}

/** Buttons are the approvals where GitHub has none of its own: only an Actions run has those. */
async function readReviews(
  github: GitHubReader,
  repository: RepositoryRef,
  { source, runId, sha, environment }: DeploymentRequest,
): Promise<Listed<DeploymentReview> & { readonly attempt?: number }> {
  if (source !== 'actions') return { complete: true, items: [] };
  // A run that nobody can name may have been rejected, for all we know.
  if (runId === null) return { complete: false, items: [] };
  return readRunReviews(github, repository, { id: runId, sha, environment });
}
