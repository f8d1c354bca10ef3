/** Check runs and commit statuses. Only Apps make check runs, and only their own App may change one. */
import { settleQueues } from '../acts/merge-queue.ts';
import { createCheckRun, rerequest, updateCheckRun } from '../acts/checking.ts';
import { announce } from '../announce.ts';
import { readCommit, resolveCommit } from '../git/commits.ts';
import { created, HttpError, invalid, notFound, ok, paged, type Call } from '../http.ts';
import { appIdOf, latestCheckRuns, latestStatuses } from '../rules/checks.ts';
import { actorOf } from '../rules/roles.ts';
import { checkRunShape, combinedStatus, statusShape } from '../shapes/checks.ts';
import { commitShape } from '../shapes/commits.ts';
import { repositoryName } from '../shapes/repository.ts';
import type { App, CheckRun, CommitStatus, Repository } from '../state.ts';
import { repositoryRoute, type Route } from './route.ts';

const read = { app: 'checks:read', user: 'read' } as const;
const write = { app: 'checks:write', user: 'read' } as const;

function needApp(call: Call): App {
  if (call.caller.kind === 'installation') return call.caller.app;
  throw new HttpError(403, 'You must authenticate via a GitHub App.');
}

function needRun(repository: Repository, call: Call): CheckRun {
  const run = repository.checkRuns.get(Number(call.params['check_run_id']));
  if (run === undefined) throw notFound();
  return run;
}

async function needSha(repository: Repository, name: string): Promise<string> {
  const sha = await resolveCommit(repository.directory, name.replace(/^(heads|tags)\//, 'refs/$1/'));
  if (sha === null) throw new HttpError(422, `No commit found for SHA: ${name}`);
  return sha;
}

export const checkRoutes: readonly Route[] = [
  repositoryRoute('POST /repos/{owner}/{repo}/check-runs', write, async (world, call, repository) => {
    const app = needApp(call);
    const sha = call.body.needText('head_sha');
    if ((await resolveCommit(repository.directory, sha)) !== sha)
      throw invalid(`No commit found for SHA: ${sha}`);
    const run = createCheckRun(world, repository, app, sha, call.body, app.bot);
    await settleQueues(world, repository);
    return created(checkRunShape(world, repository, run));
  }),
  repositoryRoute('GET /repos/{owner}/{repo}/check-runs/{check_run_id}', read, (world, call, repository) =>
    ok(checkRunShape(world, repository, needRun(repository, call))),
  ),
  repositoryRoute(
    'PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}',
    write,
    async (world, call, repository) => {
      const app = needApp(call);
      const run = needRun(repository, call);
      if (run.app?.id !== app.id)
        throw new HttpError(
          403,
          `Invalid app_id \`${app.id}\` - check run can only be modified by the GitHub App that created it.`,
        );
      updateCheckRun(world, repository, run, call.body, app.bot);
      await settleQueues(world, repository);
      return ok(checkRunShape(world, repository, run));
    },
  ),
  repositoryRoute(
    'POST /repos/{owner}/{repo}/check-runs/{check_run_id}/rerequest',
    { app: 'checks:write', user: 'write' },
    (world, call, repository) => {
      rerequest(world, repository, needRun(repository, call), actorOf(world, call.caller));
      return created({});
    },
  ),
  repositoryRoute(
    'GET /repos/{owner}/{repo}/commits/{ref}/check-runs',
    read,
    async (world, call, repository) => {
      const sha = await needSha(repository, call.params['ref'] ?? '');
      const all = call.query.get('filter') === 'all';
      const runs = all
        ? [...repository.checkRuns.values()].filter((run) => run.headSha === sha)
        : latestCheckRuns(repository, sha);
      const name = call.query.get('check_name');
      const app = call.query.get('app_id');
      const status = call.query.get('status');
      const chosen = runs.filter(
        (run) =>
          (name === null || run.name === name) &&
          (app === null || appIdOf(run) === Number(app)) &&
          (status === null || run.status === status),
      );
      return paged(call, chosen.toReversed(), (run) => checkRunShape(world, repository, run), 'check_runs');
    },
  ),
  repositoryRoute(
    'GET /repos/{owner}/{repo}/commits/{ref}/status',
    { app: 'statuses:read', user: 'read' },
    async (world, call, repository) => {
      const sha = await needSha(repository, call.params['ref'] ?? '');
      return ok(combinedStatus(world, repository, sha, latestStatuses(repository, sha)));
    },
  ),
  repositoryRoute(
    'GET /repos/{owner}/{repo}/commits/{ref}/statuses',
    { app: 'statuses:read', user: 'read' },
    async (world, call, repository) => {
      const sha = await needSha(repository, call.params['ref'] ?? '');
      const found = repository.statuses.filter((status) => status.sha === sha);
      return paged(call, found.toReversed(), (status) => statusShape(world, repository, status));
    },
  ),
  repositoryRoute(
    'POST /repos/{owner}/{repo}/statuses/{sha}',
    { app: 'statuses:write', user: 'write' },
    async (world, call, repository) => {
      const sha = await needSha(repository, call.params['sha'] ?? '');
      const creator = actorOf(world, call.caller);
      const status: CommitStatus = {
        id: world.id(),
        sha,
        state: call.body.needText('state'),
        context: call.body.text('context') ?? 'default',
        description: call.body.text('description'),
        targetUrl: call.body.text('target_url'),
        creator,
        createdAt: world.timestamp(),
      };
      repository.statuses.push(status);
      const commit = await readCommit(repository.directory, sha);
      announce(world, repository, {
        event: 'status',
        action: null,
        sender: creator,
        payload: {
          id: status.id,
          sha,
          name: repositoryName(repository),
          avatar_url: null,
          target_url: status.targetUrl,
          context: status.context,
          description: status.description,
          state: status.state,
          commit: commitShape(world, repository, commit),
          branches: [],
          created_at: status.createdAt,
          updated_at: status.createdAt,
        },
      });
      await settleQueues(world, repository);
      return created(statusShape(world, repository, status));
    },
  ),
];
