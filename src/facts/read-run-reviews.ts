import { z } from 'zod';
import { CodedError } from '../domain/coded-error.ts';
import type { DeploymentReview } from '../domain/deployment-facts.ts';
import type { Listed } from '../domain/listed.ts';
import { fullName, type RepositoryRef } from '../domain/repository.ts';
import { askRest } from './ask-github.ts';
import { isRefusal } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';
import { restActor } from './wire-actor.ts';
import { sha } from './wire-commit.ts';

const runAnswer = z.object({
  head_sha: sha,
  head_repository: z.object({ id: z.int() }).nullish(),
  run_attempt: z.int().nullish(),
});
const approvalsAnswer = z.array(
  z.object({
    state: z.enum(['approved', 'rejected', 'pending']),
    comment: z.string().nullish(),
    user: restActor,
    environments: z.array(z.object({ name: z.string().optional() })),
  }),
);

/**
 * The yes and no that people gave an Actions run for one environment, by GitHub's own record of the run. The run itself is
 * read again, for its id came in a webhook: it must be this repository's own and on the commit that is to be deployed.
 */
export async function readRunReviews(
  github: GitHubReader,
  repository: RepositoryRef,
  run: { readonly id: number; readonly sha: string; readonly environment: string },
): Promise<Listed<DeploymentReview> & { readonly attempt?: number }> {
  const parameters = { owner: repository.owner, repo: repository.name, run_id: run.id };
  const doing = `reading the run ${run.id} of ${fullName(repository)}`;
  const facts = await askRest(
    github,
    'GET /repos/{owner}/{repo}/actions/runs/{run_id}',
    parameters,
    runAnswer,
    doing,
  );
  if (facts.head_repository?.id !== repository.id || facts.head_sha !== run.sha) {
    throw new CodedError(
      'run_of_another_commit',
      `run ${run.id} is of ${facts.head_sha}${facts.head_repository?.id === repository.id ? '' : ' in another repository'}, not of ${run.sha} in ${fullName(repository)}: start the workflow again on the commit that is to be deployed`,
    );
  }
  const attempt = facts.run_attempt ?? 1;
  // GitHub keeps one list for all attempts: neither an old yes nor an old no may count for this one.
  if (attempt > 1) return { complete: true, items: [], attempt };
  try {
    const route = 'GET /repos/{owner}/{repo}/actions/runs/{run_id}/approvals';
    const approvals = await askRest(github, route, parameters, approvalsAnswer, `${doing}'s approvals`);
    const items = approvals.flatMap((approval): readonly DeploymentReview[] => {
      const here = approval.environments.some((environment) =>
        isSameEnvironment(environment.name, run.environment),
      );
      if (!here || approval.state === 'pending') return [];
      return [
        {
          via: 'environment',
          reviewer: approval.user,
          state: approval.state,
          sha: facts.head_sha,
          at: null,
          comment: approval.comment ?? '',
        },
      ];
    });
    return { complete: true, items };
  } catch (error) {
    if (isRefusal(error)) return { complete: false, items: [] };
    throw error;
  }
}

/** GitHub takes the names of environments without regard to case. */
function isSameEnvironment(name: string | undefined, environment: string): boolean {
  return name?.toLowerCase() === environment.toLowerCase();
}
