/** The three ways in which a job that waits on an environment is answered: a custom rule, a reviewer, an admin. */
import { announce } from '../announce.ts';
import { findTeam } from '../find.ts';
import { HttpError, invalid } from '../http.ts';
import { roleOf } from '../rules/roles.ts';
import { simpleUser } from '../shapes/accounts.ts';
import { jobShape, reviewerEvent, runShape } from '../shapes/runs.ts';
import type { App, Deployment, Environment, RunJob, User, WorkflowRun } from '../state.ts';
import type { World } from '../world.ts';
import { proceed } from './running.ts';

/** GitHub's limits on what a custom rule may say. */
const MAX_REPORTS = 10;
const MAX_COMMENT = 1024;

const waitingIn = (run: WorkflowRun, environment: string): RunJob[] =>
  run.jobs.filter(
    (job) => job.status === 'waiting' && job.environment.name.toLowerCase() === environment.toLowerCase(),
  );

/** A custom rule's answer (`state`), or only a word on how it stands (null). */
export function answerRule(
  world: World,
  run: WorkflowRun,
  app: App,
  answer: { readonly environment: string; readonly state: string | null; readonly comment: string },
): void {
  if (answer.comment.length > MAX_COMMENT)
    throw invalid(`Comment is too long (maximum is ${MAX_COMMENT} characters)`);
  const pending = waitingIn(run, answer.environment).flatMap((job) => {
    const gate = job.gates.find((one) => one.app.id === app.id && one.state === 'pending');
    return gate === undefined ? [] : [{ job, gate }];
  });
  if (pending.length === 0)
    throw new HttpError(
      422,
      `No pending custom deployment requests in workflow run \`${run.id}\` to approve or reject`,
    );
  for (const { job, gate } of pending) {
    if (answer.state === null) {
      if (gate.reports.length >= MAX_REPORTS)
        throw invalid(`No more than ${MAX_REPORTS} status reports can be made for a deployment`);
      gate.reports.push(answer.comment);
      continue;
    }
    gate.state = answer.state === 'approved' ? 'approved' : 'rejected';
    gate.comment = answer.comment;
    proceed(world, run, job);
  }
}

/** Whether a person is one of an environment's reviewers. */
export function mayReview(world: World, environment: Environment, user: User): boolean {
  return environment.reviewers.some((reviewer) =>
    reviewer.type === 'User'
      ? reviewer.id === user.id
      : (findTeam(world, reviewer.id)?.members.has(user.id) ?? false),
  );
}

export interface DeploymentAnswer {
  readonly environments: readonly number[];
  readonly state: 'approved' | 'rejected';
  readonly comment: string;
}

/** A required reviewer's yes or no. One is enough. */
export function reviewDeployments(
  world: World,
  run: WorkflowRun,
  user: User,
  answer: DeploymentAnswer,
): Deployment[] {
  const jobs = run.jobs.filter(
    (job) =>
      job.status === 'waiting' &&
      job.review === 'pending' &&
      answer.environments.includes(job.environment.id),
  );
  if (jobs.length === 0) throw invalid('No pending deployment requests to approve or reject');
  for (const job of jobs) {
    if (!mayReview(world, job.environment, user))
      throw new HttpError(422, `${user.login} is not a required reviewer of ${job.environment.name}`);
    if (job.environment.preventSelfReview && run.actor.id === user.id)
      throw new HttpError(422, 'You cannot review a deployment that you triggered');
  }
  for (const job of jobs) {
    job.review = answer.state;
    run.approvals.push({ environment: job.environment, state: answer.state, comment: answer.comment, user });
    announce(world, run.repository, {
      event: 'deployment_review',
      action: answer.state,
      sender: user,
      payload: {
        approver: simpleUser(world, user),
        comment: answer.comment,
        reviewers: job.environment.reviewers.map((reviewer) => reviewerEvent(world, reviewer)),
        since: run.createdAt,
        workflow_job_runs: [jobShape(world, run, job)],
        workflow_run: runShape(world, run),
      },
    });
    proceed(world, run, job);
  }
  return jobs.map((job) => job.deployment);
}

/** An admin's "Start all waiting jobs": GitHub tells nobody but by the job's starting. */
export function bypass(world: World, run: WorkflowRun, user: User): void {
  if (roleOf(world, user, run.repository) !== 'admin')
    throw new Error(`${user.login} is no admin of ${run.repository.name}`);
  for (const job of run.jobs) {
    if (job.status !== 'waiting') continue;
    if (!job.environment.adminsCanBypass)
      throw new Error(`${job.environment.name} does not let admins bypass its rules`);
    job.bypassedBy = user;
    proceed(world, run, job);
  }
}
