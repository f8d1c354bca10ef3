/**
 * What a rehearsal does on a host beside a deployment and its way back: reads the kept release back before and after, and removes its
 * own. All of it under the deployment's lock. A crash leaves the host locked, running one or the other release of the same commit.
 */
import type { KeptReading, ManifestEntry } from '../domain/deploy.ts';
import { HEALTH_URL } from './check-health.ts';
import { type HostRun, planOf, reasonOf, runHook } from './host-run.ts';
import { isLinked, leadsToLinked } from './linked-paths.ts';
import { manifestDigest } from './manifest-digest.ts';
import type { DeployPlan } from './plan.ts';
import { type ReadBack, compareReadBack, parseReadBack } from './read-back.ts';
import { entriesAsRead } from './read-back-record.ts';
import { KEPT_LIST } from './read-staged.ts';
import { listed } from './refuse-paths.ts';
import { removeOwnScript } from './removal-scripts.ts';
import { readKeptScript } from './stage-scripts.ts';
import { persistently } from './switch-host.ts';

/** Of what differs, so many names are told. */
const MOST_NAMES = 100;

/** Before anything is switched: what the running release has on the host. One that can't be read isn't left. */
export async function noteKept(run: HostRun, plan: DeployPlan): Promise<void> {
  const { running } = plan;
  if (!run.staged || run.failed || running === null) return;
  const rehearsed: NonNullable<HostRun['rehearsed']> = {
    kept: running.release,
    before: null,
    after: null,
    differs: [],
    well: false,
    removed: false,
    problems: [],
  };
  run.rehearsed = rehearsed;
  try {
    rehearsed.before = await readKept(run, plan);
    const problem = problemOf(rehearsed.before, plan);
    if (problem !== null)
      rehearsed.problems.push(`Before anything was switched, ${running.release} ${problem}.`);
  } catch (error) {
    run.stop('verify', error);
    run.staged = false;
  }
}

/** After the way back: what the release has that runs again, and whether it is well; then the rehearsal's own is removed. */
export async function endRehearsal(run: HostRun, plan: DeployPlan): Promise<void> {
  if (!run.locked) return;
  const { rehearsed, session } = run;
  // Where nobody knows what runs, or it is the rehearsal's, nothing is removed.
  if (run.switched && !run.restored) {
    rehearsed?.problems.push(run.messages.at(-1) ?? 'It was not switched back.');
    return;
  }
  const tried = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      const reason = reasonOf(error);
      if (rehearsed === null) run.messages.push(reason);
      else rehearsed.problems.push(reason);
    }
  };
  if (rehearsed !== null && run.restored) {
    if (session.commands.some(({ step, exitCode }) => step === 'after_switch' && exitCode !== 0))
      rehearsed.problems.push('Its after-switch command failed.');
    // Whether it is well again where it was well before. Elsewhere the command said no already.
    if (rehearsed.well) await tried(() => askWhetherWell(run, plan, rehearsed.kept));
    await tried(() => compareKept(run, plan, rehearsed));
  }
  await tried(async () => {
    await session.step(
      'prune',
      () => persistently(session, () => session.script('prune', removeOwnScript(session.run))),
      () => `Removed ${plan.release}.`,
    );
    if (rehearsed !== null) rehearsed.removed = true;
  });
  if (rehearsed?.well === false) rehearsed.problems.unshift(...run.messages);
}

async function askWhetherWell(run: HostRun, plan: DeployPlan, release: string): Promise<void> {
  const { session } = run;
  const { healthUrl } = plan;
  await runHook(run, plan, 'health', release, '');
  if (healthUrl !== null) await session.step(HEALTH_URL, () => session.checkHealth(healthUrl));
}

async function compareKept(
  run: HostRun,
  plan: DeployPlan,
  rehearsed: NonNullable<HostRun['rehearsed']>,
): Promise<void> {
  const { kept, before } = rehearsed;
  const { previousRelease } = planOf(run);
  if (previousRelease !== kept)
    rehearsed.problems.push(`It went back to ${previousRelease ?? 'nothing'}, while the ledger has ${kept}.`);
  const after = await readKept(run, plan);
  rehearsed.after = after;
  rehearsed.differs = before === null ? [] : differing(before, after);
  const problem = problemOf(after, plan);
  if (problem !== null) rehearsed.problems.push(`After it was switched back, ${kept} ${problem}.`);
}

async function readKept(run: HostRun, plan: DeployPlan): Promise<KeptReading> {
  const { running, manifest, shared } = plan;
  if (running === null) throw new Error('a rehearsal goes back to what runs');
  const { release } = running;
  return run.session.step(
    'verify',
    () => readRelease(run, { release, manifest, shared }),
    ({ verified }) => `${verified} files of ${release} are as recorded.`,
  );
}

/** Reads a release on the host back. Nothing runs from what is only read, so it can be asked for again. */
export async function readRelease(
  { session }: HostRun,
  { release, ...expected }: { readonly release: string } & Pick<DeployPlan, 'manifest' | 'shared'>,
): Promise<KeptReading> {
  return persistently(session, async () => {
    const script = readKeptScript(session.run, release, expected.manifest.length);
    const { stdout } = await session.script('verify', script, [], { keep: KEPT_LIST });
    return keptReading(parseReadBack(stdout, session.run.nonce), expected);
  });
}

/** What was found of a release, against the plan's manifest. Pure. */
export function keptReading(found: ReadBack, plan: Pick<DeployPlan, 'manifest' | 'shared'>): KeptReading {
  const expected: readonly ManifestEntry[] = plan.manifest.filter(({ path }) => !isLinked(plan, path));
  const { missing, altered, extra, verified } = compareReadBack(found, expected);
  const described = (paths: readonly string[]): Record<string, string> =>
    Object.fromEntries(paths.map((path) => [path, stateOf(found, path)]));
  return {
    digest: manifestDigest(entriesAsRead(found, expected)),
    verified,
    missing,
    altered: described(altered),
    extra: described(
      extra.filter(
        (path) => !isLinked(plan, path) && !(found.folders.has(path) && leadsToLinked(plan, path)),
      ),
    ),
  };
}

function stateOf({ files, links, folders }: ReadBack, path: string): string {
  const file = files.get(path);
  if (file !== undefined) return `${file.mode} ${file.size} ${file.sha256}`;
  const link = links.get(path);
  if (link !== undefined) return `link ${link}`;
  const folder = folders.get(path);
  return folder === undefined ? 'neither file, folder nor link' : `folder ${folder}`;
}

/** Paths that are in another state than before. Whatever is right is so in both. */
function differing(before: KeptReading, after: KeptReading): readonly string[] {
  const states = ({ missing, altered, extra }: KeptReading) =>
    new Map([
      ...missing.map((path) => [path, 'missing'] as const),
      ...Object.entries(altered),
      ...Object.entries(extra),
    ]);
  const [then, now] = [states(before), states(after)];
  return [...new Set([...then.keys(), ...now.keys()])]
    .filter((path) => then.get(path) !== now.get(path))
    .toSorted()
    .slice(0, MOST_NAMES);
}

/** Null where it is the commit's. What commands of the target's may have left beside it is no fault. */
export function problemOf(
  { missing, altered, extra }: KeptReading,
  { commands }: Pick<DeployPlan, 'commands'>,
): string | null {
  const { build, beforeSwitch, afterSwitch } = commands;
  const mayHaveMore = build !== null || beforeSwitch !== null || afterSwitch !== null;
  const others = Object.keys(altered);
  const more = mayHaveMore ? [] : Object.keys(extra);
  const wrong = [
    ...(missing.length > 0 ? [`missing: ${listed(missing)}`] : []),
    ...(others.length > 0 ? [`different: ${listed(others)}`] : []),
    ...(more.length > 0 ? [`not in the commit: ${listed(more)}`] : []),
  ];
  return wrong.length === 0 ? null : `was not as recorded (${wrong.join('; ')})`;
}
