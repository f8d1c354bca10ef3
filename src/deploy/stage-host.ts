/**
 * Up to where only the switch is left: connect, look, lock, stage, verify, build. Can be run again after a crash anywhere in
 * it; what the host shows decides where it goes on.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { DriftedFile, ManifestEntry } from '../domain/deploy.ts';
import { DeployError, leavesOutcomeUnknown } from './deploy-error.ts';
import type { Late } from './deploy-ports.ts';
import { hostFacts } from './host-facts.ts';
import { releaseOfLink } from './host-paths.ts';
import { type HostRun, planOf, runHook } from './host-run.ts';
import { lockScript } from './lock-scripts.ts';
import { probeScript } from './look-scripts.ts';
import { nulList } from './nul-list.ts';
import { type DeployPlan, type DeployStep, type HostPlan, planHost } from './plan.ts';
import { type ReadBack, compareReadBack, parseReadBack, requireExact } from './read-back.ts';
import { driftedFiles, readBackRecord } from './read-back-record.ts';
import { readStaged } from './read-staged.ts';
import { listed } from './refuse-paths.ts';
import {
  discardScript,
  finishStagingScript,
  receiveScript,
  shareScript,
  stageScript,
} from './stage-scripts.ts';

/** An archive of these files, made anew at each call. */
export type ArchiveOf = (entries: readonly ManifestEntry[]) => AsyncIterable<Uint8Array>;

/** After a connection went away, how long until each further try. Nothing runs from what is being staged, so all of it can be done again. */
const AGAIN_MILLISECONDS = [500, 3_000, 8_000];
/** At these nothing of the operator's was begun. */
const OURS: ReadonlySet<DeployStep> = new Set<DeployStep>(['connect', 'probe', 'lock', 'stage', 'verify']);

const SINCE: Readonly<Record<Late, string>> = {
  overtaken: 'another deployment was begun since',
  stale: 'what it was approved by is too long ago',
};

/** Runs one step, and notes how far it came. */
type TellStep = <T>(name: DeployStep, work: () => Promise<T>, told?: (result: T) => string) => Promise<T>;

export interface Staging {
  readonly archiveOf: ArchiveOf;
  /** Nobody wants it staged any more. */
  readonly stopped: () => boolean;
  /** Ends a pause between two tries at once, with the signal's own error. */
  readonly signal: AbortSignal;
}

/** Connects, looks, takes the lock, and brings the release there up to where only the switch is left. */
export async function stageHost(run: HostRun, plan: DeployPlan, staging: Staging): Promise<void> {
  const { stopped, signal } = staging;
  let at: DeployStep = 'connect';
  for (let attempt = 0; ; attempt += 1) {
    try {
      await stageOnce(run, plan, staging, (step) => {
        at = step;
      });
      return;
    } catch (error) {
      const pause = AGAIN_MILLISECONDS[attempt];
      // A host that can't be reached to begin with is told at once; one that could be a moment ago is waited for.
      const gone =
        leavesOutcomeUnknown(error) ||
        (attempt > 0 && error instanceof DeployError && error.code === 'host_unreachable');
      if (pause === undefined || !gone || !OURS.has(at) || stopped()) {
        run.stop(at, error);
        // An earlier attempt switched it, and this one came no further than to see that: so it may be at any moment.
        if (run.plan?.switched === true && !run.switched) run.unknown = true;
        return;
      }
      await sleep(pause, undefined, { signal });
      run.session.beginAgain();
      run.transferred = 0;
    }
  }
}

async function stageOnce(
  run: HostRun,
  plan: DeployPlan,
  { archiveOf, stopped }: Staging,
  reached: (step: DeployStep) => void,
): Promise<void> {
  const { session } = run;
  const step: TellStep = async (name, work, told) => {
    reached(name);
    return session.step(name, work, told);
  };
  await step('connect', () => session.connect());
  await step('probe', () => probe(run, plan));
  // What an earlier attempt switched here has to be switched back with the others, and what it locked to be given back.
  if (stopped() && !isLeftOver(planOf(run))) return;
  await step(
    'lock',
    async () => {
      const locked = await lock(run);
      // Until now the earlier attempt's last script may have been on its way there: what was seen before is old.
      if (locked.continued) await probe(run, plan);
      return locked;
    },
    ({ continued, waited }) =>
      [
        ...(continued ? ['It was ours from an earlier attempt.'] : []),
        ...(waited === null ? [] : [waited]),
      ].join(' '),
  );
  const hostPlan = planOf(run);
  if (hostPlan.withdrawn !== null) {
    // Once it was being switched back, it is never switched to again, whatever else a crash interrupted.
    run.switched = hostPlan.switched;
    run.restored = !hostPlan.switched;
    run.fail('switch_back', `An earlier attempt had begun to switch it back. ${hostPlan.withdrawn}`);
    return;
  }
  if (hostPlan.switched) {
    run.switched = true;
    run.verified = plan.manifest.length;
  } else {
    if (plan.late !== null) {
      run.fail('probe', `It doesn’t run there, and ${SINCE[plan.late]}, so it isn’t switched to any more.`);
      return;
    }
    if (stopped()) return;
    const drifted = hostPlan.staged ? await verifyAgain(run, plan, step) : [];
    if (drifted !== null) await stage(run, plan, { archiveOf, step, drifted });
    for (const name of ['build', 'before_switch'] as const) {
      if (stopped()) return;
      reached(name);
      await runHook(run, plan, name, plan.release, plan.sha);
    }
  }
  run.staged = true;
}

const isLeftOver = ({ switched, withdrawn, locked }: HostPlan): boolean =>
  switched || locked || withdrawn !== null;

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
  const { drift } = run.plan;
  if (drift !== null && !run.messages.includes(`${drift}.`)) run.messages.push(`${drift}.`);
}

/**
 * Takes the lock, and waits for a command of the operator's that an earlier attempt left running: what it works on is about to be
 * looked at, and may be made anew. `waited` says so.
 */
async function lock(run: HostRun): Promise<{ readonly continued: boolean; readonly waited: string | null }> {
  const { session } = run;
  const { report } = await session.script('lock', lockScript(session.run));
  run.locked = true;
  const continued = report.value('lock') === 'continued';
  if (report.value('busy') === undefined) return { continued, waited: null };
  const seconds = await session.awaitHooks();
  return {
    continued,
    waited: `A command of an earlier attempt still ran there: waited ${seconds} seconds for its end.`,
  };
}

/**
 * What an earlier attempt had verified may be another thing by now, and what was read back then is recorded nowhere. Null: it is the
 * commit still, and that is noted. Else it has to be staged anew, and what differed is answered, as far as somebody else did it.
 */
async function verifyAgain(
  run: HostRun,
  plan: DeployPlan,
  step: TellStep,
): Promise<readonly DriftedFile[] | null> {
  const { session } = run;
  return step(
    'verify',
    async () => {
      const staged = await readStaged(run, plan);
      if (!staged.whole) {
        if (staged.told !== null && !run.messages.includes(staged.told)) run.messages.push(staged.told);
        return staged.drifted;
      }
      run.recorded = recordOf(run, plan, staged.found, []);
      if (plan.shared.length > 0) await session.script('verify', shareScript(session.run, plan.shared));
      run.verified = plan.manifest.length;
      return null;
    },
    (drifted) =>
      drifted === null
        ? 'It is as an earlier attempt staged it.'
        : 'It is not the commit alone any more, and is staged anew.',
  );
}

async function stage(
  run: HostRun,
  plan: DeployPlan,
  {
    archiveOf,
    step,
    drifted: already,
  }: {
    readonly archiveOf: ArchiveOf;
    readonly step: TellStep;
    readonly drifted: readonly DriftedFile[];
  },
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
      receiveScript(session.run, entries.length > 0, plan.manifest.length),
      archive,
      { keep },
    );
    return parseReadBack(stdout, session.run.nonce);
  };
  const found = await step(
    'stage',
    async () => {
      await session.script(
        'stage',
        stageScript(session.run, base === null ? null : { ...base, files: reuse.length }),
        nulList(reuse.map(({ path }) => path)),
      );
      return receive(send);
    },
    () => `${send.length} files sent, ${reuse.length} copied from ${base?.release ?? 'nothing'}.`,
  );
  await step('verify', async () => {
    let last = found;
    let comparison = compareReadBack(found, plan.manifest);
    const wrong = new Set([...comparison.missing, ...comparison.altered]);
    const drifted = driftedFiles(found, reuse, wrong);
    if (wrong.size + comparison.extra.length > 0) {
      // What is wrong is sent once more. A copied file that is wrong was altered on the host since it was verified there.
      const again = plan.manifest.filter(({ path }) => wrong.has(path));
      if (drifted.length > 0) {
        const names = listed(drifted.map(({ path }) => path));
        run.messages.push(`Altered on the host since it was deployed, and sent anew: ${names}.`);
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
      last = await receive(again);
      comparison = compareReadBack(last, plan.manifest);
    }
    requireExact(comparison, session.name);
    const before = new Set(already.map(({ path }) => path));
    run.recorded = recordOf(run, plan, last, [
      ...already,
      ...drifted.filter(({ path }) => !before.has(path)),
    ]);
    await session.script('verify', finishStagingScript(session.run, plan.digest, plan.shared));
    run.verified = comparison.verified;
  });
}

function recordOf(run: HostRun, plan: DeployPlan, found: ReadBack, drifted: readonly DriftedFile[]) {
  return readBackRecord({ found, manifest: plan.manifest, before: ranBefore(run, plan), drifted });
}

/** What ran on the host until now, with its files where the ledger has the same for it. */
function ranBefore({ facts }: HostRun, { running, path }: DeployPlan) {
  const current = facts?.current ?? null;
  if (current === null) return null;
  const release = releaseOfLink(current, path) ?? current;
  return { release, manifest: release === running?.release ? running.manifest : null };
}
