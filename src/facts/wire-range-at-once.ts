import { z } from 'zod';
import { branchesField, branchesPage } from './wire-branches.ts';
import { COMMIT_PARTS } from './wire-commit.ts';
import {
  BASELINE_OF_OWNER,
  ownersBaseline,
  POLICY_OF_REF,
  POLICY_PARAMETERS,
  refWithPolicy,
  visibility,
} from './wire-policy.ts';
import { PULL_REQUEST_FRAGMENTS, wirePullRequest } from './wire-pull-request.ts';
import { TRACED_FRAGMENT, tracedCommit } from './wire-range.ts';

/**
 * Commits (`c0`, whose id comes as `o0`, and so on), pull requests (`p0`, whose number comes as `n0`), the first branches, and the
 * default branch's policy with the owner's baseline if `policy` says so: in one query.
 */
export function rangeQuery(asked: {
  readonly commits: number;
  readonly pullRequests: number;
  readonly policy: boolean;
}): string {
  const commits = Array.from({ length: asked.commits }, (_, index) => index);
  const pullRequests = Array.from({ length: asked.pullRequests }, (_, index) => index);
  const parameters = [
    '$owner: String!',
    '$name: String!',
    ...commits.map((index) => `$o${index}: GitObjectID!`),
    ...pullRequests.map((index) => `$n${index}: Int!`),
    ...(asked.policy ? [POLICY_PARAMETERS] : []),
  ];
  const fields = [
    'databaseId',
    ...(asked.policy ? [`visibility defaultBranchRef { name ${POLICY_OF_REF} }`] : []),
    branchesField(),
    ...commits.map((index) => `c${index}: object(oid: $o${index}) { ...TracedParts }`),
    ...pullRequests.map((index) => `p${index}: pullRequest(number: $n${index}) { ...PullRequestParts }`),
  ];
  const fragments = [
    ...(asked.commits > 0 ? [TRACED_FRAGMENT] : []),
    // What both are made of comes once.
    ...(asked.pullRequests > 0 ? [PULL_REQUEST_FRAGMENTS] : asked.commits > 0 ? [COMMIT_PARTS] : []),
  ];
  return `query Range(${parameters.join(', ')}) {
  repository(owner: $owner, name: $name) {
    ${fields.join('\n    ')}
  }
  ${asked.policy ? BASELINE_OF_OWNER : ''}
}
${fragments.join('')}`;
}

export const rangeAnswer = z.object({
  repository: z
    .object({
      databaseId: z.int(),
      visibility: visibility.optional(),
      defaultBranchRef: refWithPolicy.extend({ name: z.string() }).nullish(),
      refs: branchesPage.optional(),
    })
    .catchall(z.union([tracedCommit, wirePullRequest]).nullable()),
  account: ownersBaseline.account.optional(),
  baseline: ownersBaseline.baseline.optional(),
});
