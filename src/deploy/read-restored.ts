import { type HostRun, planOf, reasonOf } from './host-run.ts';
import type { DeployPlan } from './plan.ts';
import { problemOf, readRelease } from './rehearse-host.ts';

/**
 * Reads back what runs again on a host that was switched back, and says where that isn't what the ledger has. Only afterwards: the way back
 * waits for nothing, and what is found wrong, or can't be read, doesn't undo it, since what it would be undone to was ill. A crash here
 * leaves a host that is switched back and locked; the next attempt reads it.
 */
export async function readRestored(run: HostRun, plan: DeployPlan): Promise<void> {
  if (!run.restored || !run.locked) return;
  const release = planOf(run).previousRelease;
  if (release === null) return;
  const { running, shared } = plan;
  run.again = { release, files: 'unknown', reading: null };
  const manifest = running?.release === release ? running.manifest : null;
  if (manifest === null) {
    run.messages.push(`Which files ${release} should have isn’t known, so it was not read back.`);
    return;
  }
  try {
    // No step is told: to whoever watches, the deployment would seem to be staging again.
    const reading = await readRelease(run, { release, manifest, shared });
    const problem = problemOf(reading, plan);
    run.again = { release, files: problem === null ? 'as_recorded' : 'altered', reading };
    if (problem !== null)
      run.messages.push(
        `But ${release} ${problem}: a command of the target’s, or somebody, changed it since it was deployed.`,
      );
  } catch (error) {
    run.messages.push(`Whether ${release} is as recorded could not be read: ${reasonOf(error)}`);
  }
}
