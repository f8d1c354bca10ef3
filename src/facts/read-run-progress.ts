import { z } from 'zod';
import type { RepositoryRef } from '../domain/repository.ts';
import { fullName } from '../domain/repository.ts';
import { askRest } from './ask-github.ts';
import type { GitHubReader } from './github-reader.ts';
import { GITHUB_ACTIONS, type JobCheck, readJobCheck } from './read-job-check.ts';

/**
 * How far an Actions job came that waits on an environment. `waiting`: GitHub holds it, or has no runner for it yet, or
 * nothing certain is known; `started`: it runs; the others: it has ended, `unknown` where nothing says how the job did.
 */
type JobState = 'waiting' | 'started' | 'success' | 'failure' | 'unknown';

export interface RunProgress {
  readonly state: JobState;
  /** It was let through its gate: it runs, or ran. Told only where GitHub ties the job to a deployment. */
  readonly passed: boolean;
}

export interface RunAsked {
  readonly runId: number;
  readonly environment: string;
  readonly sha: string;
  readonly githubDeploymentId: number | null;
}

const runAnswer = z.object({ status: z.string().nullable(), conclusion: z.string().nullable() });
const pendingAnswer = z.array(z.object({ environment: z.object({ name: z.string().nullish() }) }));
const statusesAnswer = z.array(
  z.object({
    id: z.int(),
    state: z.string(),
    creator: z.object({ login: z.string(), type: z.string() }).nullish(),
    performed_via_github_app: z.object({ slug: z.string().optional() }).nullish(),
  }),
);

type Run = z.output<typeof runAnswer>;
type Status = z.output<typeof statusesAnswer>[number];

/**
 * What nobody but GitHub can say counts first: an environment that the run still waits for has let nothing through, and the
 * job's own check run says how far it is. A deployment's statuses can be written by whoever may write to the repository;
 * only those of GitHub Actions are read, and since a workflow can forge even these, none of them ends a job.
 */
export async function readRunProgress(
  github: GitHubReader,
  repository: RepositoryRef,
  { runId, environment, sha, githubDeploymentId }: RunAsked,
): Promise<RunProgress> {
  const parameters = { owner: repository.owner, repo: repository.name, run_id: runId };
  const doing = `reading how far the run ${runId} of ${fullName(repository)} is`;
  const [run, waits, job] = await Promise.all([
    askRest(github, 'GET /repos/{owner}/{repo}/actions/runs/{run_id}', parameters, runAnswer, doing),
    isWaitedFor(github, parameters, environment, doing),
    githubDeploymentId === null ? null : readJob(github, repository, sha, githubDeploymentId, doing),
  ]);
  if (run.status !== 'completed' && waits) return { state: 'waiting', passed: false };
  if (job !== null)
    return job.check === null ? byStatuses(run, job.statuses) : byCheck(run, job.check, job.statuses);
  if (run.status === 'completed')
    return { state: waits && run.conclusion !== 'success' ? 'failure' : 'unknown', passed: false };
  // A list that is a moment old doesn't name it either, so this alone is no proof that it passed.
  return { state: 'started', passed: false };
}

async function isWaitedFor(
  github: GitHubReader,
  parameters: Readonly<Record<string, string | number>>,
  environment: string,
  doing: string,
): Promise<boolean> {
  const route = 'GET /repos/{owner}/{repo}/actions/runs/{run_id}/pending_deployments';
  const pending = await askRest(github, route, parameters, pendingAnswer, doing);
  return pending.some((each) => each.environment.name?.toLowerCase() === environment.toLowerCase());
}

async function readJob(
  github: GitHubReader,
  repository: RepositoryRef,
  sha: string,
  deploymentId: number,
  doing: string,
): Promise<{ readonly check: JobCheck | null; readonly statuses: readonly string[] }> {
  const route = 'GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses';
  const { owner, name } = repository;
  const parameters = { owner, repo: name, deployment_id: deploymentId, per_page: 100 };
  const [check, all] = await Promise.all([
    readJobCheck(github, repository, { sha, deploymentId }, doing),
    askRest(github, route, parameters, statusesAnswer, doing),
  ]);
  // A deployment that succeeded becomes inactive when a later one does.
  const told = all.filter((status) => isByActions(status) && status.state !== 'inactive');
  return { check, statuses: told.sort((a, b) => b.id - a.id).map(({ state }) => state) };
}

const isByActions = ({ creator, performed_via_github_app: via }: Status): boolean =>
  via?.slug === GITHUB_ACTIONS || (creator?.type === 'Bot' && creator.login === `${GITHUB_ACTIONS}[bot]`);

const hasRun = (statuses: readonly string[]): boolean =>
  statuses.some((state) => state === 'in_progress' || state === 'success');

function byCheck(run: Run, { status, conclusion }: JobCheck, statuses: readonly string[]): RunProgress {
  if (status === 'in_progress') return { state: 'started', passed: true };
  if (status !== 'completed')
    return { state: run.status === 'completed' ? 'failure' : 'waiting', passed: false };
  if (conclusion === 'success') return { state: 'success', passed: true };
  // Cancelled half way through, nobody knows what it did.
  const passed = hasRun(statuses);
  return { state: conclusion === 'cancelled' && passed ? 'unknown' : 'failure', passed };
}

/** Where GitHub shows no check run of the job: how it ended is known once its run is over, and then only as far as both agree. */
function byStatuses(run: Run, statuses: readonly string[]): RunProgress {
  const passed = hasRun(statuses);
  const [last] = statuses;
  if (run.status !== 'completed') {
    // Newest first; while the run as a whole waits, no job of it that anybody says so much of can have begun.
    const started = last === 'in_progress' && run.status !== 'waiting';
    return { state: started ? 'started' : 'waiting', passed: passed && run.status !== 'waiting' };
  }
  if (last === 'success') return { state: run.conclusion === 'success' ? 'success' : 'unknown', passed };
  if (last === 'failure' || last === 'error') return { state: 'failure', passed };
  // A job that never got past its gate deployed nothing; of one that ran, nobody told how it ended.
  return { state: run.conclusion !== 'success' && !passed ? 'failure' : 'unknown', passed };
}
