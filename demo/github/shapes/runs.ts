/** Workflow runs, environments and what waits on them, as GitHub's REST API and webhooks write them. */
import { findTeam } from '../find.ts';
import type { App, Environment, EnvironmentReviewer, Repository, RunJob, WorkflowRun } from '../state.ts';
import type { World } from '../world.ts';
import { fullTeam, nodeId, simpleUser } from './accounts.ts';
import { simpleCommit } from './commits.ts';
import { minimalPull, pullsWithHead } from './pulls.ts';
import { minimalRepository, repositoryApi, repositoryWeb } from './repository.ts';

export const runWeb = (world: World, run: WorkflowRun): string =>
  `${repositoryWeb(world, run.repository)}/actions/runs/${run.id}`;
export const runApi = (world: World, run: WorkflowRun): string =>
  `${repositoryApi(world, run.repository)}/actions/runs/${run.id}`;

/** A workflow run. */
export function runShape(world: World, run: WorkflowRun): Record<string, unknown> {
  const api = runApi(world, run);
  const repository = minimalRepository(world, run.repository);
  return {
    id: run.id,
    name: run.name,
    node_id: nodeId('WorkflowRun', run.id),
    check_suite_id: run.suite.id,
    check_suite_node_id: nodeId('CheckSuite', run.suite.id),
    head_branch: run.branch,
    head_sha: run.sha,
    path: run.path,
    run_number: run.number,
    run_attempt: 1,
    referenced_workflows: [],
    event: run.event,
    status: run.status,
    conclusion: run.conclusion,
    workflow_id: run.workflowId,
    url: api,
    html_url: runWeb(world, run),
    pull_requests: pullsWithHead(run.repository, run.sha).map((pull) => minimalPull(world, pull)),
    created_at: run.createdAt,
    updated_at: run.updatedAt,
    run_started_at: run.createdAt,
    actor: simpleUser(world, run.actor),
    triggering_actor: simpleUser(world, run.actor),
    jobs_url: `${api}/jobs`,
    logs_url: `${api}/logs`,
    check_suite_url: `${repositoryApi(world, run.repository)}/check-suites/${run.suite.id}`,
    artifacts_url: `${api}/artifacts`,
    cancel_url: `${api}/cancel`,
    rerun_url: `${api}/rerun`,
    previous_attempt_url: null,
    workflow_url: `${repositoryApi(world, run.repository)}/actions/workflows/${run.workflowId}`,
    head_commit: simpleCommit(run.commit),
    repository,
    head_repository: repository,
    display_title: run.commit.message.split('\n')[0] ?? run.name,
  };
}

/** The workflow file behind a run. */
export function workflowShape(world: World, run: WorkflowRun): Record<string, unknown> {
  const api = `${repositoryApi(world, run.repository)}/actions/workflows/${run.workflowId}`;
  return {
    id: run.workflowId,
    node_id: nodeId('Workflow', run.workflowId),
    name: run.name,
    path: run.path,
    state: 'active',
    created_at: run.repository.createdAt,
    updated_at: run.repository.createdAt,
    url: api,
    html_url: `${repositoryWeb(world, run.repository)}/blob/${run.branch}/${run.path}`,
    badge_url: `${repositoryWeb(world, run.repository)}/workflows/${encodeURIComponent(run.name)}/badge.svg`,
  };
}

export function reviewerShape(world: World, reviewer: EnvironmentReviewer): Record<string, unknown> {
  if (reviewer.type === 'Team') {
    const team = findTeam(world, reviewer.id);
    if (team === null) throw new Error(`No team ${reviewer.id}`);
    return { type: 'Team', reviewer: fullTeam(world, team) };
  }
  const account = world.state.accounts.get(reviewer.id);
  if (account === undefined) throw new Error(`No account ${reviewer.id}`);
  return { type: 'User', reviewer: simpleUser(world, account) };
}

/** As webhooks carry it: a team there has no type of its own. */
export function reviewerEvent(world: World, reviewer: EnvironmentReviewer): Record<string, unknown> {
  const shape = reviewerShape(world, reviewer);
  if (reviewer.type === 'User') return shape;
  const { type: _, ...team } = shape['reviewer'] as Record<string, unknown>;
  return { ...shape, reviewer: team };
}

export function environmentShape(
  world: World,
  repository: Repository,
  environment: Environment,
): Record<string, unknown> {
  const rule = (type: string, extra: Readonly<Record<string, unknown>>): Record<string, unknown> => ({
    id: environment.id * 10 + type.length,
    node_id: nodeId('GateRule', `${environment.id}${type}`),
    type,
    ...extra,
  });
  return {
    id: environment.id,
    node_id: nodeId('Environment', environment.id),
    name: environment.name,
    url: `${repositoryApi(world, repository)}/environments/${encodeURIComponent(environment.name)}`,
    html_url: `${repositoryWeb(world, repository)}/deployments/activity_log?environments_filter=${encodeURIComponent(environment.name)}`,
    created_at: environment.createdAt,
    updated_at: environment.updatedAt,
    can_admins_bypass: environment.adminsCanBypass,
    protection_rules: [
      ...(environment.waitTimer === 0 ? [] : [rule('wait_timer', { wait_timer: environment.waitTimer })]),
      ...(environment.reviewers.length === 0
        ? []
        : [
            rule('required_reviewers', {
              prevent_self_review: environment.preventSelfReview,
              reviewers: environment.reviewers.map((reviewer) => reviewerShape(world, reviewer)),
            }),
          ]),
      ...(environment.branchPolicy === null ? [] : [rule('branch_policy', {})]),
    ],
    deployment_branch_policy:
      environment.branchPolicy === null
        ? null
        : {
            protected_branches: environment.branchPolicy.protectedBranches,
            custom_branch_policies: environment.branchPolicy.custom,
          },
  };
}

export function customRuleShape(
  world: World,
  rule: { readonly id: number; readonly app: App; readonly enabled: boolean },
): Record<string, unknown> {
  return {
    id: rule.id,
    node_id: nodeId('GateCustomRule', rule.id),
    enabled: rule.enabled,
    app: {
      id: rule.app.id,
      slug: rule.app.slug,
      integration_url: `${world.apiUrl}/apps/${rule.app.slug}`,
      node_id: nodeId('Integration', rule.app.id),
    },
  };
}

/** A job as `deployment_review` and `workflow_job` events carry it. */
export function jobShape(world: World, run: WorkflowRun, job: RunJob): Record<string, unknown> {
  return {
    id: job.id,
    name: job.name,
    status: job.status,
    conclusion: job.conclusion,
    html_url: `${runWeb(world, run)}/job/${job.id}`,
    created_at: run.createdAt,
    updated_at: run.updatedAt,
    environment: job.environment.name,
  };
}
