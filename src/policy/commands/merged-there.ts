import type { CommandAnswer } from '../../domain/command-answer.ts';
import type { CommandFacts } from '../../domain/command-facts.ts';
import { allowedBranches, allowsBranch } from '../allows-branch.ts';
import type { Policy } from '../schema.ts';
import { code, list, sha, words } from '../sentence-parts.ts';
import { refused } from './answers.ts';

/** The commit that the command's pull request left on a branch of the environment, and that branch; otherwise why there is none. */
export function mergedThere(
  policy: Policy,
  environment: string,
  { pullRequest: pull }: CommandFacts,
): { readonly sha: string; readonly ref: string } | CommandAnswer {
  if (pull === null) return refused('pull_request_unknown', 'The pull request was not looked up.');
  if (!pull.known) {
    const why = `GitHub didn’t tell how this pull request stands: ${words(pull.why)}.`;
    return refused('pull_request_unknown', why);
  }
  const { state, mergeCommit, baseRef } = pull.value;
  if (state !== 'merged' || mergeCommit === null) {
    const how = state === 'closed' ? 'was closed without being merged' : 'is not merged yet';
    return refused(
      'not_merged',
      `This pull request ${how}: only what is on a branch of the environment is deployed there. Merge it, and ask again.`,
    );
  }
  if (!allowsBranch(policy, environment, baseRef)) {
    return refused(
      'wrong_branch',
      `It was merged to ${code(baseRef)}, as ${sha(mergeCommit)}; ${code(environment)} is deployed from ${list(allowedBranches(policy, environment), 'or', code)}.`,
    );
  }
  return { sha: mergeCommit, ref: baseRef };
}
