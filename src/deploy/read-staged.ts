import type { DriftedFile } from '../domain/deploy.ts';
import { DeployError } from './deploy-error.ts';
import type { HostRun } from './host-run.ts';
import { isLinked, leadsToLinked } from './linked-paths.ts';
import type { DeployPlan } from './plan.ts';
import { type Comparison, type ReadBack, compareReadBack, parseReadBack } from './read-back.ts';
import { driftedFiles } from './read-back-record.ts';
import { listed } from './refuse-paths.ts';
import { readKeptScript } from './stage-scripts.ts';

/** A release's list of files, with all that a build may have left there. */
export const KEPT_LIST = 64 * 1024 * 1024;

/** What a host says it has of a release that an earlier attempt had verified there. */
export type Staged =
  | { readonly whole: true; readonly found: ReadBack }
  /** Something else than the commit, or nobody knows what. `told`: null where the target's own commands may have made it so. */
  | { readonly whole: false; readonly told: string | null; readonly drifted: readonly DriftedFile[] };

/**
 * Reads a staged release back once more: that an earlier attempt verified it doesn't tell what was done there since. Changes nothing.
 * Throws where the host can't be asked.
 */
export async function readStaged({ session }: HostRun, plan: DeployPlan): Promise<Staged> {
  let found: ReadBack;
  try {
    const script = readKeptScript(session.run, plan.release, plan.manifest.length);
    const { stdout } = await session.script('verify', script, [], { keep: KEPT_LIST });
    found = parseReadBack(stdout, session.run.nonce);
  } catch (error) {
    if (!(error instanceof DeployError)) throw error;
    if (error.code !== 'verification_failed' && error.code !== 'command_failed') throw error;
    const told = commandsMayHave(plan)
      ? null
      : 'What an earlier attempt had staged could not be read back, and was staged anew.';
    return { whole: false, told, drifted: [] };
  }
  return judgeStaged(found, plan);
}

/** Whether what was found is the commit and the links to what outlives releases, and nothing else. Pure. */
export function judgeStaged(
  found: ReadBack,
  plan: Pick<DeployPlan, 'manifest' | 'shared' | 'commands'>,
): Staged {
  const { manifest } = plan;
  // What a link took the place of can't be read back any more.
  if (manifest.some(({ path }) => isLinked(plan, path))) return { whole: false, told: null, drifted: [] };
  const compared = compareReadBack(found, manifest);
  const extra = compared.extra.filter(
    (path) => !isLinked(plan, path) && !(found.folders.has(path) && leadsToLinked(plan, path)),
  );
  if (compared.missing.length + compared.altered.length + extra.length === 0) return { whole: true, found };
  return { whole: false, ...drift(found, plan, { ...compared, extra }) };
}

/** What is no trace of the target's own commands, which may have been begun there. */
function drift(
  found: ReadBack,
  { manifest, commands }: Pick<DeployPlan, 'manifest' | 'commands'>,
  { missing, altered, extra }: Comparison,
): { readonly told: string | null; readonly drifted: readonly DriftedFile[] } {
  const wrong = [...missing, ...altered];
  if (!commandsMayHave({ commands })) {
    return {
      told: `Altered on the host since it was verified there, and staged anew: ${listed([...wrong, ...extra])}.`,
      drifted: driftedFiles(found, manifest, new Set(wrong)),
    };
  }
  const told =
    wrong.length === 0
      ? null
      : `Altered on the host since it was verified there, perhaps by a command of an earlier attempt, and staged anew: ${listed(wrong)}.`;
  return { told, drifted: [] };
}

const commandsMayHave = ({ commands }: Pick<DeployPlan, 'commands'>): boolean =>
  commands.build !== null || commands.beforeSwitch !== null;
