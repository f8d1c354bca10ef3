/** Check suites and check runs: made and changed by their App, pressed by people. */
import { announce } from '../announce.ts';
import { invalid, type Body } from '../http.ts';
import { readCommit } from '../git/commits.ts';
import { checkRunEvent, suiteEvent } from '../shapes/checks.ts';
import type { Actor, App, CheckRun, CheckSuite, Repository } from '../state.ts';
import type { World } from '../world.ts';

/** The App's suite on a commit, made where it isn't there yet. */
export function suiteFor(world: World, repository: Repository, app: App | null, headSha: string): CheckSuite {
  const known = repository.suites.find((suite) => suite.headSha === headSha && suite.app?.id === app?.id);
  if (known !== undefined) return known;
  const suite: CheckSuite = { id: world.id(), app, headSha, createdAt: world.timestamp() };
  repository.suites.push(suite);
  return suite;
}

function announceRun(
  world: World,
  repository: Repository,
  run: CheckRun,
  action: string,
  sender: Actor,
  extra: Readonly<Record<string, unknown>> = {},
): void {
  const own = action === 'rerequested' || action === 'requested_action';
  announce(world, repository, {
    event: 'check_run',
    action,
    sender,
    payload: { check_run: checkRunEvent(world, repository, run), ...extra },
    ...(own && run.app !== null ? { only: run.app } : {}),
  });
}

/** GitHub's limits that its schema doesn't hold. */
function refuseWrong(body: Body): void {
  const status = body.text('status');
  const conclusion = body.text('conclusion');
  if (conclusion === 'stale') throw invalid('Invalid request.\n\n"stale" can only be set by GitHub.');
  if (status === 'completed' && conclusion === null)
    throw invalid('Invalid request.\n\nNo conclusion given for a completed check run.');
  for (const key of ['summary', 'text']) {
    const value = body.object('output')?.text(key) ?? '';
    if (Buffer.byteLength(value) > 65_535)
      throw invalid(`Invalid request.\n\noutput.${key} exceeds 65535 bytes.`);
  }
}

/**
 * Writes what a create or update says into a check run. One that is completed stays as it was concluded, as several who
 * build on GitHub report; its documents don't say. An App that counted on more would leave a required check green.
 */
function apply(world: World, run: CheckRun, body: Body): void {
  const conclusion = body.text('conclusion');
  run.name = body.text('name') ?? run.name;
  if (run.status !== 'completed') {
    run.status = conclusion === null ? (body.text('status') ?? run.status) : 'completed';
    run.conclusion = run.status === 'completed' ? conclusion : null;
  }
  run.externalId = body.text('external_id') ?? run.externalId;
  run.detailsUrl = body.text('details_url') ?? run.detailsUrl;
  run.startedAt = body.text('started_at') ?? run.startedAt ?? world.timestamp();
  run.completedAt =
    run.status === 'completed' ? (body.text('completed_at') ?? run.completedAt ?? world.timestamp()) : null;
  const output = body.object('output');
  if (output !== null) {
    run.title = output.text('title') ?? run.title;
    run.summary = output.text('summary') ?? run.summary;
    run.text = output.text('text') ?? run.text;
    run.annotations.push(...output.objects('annotations').map((annotation) => annotation.raw));
  }
  if (body.has('actions')) {
    run.actions = body.objects('actions').map((action) => ({
      label: action.needText('label'),
      description: action.needText('description'),
      identifier: action.needText('identifier'),
    }));
  }
}

export function createCheckRun(
  world: World,
  repository: Repository,
  app: App | null,
  headSha: string,
  body: Body,
  sender: Actor,
): CheckRun {
  refuseWrong(body);
  const run: CheckRun = {
    id: world.id(),
    app,
    suite: suiteFor(world, repository, app, headSha),
    headSha,
    name: body.needText('name'),
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
  apply(world, run, body);
  repository.checkRuns.set(run.id, run);
  announceRun(world, repository, run, 'created', sender);
  if (run.status === 'completed') announceRun(world, repository, run, 'completed', sender);
  return run;
}

export function updateCheckRun(
  world: World,
  repository: Repository,
  run: CheckRun,
  body: Body,
  sender: Actor,
): void {
  refuseWrong(body);
  const before = run.status;
  apply(world, run, body);
  if (run.status === 'completed' && before !== 'completed')
    announceRun(world, repository, run, 'completed', sender);
}

/** A person presses one of its buttons. GitHub shows them only once the check run is completed. */
export function pressButton(
  world: World,
  repository: Repository,
  run: CheckRun,
  identifier: string,
  sender: Actor,
): void {
  if (run.status !== 'completed')
    throw new Error(`${run.name} is not completed: GitHub shows no buttons yet`);
  if (!run.actions.some((action) => action.identifier === identifier))
    throw new Error(`${run.name} has no button ${identifier}`);
  announceRun(world, repository, run, 'requested_action', sender, { requested_action: { identifier } });
}

/** A person (or an App) asks for it to be run again. */
export function rerequest(world: World, repository: Repository, run: CheckRun, sender: Actor): void {
  announceRun(world, repository, run, 'rerequested', sender);
}

/** "Re-run all checks" of one App on a commit. */
export async function rerequestSuite(
  world: World,
  repository: Repository,
  suite: CheckSuite,
  sender: Actor,
): Promise<void> {
  announce(world, repository, {
    event: 'check_suite',
    action: 'rerequested',
    sender,
    payload: {
      check_suite: suiteEvent(
        world,
        repository,
        suite,
        await readCommit(repository.directory, suite.headSha),
      ),
    },
    ...(suite.app === null ? {} : { only: suite.app }),
  });
}
