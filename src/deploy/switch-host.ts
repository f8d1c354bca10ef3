/**
 * The switch and what follows it: after-switch and health, back again where it isn't well, and cleaning up. Every script here
 * can be run twice, so a lost connection is answered by asking the host again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { HEALTH_URL } from './check-health.ts';
import { DeployError, leavesOutcomeUnknown } from './deploy-error.ts';
import { type HostRun, planOf, reasonOf, runHook } from './host-run.ts';
import type { HostSession } from './host-session.ts';
import { unlockScript } from './lock-scripts.ts';
import { type DeployPlan, type DeployStep, planPrune } from './plan.ts';
import { listed } from './refuse-paths.ts';
import { discardReleaseScript, pruneScript } from './removal-scripts.ts';
import { switchBackScript, switchScript } from './switch-scripts.ts';

/** After a lost connection, how long until each further try to reach the host. */
const RECONNECT_MILLISECONDS = [200, 2_000];

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
          try {
            await session.script('switch', switchScript(session.run, expected));
            run.unseen = false;
          } catch (error) {
            run.unseen ||= leavesOutcomeUnknown(error);
            throw error;
          }
        }),
      );
    }
    if (!finished) {
      for (const name of ['after_switch', 'health'] as const) {
        at = name;
        await runHook(run, plan, name, plan.release, plan.sha);
      }
      at = HEALTH_URL;
      const { healthUrl } = plan;
      if (healthUrl !== null) await session.step(HEALTH_URL, () => session.checkHealth(healthUrl));
    }
    run.succeeded = true;
    return true;
  } catch (error) {
    run.stop(at, error);
    // A switch that was refused, or that failed before everybody's eyes, changed nothing. One that answered too much went through. Once
    // nobody saw how one ended, whatever comes of asking again may be about the second try alone, but for what `current` is then.
    const code = error instanceof DeployError ? error.code : null;
    const seen =
      code === 'switch_conflict' ||
      (!run.unseen && !leavesOutcomeUnknown(error) && code !== 'verification_failed');
    if (at === 'switch' && seen) run.switched = false;
    return false;
  }
}

/** Points a switched host back at what ran before, and lets its after-switch command follow. */
export async function restoreHost(run: HostRun, plan: DeployPlan, why: string): Promise<void> {
  const { session } = run;
  const { previous, previousRelease } = planOf(run);
  const failedItself = run.failedAt !== null;
  session.goesBack = true;
  run.succeeded = false;
  try {
    await session.step(
      'switch_back',
      () =>
        persistently(session, () =>
          session.script('switch_back', switchBackScript(session.run, previous, why)),
        ),
      () => why,
    );
    run.restored = true;
    run.fail(
      'switch_back',
      previousRelease === null
        ? 'Nothing ran there before, so nothing runs there now.'
        : `It runs ${previousRelease} again.${failedItself ? '' : ` ${why}`}`,
    );
  } catch (error) {
    run.fail('switch_back', `It could not be switched back: ${reasonOf(error)}`);
    run.unknown = leavesOutcomeUnknown(error) || run.unseen;
    return;
  }
  if (previousRelease === null || plan.commands.afterSwitch === null) return;
  try {
    // Whatever was restarted for the new release has to be for the old one.
    await runHook(run, plan, 'after_switch', previousRelease, '');
  } catch (error) {
    run.messages.push(`After it was switched back, its after-switch command failed: ${reasonOf(error)}`);
  }
}

/**
 * Notes the release as activated, removes old ones, gives the lock back, whether or not the rest went well (a full disk lets nothing be
 * noted, but a lock be removed). What fails here undoes no deployment.
 */
export async function tidyHost(run: HostRun, plan: DeployPlan): Promise<void> {
  const { session, facts } = run;
  const tidying = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      run.messages.push(`Cleaning up failed: ${reasonOf(error)}`);
    }
  };
  if (run.succeeded && facts !== null) {
    await tidying(async () => {
      const remove = planPrune(plan, facts, planOf(run).previousRelease);
      await session.step(
        'prune',
        () => persistently(session, () => session.script('prune', pruneScript(session.run, remove))),
        () => (remove.length === 0 ? '' : `Removed ${remove.join(', ')}.`),
      );
    });
  }
  if (run.cancelled && !run.switched && run.locked) {
    await tidying(async () => {
      await session.step('prune', () =>
        persistently(session, () => session.script('prune', discardReleaseScript(session.run))),
      );
    });
  }
  // Whose outcome nobody knows keeps its lock, until it was looked at.
  if (run.locked && !run.unknown) {
    await tidying(async () => {
      const { report } = await session.step('unlock', () =>
        persistently(session, () => session.script('unlock', unlockScript(session.run))),
      );
      run.locked = false;
      const left = report.values('left');
      if (left.length > 0)
        run.messages.push(
          `Left on the host: ${listed(left)}. Something still writes there, or it can't be removed; the next deployment tries again.`,
        );
    });
  }
}

/**
 * Runs what can be run again. Where the connection is lost, the host is asked again over a new one; where it can't be
 * reached any more, the outcome stays unknown.
 */
export async function persistently<T>(session: HostSession, work: () => Promise<T>): Promise<T> {
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
