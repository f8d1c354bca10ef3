/** Check runs, check suites and commit statuses as GitHub's REST API and webhooks write them. */
import type { GitCommit } from '../git/commits.ts';
import { ACTIONS_APP_ID } from '../rules/checks.ts';
import type { App, CheckRun, CheckSuite, CommitStatus, Repository } from '../state.ts';
import type { World } from '../world.ts';
import { maybeUser, nodeId } from './accounts.ts';
import { simpleCommit } from './commits.ts';
import { actionsApp, appShape } from './apps.ts';
import { deploymentShape } from './deployments.ts';
import { minimalPull, pullsWithHead } from './pulls.ts';
import { minimalRepository, repositoryApi, repositoryWeb } from './repository.ts';

const reporter = (world: World, app: App | null): Record<string, unknown> =>
  app === null ? actionsApp(world, ACTIONS_APP_ID) : appShape(world, app);

export const checkRunWeb = (world: World, repository: Repository, run: CheckRun): string =>
  `${repositoryWeb(world, repository)}/runs/${run.id}`;

export function checkRunShape(world: World, repository: Repository, run: CheckRun): Record<string, unknown> {
  const api = `${repositoryApi(world, repository)}/check-runs/${run.id}`;
  return {
    id: run.id,
    name: run.name,
    node_id: nodeId('CheckRun', run.id),
    head_sha: run.headSha,
    external_id: run.externalId ?? '',
    url: api,
    html_url: checkRunWeb(world, repository, run),
    details_url: run.detailsUrl ?? checkRunWeb(world, repository, run),
    status: run.status,
    conclusion: run.conclusion,
    started_at: run.startedAt,
    completed_at: run.completedAt,
    output: {
      title: run.title,
      summary: run.summary,
      text: run.text,
      annotations_count: run.annotations.length,
      annotations_url: `${api}/annotations`,
    },
    check_suite: { id: run.suite.id },
    app: reporter(world, run.app),
    pull_requests: pullsWithHead(repository, run.headSha).map((pull) => minimalPull(world, pull)),
    ...deploymentOf(world, repository, run),
  };
}

/** The deployment that was made for a job of Actions which names an environment. */
function deploymentOf(world: World, repository: Repository, run: CheckRun): Record<string, unknown> {
  const jobs = [...repository.runs.values()].flatMap((each) => each.jobs);
  const job = jobs.find(({ checkRun }) => checkRun.id === run.id);
  if (job === undefined) return {};
  const {
    creator: _creator,
    payload: _payload,
    sha: _sha,
    ref: _ref,
    ...simple
  } = deploymentShape(world, job.deployment);
  return { deployment: simple };
}

/** A check run as a webhook carries it: with its suite whole. */
export function checkRunEvent(world: World, repository: Repository, run: CheckRun): Record<string, unknown> {
  return { ...checkRunShape(world, repository, run), check_suite: suiteShape(world, repository, run.suite) };
}

export function suiteShape(world: World, repository: Repository, suite: CheckSuite): Record<string, unknown> {
  const runs = [...repository.checkRuns.values()].filter((run) => run.suite.id === suite.id);
  const done = runs.length > 0 && runs.every((run) => run.status === 'completed');
  const pulls = pullsWithHead(repository, suite.headSha);
  const failed = runs.find((run) => run.conclusion !== 'success');
  return {
    id: suite.id,
    node_id: nodeId('CheckSuite', suite.id),
    head_branch: pulls[0]?.headRef ?? null,
    head_sha: suite.headSha,
    status: runs.length === 0 ? 'queued' : done ? 'completed' : 'in_progress',
    conclusion: done ? (failed?.conclusion ?? 'success') : null,
    url: `${repositoryApi(world, repository)}/check-suites/${suite.id}`,
    before: null,
    after: suite.headSha,
    pull_requests: pulls.map((pull) => minimalPull(world, pull)),
    app: reporter(world, suite.app),
    created_at: suite.createdAt,
    updated_at: suite.createdAt,
  };
}

/** A suite as its own webhook carries it. */
export function suiteEvent(
  world: World,
  repository: Repository,
  suite: CheckSuite,
  commit: GitCommit,
): Record<string, unknown> {
  const shape = suiteShape(world, repository, suite);
  return {
    ...shape,
    latest_check_runs_count: [...repository.checkRuns.values()].filter((run) => run.suite.id === suite.id)
      .length,
    check_runs_url: `${repositoryApi(world, repository)}/check-suites/${suite.id}/check-runs`,
    head_commit: simpleCommit(commit),
    rerequestable: true,
    runs_rerequestable: true,
  };
}

export function statusShape(
  world: World,
  repository: Repository,
  status: CommitStatus,
): Record<string, unknown> {
  return {
    url: `${repositoryApi(world, repository)}/statuses/${status.sha}`,
    avatar_url: `${world.url}/avatars/u/${status.creator.id}`,
    id: status.id,
    node_id: nodeId('StatusContext', status.id),
    state: status.state,
    description: status.description,
    target_url: status.targetUrl,
    context: status.context,
    created_at: status.createdAt,
    updated_at: status.createdAt,
    creator: maybeUser(world, status.creator),
  };
}

export function combinedStatus(
  world: World,
  repository: Repository,
  sha: string,
  statuses: readonly CommitStatus[],
): Record<string, unknown> {
  const states = statuses.map((status) => status.state);
  const failed = states.some((state) => state === 'failure' || state === 'error');
  const all = states.length > 0 && states.every((state) => state === 'success');
  return {
    state: failed ? 'failure' : all ? 'success' : 'pending',
    statuses: statuses.map((status) => {
      const { creator: _, ...rest } = statusShape(world, repository, status);
      return rest;
    }),
    sha,
    total_count: statuses.length,
    repository: minimalRepository(world, repository),
    commit_url: `${repositoryApi(world, repository)}/commits/${sha}`,
    url: `${repositoryApi(world, repository)}/commits/${sha}/status`,
  };
}
