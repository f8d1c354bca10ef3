import { z } from 'zod';
import type { PolicySource } from '../domain/policy-reading.ts';
import { fullName, type RepositoryRef } from '../domain/repository.ts';
import { askGraphql } from './ask-github.ts';
import { GitHubError, isRefusal } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';
import type { TrunkPolicy } from './read-trunk-policy.ts';
import {
  BASELINE_OF_OWNER,
  NO_BASELINE,
  ownersBaseline,
  POLICY_OF_REF,
  POLICY_PARAMETERS,
  POLICY_VARIABLES,
  policySourceOf,
  refWithPolicy,
  visibility,
} from './wire-policy.ts';
import {
  ownerWithTeams,
  type TeamMembers,
  teamMembers,
  teamParameters,
  teamsField,
  teamVariables,
} from './wire-teams.ts';
import {
  PROTECTION_OF_REF,
  PROTECTION_REFUSED,
  type ProtectionRule,
  protectionRule,
} from './wire-protection-rule.ts';
import { PULL_REQUEST_FRAGMENTS, type WirePullRequest, wirePullRequest } from './wire-pull-request.ts';

/** With the members of so many of the owner's teams. */
export const changeQuery = (
  teams: number,
): string => `query Change($owner: String!, $name: String!, $number: Int!, ${POLICY_PARAMETERS}${teamParameters(teams)}) {
  repository(owner: $owner, name: $name) {
    databaseId
    ${teamsField(teams)}
    visibility
    defaultBranchRef { name ${POLICY_OF_REF} }
    pullRequest(number: $number) { ...PullRequestParts baseRef { name ${POLICY_OF_REF} ${PROTECTION_OF_REF} } }
  }
  ${BASELINE_OF_OWNER}
}
${PULL_REQUEST_FRAGMENTS}`;

const namedRef = refWithPolicy.extend({ name: z.string() });
const answer = z.object({
  repository: z
    .object({
      databaseId: z.int(),
      owner: ownerWithTeams.optional(),
      visibility,
      defaultBranchRef: namedRef.nullable(),
      pullRequest: wirePullRequest
        .extend({ baseRef: namedRef.extend({ branchProtectionRule: protectionRule }).nullable() })
        .nullable(),
    })
    .nullable(),
  ...ownersBaseline,
});

/** A pull request, and the policies that it is judged by, as all are at one moment. */
export interface ChangeReading {
  /** The default branch's, which says whether the base is guarded. */
  readonly trunk: TrunkPolicy;
  /** The branch that it wants to be merged into, with what that one's own policy says. */
  readonly base: {
    readonly name: string;
    readonly source: PolicySource;
    /** What GraphQL tells of its classic protection; null where that is nothing. */
    readonly rule: ProtectionRule | null;
  };
  readonly pullRequest: WirePullRequest;
  /** Those of the teams asked for whose members GitHub told to the end. */
  readonly teams: TeamMembers;
}

/** A hundred members of each. Those beyond are asked for by themselves. */
const TEAMS_AT_MOST = 20;

/**
 * One pull request with as much of it as fits in one request, the policy of its base and that of the default branch; and who is in
 * the `teams` of which it is known already that they will be asked for.
 */
export async function readChange(
  github: GitHubReader,
  repository: RepositoryRef,
  number: number,
  teams: readonly string[] = [],
): Promise<ChangeReading> {
  const slugs = teams.slice(0, TEAMS_AT_MOST);
  try {
    return await readWith(github, repository, number, slugs);
  } catch (error) {
    // Whether the teams are what is refused is seen without them; whoever asks for those alone is told why.
    if (slugs.length === 0 || !isRefusal(error)) throw error;
    return await readWith(github, repository, number, []);
  }
}

async function readWith(
  github: GitHubReader,
  repository: RepositoryRef,
  number: number,
  teams: readonly string[],
): Promise<ChangeReading> {
  const { owner, name } = repository;
  const doing = `reading ${fullName(repository)}#${number} and the policies that it is judged by`;
  const variables = { owner, name, number, ...POLICY_VARIABLES, ...teamVariables(teams) };
  const query = changeQuery(teams.length);
  const read = await askGraphql(github, query, variables, answer, doing, {
    mayLack: NO_BASELINE,
    mayRefuse: PROTECTION_REFUSED,
  });
  const found = read.repository?.databaseId === repository.id ? read.repository : null;
  const trunk = found?.defaultBranchRef ?? null;
  const pullRequest = found?.pullRequest ?? null;
  if (found === null || trunk === null || pullRequest === null || pullRequest.number !== number) {
    throw new GitHubError(
      'github_refused',
      `GitHub shows no ${fullName(repository)}#${number} while ${doing}: it does not exist, or the App is not installed there`,
      { status: 200, said: 'null' },
    );
  }
  const { baseRefName: base, baseRef } = pullRequest;
  // A base that was deleted has no policy any more; one that was renamed just now is read again with its new name.
  const policyAt = (branch: string, ref: z.output<typeof refWithPolicy> | null): PolicySource =>
    policySourceOf(repository, branch, ref, read);
  const own = baseRef?.name === base ? baseRef : null;
  return {
    trunk: { trunk: trunk.name, source: policyAt(trunk.name, trunk), visibility: found.visibility },
    base: { name: base, source: policyAt(base, own), rule: own?.branchProtectionRule ?? null },
    pullRequest,
    teams: teamMembers(found.owner, teams),
  };
}
