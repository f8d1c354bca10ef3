/** The stand-in's own pages: what a person would look at on GitHub, and the buttons they would press there. */
import type { IncomingMessage, ServerResponse } from 'node:http';

import { pressButton, rerequest } from '../acts/checking.ts';
import { mergePull } from '../acts/merging.ts';
import { submitReview } from '../acts/pull-requests.ts';
import { bypass, reviewDeployments } from '../acts/answering.ts';
import { exclusive } from '../exclusive.ts';
import { findRepository, needCheckRun, needPull, needUser } from '../find.ts';
import { HttpError, notFound } from '../http.ts';
import { needRole } from '../rules/roles.ts';
import { repositoryName, repositoryWeb } from '../shapes/repository.ts';
import type { Repository, User, WorkflowRun } from '../state.ts';
import type { World } from '../world.ts';
import { checkRunPage } from './check-run.ts';
import { deploymentsPage, runPage, runsPage } from './deployments.ts';
import { html, type Html } from './html.ts';
import { document } from './layout.ts';
import { appFromManifest } from './new-app.ts';
import { pullRequestPage } from './pull-request.ts';
import { commitPage, overviewPage, pullsPage } from './repository.ts';

export type PageServer = (
  request: IncomingMessage,
  response: ServerResponse,
  address: URL,
  body: Buffer,
) => Promise<void>;

const MANIFEST = /^(?:\/organizations\/([^/]+))?\/settings\/apps\/new$/;
const RUN = /^\/actions\/runs\/(\d+)(?:\/job\/\d+)?$/;

function needRun(repository: Repository, id: string | undefined): WorkflowRun {
  const run = repository.runs.get(Number(id));
  if (run === undefined) throw notFound();
  return run;
}

async function show(world: World, repository: Repository, tail: string): Promise<Html> {
  if (tail === '' || tail === '/') return overviewPage(world, repository);
  if (tail === '/pulls') return pullsPage(world, repository);
  if (tail === '/actions') return runsPage(world, repository);
  if (tail === '/deployments' || tail === '/deployments/activity_log')
    return deploymentsPage(world, repository);
  const [, kind, id] = /^\/(pull|runs|commit)\/([^/]+)(?:\/.*)?$/.exec(tail) ?? [];
  if (kind === 'pull') return pullRequestPage(world, needPull(repository, id));
  if (kind === 'runs') return checkRunPage(world, repository, needCheckRun(repository, Number(id)));
  const run = RUN.exec(tail);
  if (run !== null) return runPage(world, needRun(repository, run[1]));
  const shown = kind === 'commit' ? await commitPage(world, repository, id ?? '') : null;
  if (shown === null) throw notFound();
  return shown;
}

/** What a form's button does. Gives where to look next. */
async function act(
  world: World,
  repository: Repository,
  tail: string,
  form: URLSearchParams,
  user: User,
): Promise<string> {
  const [, kind, id, verb] = /^\/(pull|runs|actions\/runs)\/(\d+)\/(\w+)$/.exec(tail) ?? [];
  const back = `${repositoryWeb(world, repository)}/${kind ?? ''}/${id ?? ''}`;
  if (kind === 'runs') {
    const run = needCheckRun(repository, Number(id));
    if (verb === 'press') pressButton(world, repository, run, form.get('identifier') ?? '', user);
    else rerequest(world, repository, run, user);
    return back;
  }
  if (kind === 'actions/runs') {
    const run = needRun(repository, id);
    if (verb === 'bypass') bypass(world, run, user);
    else {
      const state = form.get('state') === 'approved' ? 'approved' : 'rejected';
      reviewDeployments(world, run, user, {
        environments: run.jobs.map((job) => job.environment.id),
        state,
        comment: form.get('comment') ?? '',
      });
    }
    return back;
  }
  if (kind !== 'pull') throw notFound();
  const pull = needPull(repository, id);
  if (verb === 'review') {
    const event = form.get('event');
    await submitReview(world, pull, user, {
      event,
      body: event === 'APPROVE' ? '' : 'Please change this.',
      commit: null,
    });
    return back;
  }
  needRole(world, { kind: 'user', user }, repository, 'write');
  const method = form.get('method');
  const chosen = method === 'merge' || method === 'rebase' ? method : 'squash';
  await exclusive(repository, () =>
    mergePull(world, pull, user, { method: chosen, title: null, message: null, sha: null }),
  );
  return back;
}

function front(world: World): Html {
  return document(
    'Repositories',
    html`<main>
      <h1>Repositories</h1>
      <div class="box">
        ${[...world.state.repositories.values()].map(
          (repository) =>
            html`<div class="row">
              <a href="${repositoryWeb(world, repository)}"><b>${repositoryName(repository)}</b></a>
            </div>`,
        )}
      </div>
    </main>`,
  );
}

function send(response: ServerResponse, status: number, shown: Html): void {
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; form-action *",
  };
  response.writeHead(status, headers).end(shown.text);
}

export function makePages(world: World): PageServer {
  const serve: PageServer = async (request, response, address, body) => {
    const form = new URLSearchParams(body.toString('utf8'));
    const manifest = MANIFEST.exec(address.pathname);
    if (manifest !== null && request.method === 'POST') {
      // GitHub takes the state from the form's address.
      const state = address.searchParams.get('state');
      if (state !== null) form.set('state', state);
      response.writeHead(302, { location: appFromManifest(world, manifest[1] ?? null, form).href }).end();
      return;
    }
    if (address.pathname === '/') return send(response, 200, front(world));
    const [, owner = '', name = '', tail = ''] = /^\/([^/]+)\/([^/]+)(\/.*)?$/.exec(address.pathname) ?? [];
    const repository = findRepository(world, owner, name);
    if (repository === null) throw notFound();
    if (request.method !== 'POST') return send(response, 200, await show(world, repository, tail));
    // Another site, open in the same browser, must not press these buttons.
    const { origin } = request.headers;
    if (origin !== undefined && origin !== world.url) throw new HttpError(403, 'A form of another site');
    const back = await act(world, repository, tail, form, needUser(world, form.get('as') ?? ''));
    response.writeHead(303, { location: back }).end();
  };
  return async (request, response, address, body) => {
    try {
      await serve(request, response, address, body);
    } catch (error) {
      const status = error instanceof HttpError ? error.status : 400;
      const message = error instanceof Error ? error.message : String(error);
      send(
        response,
        status,
        document(
          message,
          html`<main>
            <h1>${status === 404 ? 'Not found' : 'That did not work'}</h1>
            <p class="notice">${message}</p>
          </main>`,
        ),
      );
    }
  };
}
