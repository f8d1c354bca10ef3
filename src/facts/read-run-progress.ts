import { z } from 'zod';
import type { RepositoryRef } from '../domain/repository.ts';
import { fullName } from '../domain/repository.ts';
import { askRest } from './ask-github.ts';
import type { GitHubReader } from './github-reader.ts';

/**
 * How far an Actions job came that waits on an environment. `waiting`: GitHub holds it, or has no runner for it yet;
 * `started`: it runs; the others: it has ended, `unknown` where its run ended and nothing says how the job did.
 */
export type RunProgress = 'waiting' | 'started' | 'success' | 'failure' | 'unknown';

export interface RunAsked {
  readonly runId: number;
  readonly environment: string;
  readonly githubDeploymentId: number | null;
}

const runAnswer = z.object({ status: z.string().nullable(), conclusion: z.string().nullable() });
const statusesAnswer = z.array(z.object({ id: z.int(), state: z.string() }));
const pendingAnswer = z.array(z.object({ environment: z.object({ name: z.string().nullish() }) }));

/** Reads it from the job's own deployment where there is one, and from the run. */
export async function readRunProgress(
  github: GitHubReader,
  repository: RepositoryRef,
  { runId, environment, githubDeploymentId }: RunAsked,
): Promise<RunProgress> {
  const parameters = { owner: repository.owner, repo: repository.name, run_id: runId };
  const doing = `reading how far the run ${runId} of ${fullName(repository)} is`;
  const [run, job] = await Promise.all([
    askRest(github, 'GET /repos/{owner}/{repo}/actions/runs/{run_id}', parameters, runAnswer, doing),
    githubDeploymentId === null
      ? readPending(github, parameters, environment, doing)
      : readDeployment(github, repository, githubDeploymentId, doing),
  ]);
  if (run.status !== 'completed' || job === 'success' || job === 'failure') return job;
  // The run is over. A job that never got past its gate deployed nothing; of one that ran, nobody told how it ended.
  return run.conclusion !== 'success' && job === 'waiting' ? 'failure' : 'unknown';
}

async function readDeployment(
  github: GitHubReader,
  { owner, name }: RepositoryRef,
  deployment_id: number,
  doing: string,
): Promise<RunProgress> {
  const route = 'GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses';
  const parameters = { owner, repo: name, deployment_id, per_page: 100 };
  const statuses = await askRest(github, route, parameters, statusesAnswer, doing);
  // A deployment that succeeded becomes inactive when a later one does.
  const told = statuses.filter(({ state }) => state !== 'inactive').sort((a, b) => b.id - a.id);
  return PROGRESS[told[0]?.state ?? ''] ?? 'waiting';
}

const PROGRESS: Readonly<Record<string, RunProgress>> = {
  in_progress: 'started',
  success: 'success',
  failure: 'failure',
  error: 'failure',
};

/** Without a deployment, all that can be told is whether the environment is still among those that the run waits for. */
async function readPending(
  github: GitHubReader,
  parameters: Readonly<Record<string, string | number>>,
  environment: string,
  doing: string,
): Promise<RunProgress> {
  const route = 'GET /repos/{owner}/{repo}/actions/runs/{run_id}/pending_deployments';
  const pending = await askRest(github, route, parameters, pendingAnswer, doing);
  const waits = pending.some((each) => each.environment.name?.toLowerCase() === environment.toLowerCase());
  return waits ? 'waiting' : 'started';
}
