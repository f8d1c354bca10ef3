/** Workflow runs, and the three ways in which a waiting job is answered. */
import { answerRule, mayReview, reviewDeployments } from '../acts/answering.ts';
import { HttpError, notFound, ok, paged, type Call } from '../http.ts';
import { nodeId, simpleUser } from '../shapes/accounts.ts';
import { deploymentShape } from '../shapes/deployments.ts';
import { environmentShape, reviewerShape, runShape } from '../shapes/runs.ts';
import { repositoryApi, repositoryWeb } from '../shapes/repository.ts';
import type { Environment, Repository, WorkflowRun } from '../state.ts';
import type { World } from '../world.ts';
import { repositoryRoute, type Route } from './route.ts';

const read = { app: 'actions:read', user: 'read' } as const;

function needRun(repository: Repository, call: Call): WorkflowRun {
  const run = repository.runs.get(Number(call.params['run_id']));
  if (run === undefined) throw notFound();
  return run;
}

function shortEnvironment(
  world: World,
  repository: Repository,
  environment: Environment,
): Record<string, unknown> {
  return {
    id: environment.id,
    node_id: nodeId('Environment', environment.id),
    name: environment.name,
    url: `${repositoryApi(world, repository)}/environments/${encodeURIComponent(environment.name)}`,
    html_url: `${repositoryWeb(world, repository)}/deployments/activity_log?environments_filter=${encodeURIComponent(environment.name)}`,
  };
}

export const runRoutes: readonly Route[] = [
  repositoryRoute('GET /repos/{owner}/{repo}/actions/runs', read, (world, call, repository) => {
    const wanted = (['branch', 'event', 'status', 'head_sha', 'actor'] as const).map(
      (key) => [key, call.query.get(key)] as const,
    );
    const matches = (run: WorkflowRun): boolean =>
      wanted.every(([key, value]) => {
        if (value === null) return true;
        if (key === 'head_sha') return run.sha === value;
        if (key === 'actor') return run.actor.login === value;
        if (key === 'status') return run.status === value || run.conclusion === value;
        return run[key] === value;
      });
    return paged(
      call,
      [...repository.runs.values()].filter(matches).toReversed(),
      (run) => runShape(world, run),
      'workflow_runs',
    );
  }),
  repositoryRoute('GET /repos/{owner}/{repo}/actions/runs/{run_id}', read, (world, call, repository) =>
    ok(runShape(world, needRun(repository, call))),
  ),
  repositoryRoute(
    'GET /repos/{owner}/{repo}/actions/runs/{run_id}/approvals',
    read,
    (world, call, repository) =>
      ok(
        needRun(repository, call).approvals.map((approval) => {
          const { created_at, updated_at } = environmentShape(world, repository, approval.environment);
          return {
            environments: [
              { ...shortEnvironment(world, repository, approval.environment), created_at, updated_at },
            ],
            state: approval.state,
            comment: approval.comment,
            user: simpleUser(world, approval.user),
          };
        }),
      ),
  ),
  repositoryRoute(
    'GET /repos/{owner}/{repo}/actions/runs/{run_id}/pending_deployments',
    read,
    (world, call, repository) =>
      ok(
        needRun(repository, call)
          .jobs.filter((job) => job.status === 'waiting')
          .map((job) => ({
            environment: shortEnvironment(world, repository, job.environment),
            wait_timer: job.environment.waitTimer,
            wait_timer_started_at: null,
            current_user_can_approve:
              call.caller.kind === 'user' && mayReview(world, job.environment, call.caller.user),
            reviewers: job.environment.reviewers.map((reviewer) => reviewerShape(world, reviewer)),
          })),
      ),
  ),
  repositoryRoute(
    'POST /repos/{owner}/{repo}/actions/runs/{run_id}/pending_deployments',
    { app: null, user: 'read' },
    (world, call, repository) => {
      const { caller, body } = call;
      if (caller.kind !== 'user') throw new HttpError(403, 'Resource not accessible by integration');
      const deployments = reviewDeployments(world, needRun(repository, call), caller.user, {
        environments: body.numbers('environment_ids'),
        state: body.text('state') === 'approved' ? 'approved' : 'rejected',
        comment: body.text('comment') ?? '',
      });
      return ok(deployments.map((deployment) => deploymentShape(world, deployment)));
    },
  ),
  repositoryRoute(
    'POST /repos/{owner}/{repo}/actions/runs/{run_id}/deployment_protection_rule',
    { app: 'deployments:write', user: 'admin' },
    (world, call, repository) => {
      if (call.caller.kind !== 'installation')
        throw new HttpError(403, 'Only the GitHub App of a custom deployment protection rule may answer it');
      answerRule(world, needRun(repository, call), call.caller.app, {
        environment: call.body.needText('environment_name'),
        state: call.body.text('state'),
        comment: call.body.text('comment') ?? '',
      });
      return { status: 204 };
    },
  ),
];
