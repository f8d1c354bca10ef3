import { z } from 'zod';
import type { RepositoryRef } from '../domain/repository.ts';
import { fullName } from '../domain/repository.ts';
import { askRest } from './ask-github.ts';
import type { GitHubReader } from './github-reader.ts';

/**
 * How far an Actions job came that waits on an environment. `waiting`: GitHub holds it, or has no runner for it yet;
 * `started`: it runs; the others: it has ended, `unknown` where its run ended and nothing says how the job did.
 */
type JobState = 'waiting' | 'started' | 'success' | 'failure' | 'unknown';

export interface RunProgress {
  readonly state: JobState;
  /** It was let through its gate: it runs, or ran. Told only by the job's own deployment. */
  readonly passed: boolean;
}

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
  const { state } = job;
  if (run.status !== 'completed' || state === 'success' || state === 'failure') return job;
  // The run is over. A job that never got past its gate deployed nothing; of one that ran, nobody told how it ended.
  return { ...job, state: run.conclusion !== 'success' && state === 'waiting' ? 'failure' : 'unknown' };
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
  return {
    state: PROGRESS[told[0]?.state ?? ''] ?? 'waiting',
    passed: told.some(({ state }) => state === 'in_progress' || state === 'success'),
  };
}

const PROGRESS: Readonly<Record<string, JobState>> = {
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
  // A list that is a moment old doesn't name it either, so this alone is no proof that it passed.
  return { state: waits ? 'waiting' : 'started', passed: false };
}
