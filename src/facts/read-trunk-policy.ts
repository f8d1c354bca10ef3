import { z } from 'zod';
import type { PolicySource } from '../domain/policy-reading.ts';
import { fullName, type RepositoryRef } from '../domain/repository.ts';
import type { Visibility } from '../domain/visibility.ts';
import { askGraphql } from './ask-github.ts';
import { GitHubError } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';
import {
  BASELINE_OF_OWNER,
  NO_BASELINE,
  type OwnersBaseline,
  ownersBaseline,
  POLICY_OF_REF,
  POLICY_PARAMETERS,
  POLICY_PATH,
  POLICY_VARIABLES,
  policySourceOf,
  refWithPolicy,
  visibility,
} from './wire-policy.ts';

export const TRUNK_POLICY_QUERY = `query TrunkPolicy($owner: String!, $name: String!, ${POLICY_PARAMETERS}) {
  repository(owner: $owner, name: $name) {
    databaseId
    visibility
    defaultBranchRef { name ${POLICY_OF_REF} }
  }
  ${BASELINE_OF_OWNER}
}`;

const namedRef = refWithPolicy.extend({ name: z.string() });
const answer = z.object({
  repository: z.object({ databaseId: z.int(), visibility, defaultBranchRef: namedRef.nullable() }).nullable(),
  ...ownersBaseline,
});

/** A repository's default branch, whose policy says what is guarded, as both are at one moment. */
export interface TrunkPolicy {
  readonly trunk: string;
  readonly source: PolicySource;
  readonly visibility: Visibility;
}

/** The policy of whatever is the default branch now, and the baseline of the repository's owner, in one request. */
export async function readTrunkPolicy(github: GitHubReader, repository: RepositoryRef): Promise<TrunkPolicy> {
  const { owner, name } = repository;
  const doing = `reading ${POLICY_PATH} on ${owner}/${name}'s default branch`;
  const variables = { owner, name, ...POLICY_VARIABLES };
  const read = await askGraphql(github, TRUNK_POLICY_QUERY, variables, answer, doing, {
    mayLack: NO_BASELINE,
  });
  const found = read.repository?.databaseId === repository.id ? read.repository : null;
  const policy = found === null ? null : trunkPolicyOf(repository, { ...read, repository: found });
  if (policy === null) {
    throw new GitHubError(
      'github_refused',
      `GitHub shows no default branch of ${fullName(repository)} while ${doing}: the repository is empty, gone or renamed, or the App is not installed on it`,
      { status: 200, said: 'null' },
    );
  }
  return policy;
}

/** It, of what a query told that asked for it; null where there is no default branch, or nothing on it. */
export function trunkPolicyOf(
  repository: RepositoryRef,
  told: {
    readonly repository: {
      readonly visibility?: Visibility | undefined;
      readonly defaultBranchRef?: z.output<typeof namedRef> | null | undefined;
    };
  } & { readonly [name in keyof OwnersBaseline]?: OwnersBaseline[name] | undefined },
): TrunkPolicy | null {
  const { visibility: seenBy, defaultBranchRef: branch = null } = told.repository;
  if (branch === null || branch.target === null || seenBy === undefined) return null;
  const source = policySourceOf(repository, branch.name, branch, {
    account: told.account ?? null,
    baseline: told.baseline ?? null,
  });
  return { trunk: branch.name, source, visibility: seenBy };
}
