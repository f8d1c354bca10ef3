/**
 * The phases of one host: stage and verify, switch, switch back, clean up. Each can be run again after a crash anywhere in
 * it; what the host shows decides where it goes on.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { HostOutcome, ManifestEntry } from '../domain/deploy.ts';
import { DeployError, leavesOutcomeUnknown } from './deploy-error.ts';
import { type HostFacts, hostFacts } from './host-facts.ts';
import { type HostSession, ProgressRefused } from './host-session.ts';
import { type DeployPlan, type DeployStep, type HostPlan, planHost, planPrune } from './plan.ts';
import { listed } from './refuse-paths.ts';
import { compareReadBack, parseReadBack, requireExact } from './read-back.ts';
import {
  discardScript,
  finishStagingScript,
  lockScript,
  probeScript,
  pruneScript,
  receiveScript,
  shareScript,
  stageScript,
  switchBackScript,
  switchScript,
  unlockScript,
} from './scripts.ts';

/** An archive of these files, made anew at each call. */
export type ArchiveOf = (entries: readonly ManifestEntry[]) => AsyncIterable<Uint8Array>;

/** After a lost connection, how long until each further try to reach the host. */
const RECONNECT_MILLISECONDS = [200, 2_000];

/** What is known of one host so far. Owned by the deployment's own loop; nothing else writes to it. */
export class HostRun {
  readonly session: HostSession;
  readonly startedAt: string;
  facts: HostFacts | null = null;
  plan: HostPlan | null = null;
  locked = false;
  staged = false;
  /** `current` points at the new release, or may do so. */
  switched = false;
  succeeded = false;
  restored = false;
  unknown = false;
  failedAt: DeployStep | null = null;
  readonly messages: string[] = [];
  transferred = 0;
  verified = 0;

  constructor(session: HostSession, startedAt: string) {
    this.session = session;
    this.startedAt = startedAt;
  }

  fail(step: DeployStep, message: string): void {
    this.failedAt ??= step;
    this.messages.push(message);
  }
}

/** Connects, looks, takes the lock, and brings the release there up to where only the switch is left. */
export async function stageHost(
  run: HostRun,
  plan: DeployPlan,
  archiveOf: ArchiveOf,
  stopped: () => boolean,
): Promise<void> {
  const { session } = run;
  let at: DeployStep = 'connect';
  const step = async <T>(
    name: DeployStep,
    work: () => Promise<T>,
    told?: (result: T) => string,
  ): Promise<T> => {
    at = name;
    return session.step(name, work, told);
  };
  try {
    await step('connect', () => session.connect());
    await step('probe', () => probe(run, plan));
    if (stopped()) return;
    await step(
      'lock',
      () => lock(run),
      (word) => (word === 'continued' ? 'It was ours from an earlier attempt.' : ''),
    );
    const hostPlan = planOf(run);
    if (hostPlan.switched) {
      run.switched = true;
      run.verified = plan.manifest.length;
    } else {
      if (stopped()) return;
      if (hostPlan.staged) run.verified = plan.manifest.length;
      else await stage(run, plan, archiveOf, step);
      await session.script('verify', shareScript(session.run, plan.shared));
      for (const name of ['build', 'before_switch'] as const) {
        if (stopped()) return;
        at = name;
        await hook(run, plan, name, plan.release, plan.sha);
      }
    }
    run.staged = true;
  } catch (error) {
    run.fail(at, reasonOf(error));
  }
}

/** Switches one host and sees whether it is well. False: it isn't, and must be switched back. */
export async function switchHost(run: HostRun, plan: DeployPlan): Promise<boolean> {
  const { session } = run;
  let at: DeployStep = 'switch';
  const { expected, finished } = planOf(run);
  try {
    if (!run.switched) {
      await session.step('switch', () =>
        // The script can be run again: where it went through, it says so. So a lost connection is answered by asking again.
        persistently(session, async () => {
          run.switched = true;
          await session.script('switch', switchScript(session.run, expected));
        }),
      );
    }
    if (!finished) {
      for (const name of ['after_switch', 'health'] as const) {
        at = name;
        await hook(run, plan, name, plan.release, plan.sha);
      }
    }
    run.succeeded = true;
    return true;
  } catch (error) {
    run.fail(at, reasonOf(error));
    // A switch that was refused, or that failed before everybody's eyes, changed nothing.
    if (at === 'switch' && !leavesOutcomeUnknown(error)) run.switched = false;
    return false;
  }
}

/** Points a switched host back at what ran before, and lets its after-switch command follow. */
export async function restoreHost(run: HostRun, plan: DeployPlan, why: string): Promise<void> {
  const { session } = run;
  const { previous, previousRelease } = planOf(run);
  run.succeeded = false;
  try {
    await session.step(
      'switch_back',
      () =>
        persistently(session, () => session.script('switch_back', switchBackScript(session.run, previous))),
      () => why,
    );
    run.restored = true;
    run.fail(
      'switch_back',
      previousRelease === null
        ? 'Nothing ran there before, so nothing runs there now.'
        : `It runs ${previousRelease} again. ${why}`,
    );
  } catch (error) {
    run.fail('switch_back', `It could not be switched back: ${reasonOf(error)}`);
    run.unknown = leavesOutcomeUnknown(error);
    return;
  }
  if (previousRelease === null || plan.commands.afterSwitch === null) return;
  try {
    // Whatever was restarted for the new release has to be for the old one.
    await hook(run, plan, 'after_switch', previousRelease, '');
  } catch (error) {
    run.messages.push(`After it was switched back, its after-switch command failed: ${reasonOf(error)}`);
  }
}

/** Notes the release as activated, removes old ones, gives the lock back. What fails here undoes no deployment. */
export async function tidyHost(run: HostRun, plan: DeployPlan): Promise<void> {
  const { session, facts } = run;
  try {
    if (run.succeeded && facts !== null) {
      const remove = planPrune(plan, facts, planOf(run).previousRelease);
      await session.step(
        'prune',
        () => persistently(session, () => session.script('prune', pruneScript(session.run, remove))),
        () => (remove.length === 0 ? '' : `Removed ${remove.join(', ')}.`),
      );
    }
    // Whose outcome nobody knows keeps its lock, until it was looked at.
    if (run.locked && !run.unknown) {
      await session.step('unlock', () =>
        persistently(session, () => session.script('unlock', unlockScript(session.run))),
      );
      run.locked = false;
    }
  } catch (error) {
    run.messages.push(`Cleaning up failed: ${reasonOf(error)}`);
  }
}

/** What became of one host. */
export function hostOutcome(run: HostRun, plan: DeployPlan, finishedAt: string): HostOutcome {
  return {
    host: run.session.host,
    outcome: outcomeOf(run),
    failedAt: run.succeeded ? null : run.failedAt,
    message: run.messages.join(' '),
    previousRelease: run.plan?.previousRelease ?? null,
    release: plan.release,
    presentedFingerprint: run.session.presentedFingerprint,
    commands: run.session.commands,
    files: { total: plan.manifest.length, transferred: run.transferred, verified: run.verified },
    startedAt: run.startedAt,
    finishedAt,
  };
}

function outcomeOf(run: HostRun): HostOutcome['outcome'] {
  if (run.unknown) return 'unknown';
  if (run.succeeded) return 'success';
  if (run.restored) return 'rolled_back';
  return run.failedAt === null ? 'not_reached' : 'failure';
}

async function probe(run: HostRun, plan: DeployPlan): Promise<void> {
  const { session } = run;
  const names = plan.shared.map(({ name }) => name);
  const { report } = await session.script('probe', probeScript(session.run, names));
  if (report.value('done') === undefined) {
    throw new DeployError(
      'probe_failed',
      `${session.name} ran our script but did not answer it: does the account of ${session.host.user} allow a plain shell (no ForceCommand, no rbash)?`,
    );
  }
  run.facts = hostFacts(report);
  run.plan = planHost(plan, run.facts, session.name);
  if (run.plan.drift !== null) run.messages.push(`${run.plan.drift}.`);
}

async function lock(run: HostRun): Promise<string> {
  const { report } = await run.session.script('lock', lockScript(run.session.run));
  run.locked = true;
  return report.value('lock') ?? '';
}

async function stage(
  run: HostRun,
  plan: DeployPlan,
  archiveOf: ArchiveOf,
  step: <T>(name: DeployStep, work: () => Promise<T>, told?: (result: T) => string) => Promise<T>,
): Promise<void> {
  const { session } = run;
  const { base, reuse, send } = planOf(run);
  const keep =
    1024 * 1024 + plan.manifest.reduce((sum, { path }) => sum + 4 * Buffer.byteLength(path) + 512, 0);
  const receive = async (entries: readonly ManifestEntry[]) => {
    run.transferred += entries.length;
    const archive = entries.length === 0 ? [] : archiveOf(entries);
    const { stdout } = await session.script(
      'stage',
      receiveScript(session.run, entries.length > 0),
      archive,
      keep,
    );
    return parseReadBack(stdout, session.run.nonce);
  };
  const found = await step(
    'stage',
    async () => {
      await session.script('stage', stageScript(session.run, base), nulList(reuse.map(({ path }) => path)));
      return receive(send);
    },
    () => `${send.length} files sent, ${reuse.length} copied from ${base?.release ?? 'nothing'}.`,
  );
  await step('verify', async () => {
    let comparison = compareReadBack(found, plan.manifest);
    const wrong = new Set([...comparison.missing, ...comparison.altered]);
    if (wrong.size + comparison.extra.length > 0) {
      // What is wrong is sent once more. A copied file that is wrong was altered on the host since it was verified there.
      const again = plan.manifest.filter(({ path }) => wrong.has(path));
      const drifted = reuse.filter(({ path }) => wrong.has(path)).map(({ path }) => path);
      if (drifted.length > 0) {
        run.messages.push(`Altered on the host since it was deployed, and sent anew: ${listed(drifted)}.`);
      }
      if (again.length > drifted.length) {
        run.messages.push(
          `${again.length - drifted.length} files did not arrive whole, and were sent again.`,
        );
      }
      await session.script(
        'verify',
        discardScript(session.run),
        nulList([...comparison.extra, ...comparison.altered].map((path) => `./${path}`)),
      );
      comparison = compareReadBack(await receive(again), plan.manifest);
    }
    requireExact(comparison, session.name);
    await session.script('verify', finishStagingScript(session.run, plan.digest));
    run.verified = comparison.verified;
  });
}

async function hook(
  run: HostRun,
  plan: DeployPlan,
  step: 'build' | 'before_switch' | 'after_switch' | 'health',
  release: string,
  commit: string,
): Promise<void> {
  const { commands } = plan;
  const command = {
    build: commands.build,
    before_switch: commands.beforeSwitch,
    after_switch: commands.afterSwitch,
    health: commands.health,
  }[step];
  if (command === null) return;
  const { session } = run;
  await session.step(step, () =>
    session.hook({ step, command, release, commit, environment: plan.environment }),
  );
}

/**
 * Runs what can be run again. Where the connection is lost, the host is asked again over a new one; where it can't be
 * reached any more, the outcome stays unknown.
 */
async function persistently<T>(session: HostSession, work: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    const pause = RECONNECT_MILLISECONDS[attempt];
    try {
      if (!session.connected) await reconnect(session);
      return await work();
    } catch (error) {
      if (pause === undefined || !leavesOutcomeUnknown(error)) throw error;
      await sleep(pause);
    }
  }
}

async function reconnect(session: HostSession): Promise<void> {
  try {
    await session.connect();
  } catch (error) {
    if (!(error instanceof DeployError)) throw error;
    throw new DeployError(
      'connection_lost',
      `The connection to ${session.name} was lost and did not come back: ${error.message}`,
      error,
    );
  }
}

/** What to tell of an error. One that isn't about this host (a step that couldn't be recorded) is thrown on. */
function reasonOf(error: unknown): string {
  if (error instanceof ProgressRefused) throw error;
  if (error instanceof DeployError) return error.message;
  return `An error of ours stopped it: ${String(error)}.`;
}

function planOf(run: HostRun): HostPlan {
  if (run.plan === null) throw new Error('a host is planned before it is touched');
  return run.plan;
}

function* nulList(paths: readonly string[]): Generator<Buffer> {
  for (let at = 0; at < paths.length; at += 1000) {
    yield Buffer.from(
      paths
        .slice(at, at + 1000)
        .map((path) => `${path}\0`)
        .join(''),
    );
  }
}
