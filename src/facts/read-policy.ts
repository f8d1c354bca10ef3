import { z } from 'zod';
import type { PolicySource } from '../domain/policy-reading.ts';
import { fullName, type RepositoryRef } from '../domain/repository.ts';
import { askGraphql } from './ask-github.ts';
import { GitHubError } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';
import {
  BASELINE_OF_OWNER,
  NO_BASELINE,
  ownersBaseline,
  POLICY_OF_REF,
  POLICY_PARAMETERS,
  POLICY_PATH,
  POLICY_VARIABLES,
  policySourceOf,
  refWithPolicy,
} from './wire-policy.ts';

export const POLICY_QUERY = `query Policy($owner: String!, $name: String!, $ref: String!, ${POLICY_PARAMETERS}) {
  repository(owner: $owner, name: $name) {
    databaseId
    ref(qualifiedName: $ref) { ${POLICY_OF_REF} }
  }
  ${BASELINE_OF_OWNER}
}`;

const answer = z.object({
  repository: z.object({ databaseId: z.int(), ref: refWithPolicy.nullable() }).nullable(),
  ...ownersBaseline,
});

/**
 * The policy of one branch, and the baseline of the repository's owner, in one request so that all is of one moment. The branch
 * is spelled out: a tag that is named like it must not be taken for it.
 */
export async function readPolicy(
  github: GitHubReader,
  repository: RepositoryRef,
  branch: string,
): Promise<PolicySource> {
  const { owner, name } = repository;
  const doing = `reading ${POLICY_PATH} on ${owner}/${name}'s ${branch}`;
  const variables = { owner, name, ref: `refs/heads/${branch}`, ...POLICY_VARIABLES };
  const read = await askGraphql(github, POLICY_QUERY, variables, answer, doing, { mayLack: NO_BASELINE });
  if (read.repository?.databaseId === repository.id)
    return policySourceOf(repository, branch, read.repository.ref, read);
  throw new GitHubError(
    'github_refused',
    `GitHub shows no repository ${fullName(repository)} while ${doing}: it is gone or renamed, or the App is not installed on it`,
    { status: 200, said: 'null' },
  );
}
