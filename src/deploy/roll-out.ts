/**
 * All hosts of one deployment, from the first connection to the last lock given back: staged and verified everywhere first, then
 * switched batch by batch until one isn't well, then taken back as the target says. Within a batch the hosts go side by side.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { HostRun } from './host-run.ts';
import type { DeployPlan } from './plan.ts';
import { MOST_PARALLEL, batchesOf, restoringOrder } from './plan-rollout.ts';
import { readRestored } from './read-restored.ts';
import { listed } from './refuse-paths.ts';
import { endRehearsal, noteKept } from './rehearse-host.ts';
import { type ArchiveOf, stageHost } from './stage-host.ts';
import { restoreHost, switchHost, tidyHost } from './switch-host.ts';

export interface RollOut {
  readonly runs: readonly HostRun[];
  readonly plan: DeployPlan;
  readonly archiveOf: ArchiveOf;
  /** An earlier attempt may have switched hosts: each is looked at, whatever failed elsewhere. */
  readonly resumed: boolean;
  /** All of them go back in the end, and nothing of it stays. */
  readonly rehearsal: boolean;
  readonly signal: AbortSignal;
  /** Who doesn't want it any more, in a sentence; null: nobody said so. */
  readonly cancelled: () => Promise<string | null>;
}

/**
 * Brings every host to where it stays, and answers whether it was cancelled on the way. What failed where is in `runs`; throws only what
 * ends the whole attempt.
 */
export async function rollOut(input: RollOut): Promise<boolean> {
  const { runs, plan, archiveOf, resumed, rehearsal, signal } = input;
  const { rollout } = plan;
  const anyFailed = (): boolean => runs.some((run) => run.failed);
  const staging = { archiveOf, stopped: anyFailed, signal };
  await eachOf(runs, rollout.parallel, async (run) => {
    if (resumed || !anyFailed()) await stageHost(run, plan, staging);
  });
  if (rehearsal) await eachOf(runs, rollout.parallel, (run) => noteKept(run, plan));
  const batches = batchesOf(runs, rollout);
  if (!runs.every((run) => run.plan?.finished === true) && (await input.cancelled()) !== null)
    for (const run of runs) run.cancelled = true;
  if (!anyFailed() && runs.every((run) => run.staged)) await switchBatches(batches, input);
  const by = runs.some((run) => run.cancelled) ? await input.cancelled() : null;
  for (const run of runs) if (run.rehearsed !== null) run.rehearsed.well = run.succeeded;
  if (anyFailed()) await takeBack(batches, input, by);
  else if (rehearsal) {
    for (const batch of restoringOrder(batches, rollout, true))
      await eachOf(batch, MOST_PARALLEL, (run) => restoreHost(run, plan, 'It was a rehearsal.'));
  }
  if (rehearsal) await eachOf(runs, rollout.parallel, (run) => endRehearsal(run, plan));
  // Once all of them are back: none waits for another's files.
  else await eachOf(runs, rollout.parallel, (run) => readRestored(run, plan));
  await eachOf(runs, rollout.parallel, (run) => tidyHost(run, plan));
  return by !== null;
}

/** Each batch as a whole goes through to its end; the first with a host that isn't well is the last. */
async function switchBatches(
  batches: readonly (readonly HostRun[])[],
  { plan, signal, cancelled }: RollOut,
): Promise<void> {
  for (const [index, batch] of batches.entries()) {
    await eachOf(batch, MOST_PARALLEL, (run) => switchHost(run, plan));
    if (batch.some((run) => run.failed)) return;
    if (index === batches.length - 1) return;
    for (let left = plan.rollout.pause; left > 0 && (await cancelled()) === null; left -= 1)
      await sleep(1000, undefined, { signal });
  }
}

async function takeBack(
  batches: readonly (readonly HostRun[])[],
  { runs, plan }: RollOut,
  cancelled: string | null,
): Promise<void> {
  const { onFailure, parallel } = plan.rollout;
  const names = listed(
    runs.filter((run) => run.failedAt !== null).map((run) => run.session.name),
    10,
  );
  const why = cancelled ?? `The deployment failed on ${names}.`;
  if (cancelled === null && onFailure !== 'roll_back_all') {
    // What an earlier attempt switched stays where it is well; this one hasn't seen yet whether it is.
    const unseen = runs.filter((run) => run.switched && !run.failed && !run.succeeded);
    await eachOf(unseen, parallel, (run) => switchHost(run, plan));
  }
  for (const batch of restoringOrder(batches, plan.rollout, cancelled !== null))
    await eachOf(batch, MOST_PARALLEL, (run) => restoreHost(run, plan, why));
  for (const run of runs) {
    if (run.failedAt === null && !run.succeeded) {
      run.messages.push(
        cancelled === null
          ? `Not switched, because the deployment failed on ${names}.`
          : `Not switched. ${cancelled}`,
      );
    } else if (run.failed && run.switched && !run.restored && !run.unknown && onFailure === 'stop') {
      // Its switch was lost from sight and isn't taken back, so nobody has seen which release runs.
      if (run.failedAt === 'switch') run.unknown = true;
      else
        run.messages.push(
          plan.late === 'overtaken'
            ? `It still runs ${plan.release}: another deployment was begun since, so it isn’t switched back any more.`
            : `It still runs ${plan.release}: after a failure the target says "stop".`,
        );
    }
  }
}

/** Works on so many at a time; waits for all of them, then throws the first error. */
async function eachOf(
  runs: readonly HostRun[],
  parallel: number,
  work: (run: HostRun) => Promise<unknown>,
): Promise<void> {
  const waiting = [...runs];
  const worker = async (): Promise<void> => {
    for (let run = waiting.shift(); run !== undefined; run = waiting.shift()) await work(run);
  };
  const workers = Math.min(parallel, MOST_PARALLEL, runs.length);
  const results = await Promise.allSettled(Array.from({ length: workers }, worker));
  const rejected = results.find((result) => result.status === 'rejected');
  if (rejected !== undefined) throw rejected.reason;
}
