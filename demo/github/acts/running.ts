/**
 * GitHub Actions as far as a deployment gate meets it: a run whose job waits on an environment until every custom rule
 * and every required reviewer has said yes, starts then, and ends with a deployment status.
 */
import { announce } from '../announce.ts';
import { readCommit, resolveCommit } from '../git/commits.ts';
import { isProtected, refMatches } from '../rules/demands.ts';
import { simpleUser } from '../shapes/accounts.ts';
import { deploymentShape } from '../shapes/deployments.ts';
import { minimalPull, pullsWithHead } from '../shapes/pulls.ts';
import { jobShape, reviewerEvent, runApi, runShape, workflowShape } from '../shapes/runs.ts';
import type { Actor, CheckRun, Deployment, Environment, Repository, RunJob, WorkflowRun } from '../state.ts';
import type { World } from '../world.ts';
import { createDeployment, createDeploymentStatus, environmentNamed } from './deploying.ts';

/** A workflow run to start. */
export interface NewRun {
  /** Branch whose workflow runs. */
  readonly branch: string;
  /** Default: the branch's tip. */
  readonly sha?: string;
  readonly event?: string;
  readonly actor: Actor;
  readonly environment: string;
  readonly workflow?: string;
  readonly job?: string;
}

function announceRun(world: World, run: WorkflowRun, action: string): void {
  announce(world, run.repository, {
    event: 'workflow_run',
    action,
    sender: run.actor,
    payload: { workflow_run: runShape(world, run), workflow: workflowShape(world, run) },
  });
}

function announceJob(world: World, run: WorkflowRun, job: RunJob, action: string): void {
  announce(world, run.repository, {
    event: 'workflow_job',
    action,
    sender: run.actor,
    payload: {
      workflow_job: {
        ...jobShape(world, run, job),
        run_id: run.id,
        run_url: runApi(world, run),
        run_attempt: 1,
        workflow_name: run.name,
        head_branch: run.branch,
        head_sha: run.sha,
        node_id: `job-${job.id}`,
        url: `${world.apiUrl}/repos/${run.repository.owner.login}/${run.repository.name}/actions/jobs/${job.id}`,
        check_run_url: `${world.apiUrl}/repos/${run.repository.owner.login}/${run.repository.name}/check-runs/${job.checkRun.id}`,
        started_at: run.createdAt,
        completed_at: job.status === 'completed' ? world.timestamp() : null,
        labels: ['ubuntu-latest'],
        runner_id: null,
        runner_name: null,
        runner_group_id: null,
        runner_group_name: null,
        steps: [],
      },
      deployment: deploymentShape(world, job.deployment),
    },
  });
}

function jobCheck(world: World, repository: Repository, run: WorkflowRun, name: string): CheckRun {
  const check: CheckRun = {
    id: world.id(),
    app: null,
    suite: run.suite,
    headSha: run.sha,
    name,
    status: 'queued',
    conclusion: null,
    externalId: null,
    detailsUrl: null,
    startedAt: null,
    completedAt: null,
    title: null,
    summary: null,
    text: null,
    annotations: [],
    actions: [],
  };
  repository.checkRuns.set(check.id, check);
  return check;
}

function branchAllowed(repository: Repository, environment: Environment, branch: string): boolean {
  const policy = environment.branchPolicy;
  if (policy === null) return true;
  if (policy.protectedBranches) return isProtected(repository, branch);
  return environment.branchPatterns.some(({ name }) => refMatches(repository, name, branch));
}

function setStatus(
  world: World,
  run: WorkflowRun,
  status: WorkflowRun['status'],
  conclusion: string | null,
): void {
  run.status = status;
  run.conclusion = conclusion;
  run.updatedAt = world.timestamp();
}

function setJob(world: World, job: RunJob, status: RunJob['status'], conclusion: string | null): void {
  job.status = status;
  job.conclusion = conclusion;
  job.checkRun.status = status;
  job.checkRun.conclusion = conclusion;
  if (status === 'in_progress') job.checkRun.startedAt = world.timestamp();
  if (status === 'completed') job.checkRun.completedAt = world.timestamp();
}

function report(world: World, run: WorkflowRun, deployment: Deployment, state: string): void {
  createDeploymentStatus(world, deployment, run.actor, null, {
    state,
    description: '',
    environment: null,
    environmentUrl: '',
    logUrl: `${world.url}/${run.repository.owner.login}/${run.repository.name}/actions/runs/${run.id}`,
    autoInactive: true,
    byActions: true,
  });
}

/** The job runs: nothing holds it any more. */
function start(world: World, run: WorkflowRun, job: RunJob): void {
  setJob(world, job, 'queued', null);
  announceJob(world, run, job, 'queued');
  report(world, run, job.deployment, 'queued');
  setJob(world, job, 'in_progress', null);
  setStatus(world, run, 'in_progress', null);
  announceJob(world, run, job, 'in_progress');
  report(world, run, job.deployment, 'in_progress');
  announceRun(world, run, 'in_progress');
}

/** The job ends; with one job, so does its run. */
function end(
  world: World,
  run: WorkflowRun,
  job: RunJob,
  conclusion: 'success' | 'failure' | 'cancelled',
): void {
  if (job.status === 'completed') throw new Error(`The job ${job.name} of run ${run.id} is over`);
  setJob(world, job, 'completed', conclusion);
  setStatus(world, run, 'completed', conclusion);
  if (conclusion !== 'cancelled') report(world, run, job.deployment, conclusion);
  announceJob(world, run, job, 'completed');
  announceRun(world, run, 'completed');
}

/** Starts or fails a job once what it waits for has been said. */
export function proceed(world: World, run: WorkflowRun, job: RunJob): void {
  if (job.status !== 'waiting') return;
  if (job.gates.some((gate) => gate.state === 'rejected') || job.review === 'rejected') {
    end(world, run, job, 'failure');
    return;
  }
  const held = job.review === 'pending' || job.gates.some((gate) => gate.state === 'pending');
  if (!held || job.bypassedBy !== null) start(world, run, job);
}

function ask(world: World, run: WorkflowRun, job: RunJob): void {
  const { repository } = run;
  for (const gate of job.gates) {
    announce(world, repository, {
      event: 'deployment_protection_rule',
      action: 'requested',
      sender: run.actor,
      only: gate.app,
      payload: {
        environment: job.environment.name,
        event: run.event,
        sha: run.sha,
        ref: `refs/heads/${run.branch}`,
        deployment_callback_url: `${runApi(world, run)}/deployment_protection_rule`,
        deployment: deploymentShape(world, job.deployment),
        // GitHub fills this from open pull requests of the same repository only.
        pull_requests: pullsWithHead(repository, run.sha).map((pull) => minimalPull(world, pull)),
      },
    });
  }
  if (job.review === null) return;
  announce(world, repository, {
    event: 'deployment_review',
    action: 'requested',
    sender: run.actor,
    payload: {
      environment: job.environment.name,
      requestor: simpleUser(world, run.actor),
      reviewers: job.environment.reviewers.map((reviewer) => reviewerEvent(world, reviewer)),
      since: run.createdAt,
      workflow_job_run: jobShape(world, run, job),
      workflow_run: runShape(world, run),
    },
  });
}

/** Starts a run with one job on an environment. */
export async function startRun(world: World, repository: Repository, wanted: NewRun): Promise<WorkflowRun> {
  const sha = await resolveCommit(repository.directory, wanted.sha ?? wanted.branch);
  if (sha === null) throw new Error(`No ${wanted.sha ?? wanted.branch} in ${repository.name}`);
  const environment = environmentNamed(world, repository, wanted.environment);
  if (environment.waitTimer > 0) throw new Error('The stand-in does not model wait timers');
  const at = world.timestamp();
  const name = wanted.workflow ?? 'Deploy';
  const run: WorkflowRun = {
    id: world.id(),
    number: repository.runs.size + 1,
    workflowId: repository.id * 10 + 1,
    repository,
    name,
    path: `.github/workflows/${name.toLowerCase().replaceAll(/\W+/g, '-')}.yml`,
    sha,
    commit: await readCommit(repository.directory, sha),
    branch: wanted.branch,
    event: wanted.event ?? 'push',
    actor: wanted.actor,
    suite: { id: world.id(), app: null, headSha: sha, createdAt: at },
    createdAt: at,
    updatedAt: at,
    status: 'queued',
    conclusion: null,
    jobs: [],
    approvals: [],
  };
  repository.suites.push(run.suite);
  repository.runs.set(run.id, run);
  announceRun(world, run, 'requested');
  const check = jobCheck(world, repository, run, wanted.job ?? 'deploy');
  if (!branchAllowed(repository, environment, wanted.branch)) {
    // GitHub fails such a job before it makes a deployment.
    Object.assign(check, {
      status: 'completed',
      conclusion: 'failure',
      completedAt: at,
      startedAt: at,
      title: `Branch "${wanted.branch}" is not allowed to deploy to ${environment.name} due to environment protection rules.`,
    });
    setStatus(world, run, 'completed', 'failure');
    announceRun(world, run, 'completed');
    return run;
  }
  const deployment = createDeployment(world, repository, run.actor, null, {
    sha,
    ref: wanted.branch,
    task: 'deploy',
    payload: {},
    environment: environment.name,
    description: null,
    transient: false,
    production: environment.name === 'production',
    run,
  });
  const gates = environment.rules
    .filter((rule) => rule.enabled)
    .map((rule) => ({ app: rule.app, state: 'pending' as const, comment: '', reports: [] }));
  const job: RunJob = {
    id: check.id,
    name: check.name,
    environment,
    deployment,
    checkRun: check,
    status: 'waiting',
    conclusion: null,
    gates,
    review: environment.reviewers.length === 0 ? null : 'pending',
    bypassedBy: null,
  };
  run.jobs.push(job);
  if (gates.length > 0 || job.review !== null) {
    setJob(world, job, 'waiting', null);
    setStatus(world, run, 'waiting', null);
    announceJob(world, run, job, 'waiting');
    ask(world, run, job);
  }
  proceed(world, run, job);
  return run;
}

/** The jobs that were running end so. */
export function finishRun(world: World, run: WorkflowRun, conclusion: 'success' | 'failure'): void {
  for (const job of run.jobs) {
    if (job.status === 'waiting')
      throw new Error(`The job ${job.name} of run ${run.id} still waits on ${job.environment.name}`);
    end(world, run, job, conclusion);
  }
}

/** Cancelled while it waited or ran, as a newer run in its concurrency group does to it. */
export function cancelRun(world: World, run: WorkflowRun): void {
  for (const job of run.jobs) if (job.status !== 'completed') end(world, run, job, 'cancelled');
}
