/**
 * What a deployment does, decided before and between talking to hosts. Pure: the target, the commit's manifest and what a
 * host said of itself go in; what to send, what to expect and what to refuse come out.
 */
import type {
  Commands,
  HealthUrl,
  ManifestDifference,
  ManifestEntry,
  Rollout,
  Target,
} from '../domain/deploy.ts';
import { DeployError } from './deploy-error.ts';
import type { Late } from './deploy-ports.ts';
import { difference, unchanged } from './difference.ts';
import type { HostFacts } from './host-facts.ts';
import { ONE_BY_ONE } from './plan-rollout.ts';
import { isReleaseName, releaseOfLink, releasePath } from './host-paths.ts';
import { foldersAbove, listed, pathProblem, printable, refusedPath } from './refuse-paths.ts';

/** The steps on each host, in order. `switch_back` only where a step after the switch failed, here or on another host. */
export const DEPLOY_STEPS = [
  'connect',
  'probe',
  'lock',
  'stage',
  'verify',
  'build',
  'before_switch',
  'switch',
  'after_switch',
  'health',
  'health_url',
  'switch_back',
  'prune',
  'unlock',
] as const;

export type DeployStep = (typeof DEPLOY_STEPS)[number];

/** What runs according to the ledger. `manifest` is null where its commit can't be read any more. */
export interface Running {
  readonly release: string;
  readonly manifest: readonly ManifestEntry[] | null;
}

export interface DeployPlan {
  readonly release: string;
  readonly sha: string;
  readonly environment: string;
  readonly path: string;
  /** The steps each host goes through when all goes well. */
  readonly steps: readonly DeployStep[];
  readonly commands: Commands;
  readonly shared: readonly SharedPath[];
  readonly keep: number;
  readonly timeout: number;
  readonly healthUrl: HealthUrl | null;
  readonly rollout: Rollout;
  readonly late: Late | null;
  readonly manifest: readonly ManifestEntry[];
  readonly digest: string;
  readonly difference: ManifestDifference;
  readonly running: Running | null;
  /** Earlier releases of the same commit, newest first. */
  readonly kept: readonly string[];
  /** Bytes of the whole release. */
  readonly bytes: number;
}

/** `folder`: written with a slash at its end, so it is made where it isn't there yet. */
export interface SharedPath {
  readonly name: string;
  readonly folder: boolean;
}

export interface HostPlan {
  /** The release is there, and was verified by an earlier attempt of this deployment. */
  readonly staged: boolean;
  /** `current` points at it already. */
  readonly switched: boolean;
  /** It went through to its end here, health included. */
  readonly finished: boolean;
  /** An earlier attempt took the lock, and still has it. */
  readonly locked: boolean;
  /** Why an earlier attempt began to switch it back; null where none did. */
  readonly withdrawn: string | null;
  /** The release whose files, as far as they are the commit's, are copied on the host; null: everything is sent. */
  readonly base: { readonly release: string; readonly copy: string } | null;
  readonly reuse: readonly ManifestEntry[];
  readonly send: readonly ManifestEntry[];
  /** What `current` must point at when it is switched; null: it must not be there. */
  readonly expected: string | null;
  /** What it is switched back to; null: it is removed. */
  readonly previous: string | null;
  readonly previousRelease: string | null;
  /** Says so where the host runs something else than the ledger has, or says of what ran before what can't be. */
  readonly drift: string | null;
}

/** Plans a deployment to a target, or refuses it. */
export function planDeployment(input: {
  readonly target: Target;
  readonly release: string;
  readonly sha: string;
  readonly manifest: readonly ManifestEntry[];
  readonly digest: string;
  readonly running: Running | null;
  /** Earlier releases of the same commit, newest first. */
  readonly kept?: readonly string[];
  readonly late?: Late | null;
}): DeployPlan {
  const { target, release, sha, manifest, digest, running, late = null } = input;
  const rollout = target.rollout ?? ONE_BY_ONE;
  const problem =
    targetProblem(target) ??
    (isReleaseName(release) ? null : `"${printable(release)}" is no name for a release`);
  if (problem !== null) {
    throw new DeployError(
      'target_refused',
      `The target of ${target.repository}, environment ${target.environment}: ${problem}.`,
    );
  }
  refuseShared(target.shared.map(withoutSlash), manifest);
  const { commands } = target;
  const hooks = {
    build: commands.build,
    before_switch: commands.beforeSwitch,
    after_switch: commands.afterSwitch,
    health: commands.health,
    health_url: target.healthUrl ?? null,
  };
  return {
    release,
    sha,
    environment: target.environment,
    path: withoutSlash(target.path),
    steps: DEPLOY_STEPS.filter(
      (step) => step !== 'switch_back' && hooks[step as keyof typeof hooks] !== null,
    ),
    commands,
    shared: target.shared.map((name) => ({ name: withoutSlash(name), folder: name.endsWith('/') })),
    keep: target.keep,
    timeout: target.timeout,
    healthUrl: target.healthUrl ?? null,
    rollout: late === 'overtaken' ? { ...rollout, onFailure: 'stop' } : rollout,
    late,
    manifest,
    digest,
    difference: difference(running?.manifest ?? null, manifest),
    running,
    kept: input.kept ?? [],
    bytes: manifest.reduce((sum, entry) => sum + entry.size, 0),
  };
}

/** Decides what has to be done on one host from what the probe found there, or refuses to touch it. */
export function planHost(plan: DeployPlan, facts: HostFacts, host: string): HostPlan {
  refuseHost(plan, facts, host);
  const found = facts.current === null ? null : releaseOfLink(facts.current, plan.path);
  const switched = found === plan.release;
  if (switched && facts.verified !== plan.digest) {
    throw new DeployError(
      'verification_failed',
      `${host} already runs ${plan.release}, but has no note that it was verified as this commit. Point "current" at the release before, then deploy again.`,
    );
  }
  const staged = facts.releases.has(plan.release) && facts.verified === plan.digest;
  const locked = facts.lockOwner?.split('/')[0] === plan.release;
  // What has its place there already needs no more: an earlier attempt may have filled the disk itself.
  if (!staged) refuseToStage(plan, facts, { host, locked });
  const { running } = plan;
  // Also where it is staged: it may not be the commit any more, and is made anew then.
  const base = switched ? null : baseOf(plan, facts);
  const reuse = base === null ? [] : reusable(plan, base);
  const reused = new Set(reuse.map((entry) => entry.path));
  const drifted = !switched && running !== null && found !== null && found !== running.release;
  // Back to what the ledger has, where it is there; only else to whatever was found.
  const ledgers =
    running !== null && facts.releases.has(running.release) ? releasePath(running.release) : null;
  const noted = switched ? notedBefore(plan, facts.previous) : { before: facts.current, problem: null };
  const previous = drifted ? (ledgers ?? noted.before) : noted.before;
  return {
    staged,
    switched,
    locked,
    withdrawn: facts.withdrawn,
    finished: switched && facts.activated.includes(plan.release),
    base:
      reuse.length === 0 || base === null || facts.copy === null
        ? null
        : { release: base.release, copy: facts.copy },
    reuse,
    send: switched ? [] : plan.manifest.filter((entry) => !reused.has(entry.path)),
    expected: facts.current,
    previous,
    previousRelease: previous === null ? null : releaseOfLink(previous, plan.path),
    drift: drifted
      ? `${host} ran ${found}, while the ledger has ${running.release}`
      : noted.problem === null
        ? null
        : `${host} ${noted.problem}`,
  };
}

/**
 * What a host that was switched already says ran there before. A note that is lost, or that nobody of ours can have written (it must name a
 * release of the target's, and another than this one), counts for nothing: then it is what the ledger has, which the way back finds there or
 * leaves all as it is.
 */
function notedBefore(
  { running, release, path }: DeployPlan,
  note: string | null | undefined,
): { readonly before: string | null; readonly problem: string | null } {
  if (note === null) return { before: null, problem: null };
  const named = note === undefined ? null : releaseOfLink(note, path);
  if (note !== undefined && named !== null && named !== release) return { before: note, problem: null };
  const before = running === null ? null : releasePath(running.release);
  if (note === undefined) return { before, problem: null };
  return {
    before,
    problem: `has a note that "${printable(note.slice(0, 120))}" ran before, which can't be; ${running === null ? 'nothing did' : `it was ${running.release}`} by the ledger`,
  };
}

/** Which releases go: those of ours that are neither running, nor the one before, nor among the last `keep` activated. */
export function planPrune(
  plan: DeployPlan,
  facts: HostFacts,
  previousRelease: string | null,
): readonly string[] {
  const activated = [...facts.activated.filter((release) => release !== plan.release), plan.release];
  const kept = new Set([
    ...activated.slice(-plan.keep),
    plan.release,
    previousRelease,
    plan.running?.release,
  ]);
  return [...facts.ours].filter((release) => facts.releases.has(release) && !kept.has(release)).sort();
}

function refuseHost(plan: DeployPlan, facts: HostFacts, host: string): void {
  if (facts.missing.length > 0) {
    throw new DeployError(
      'probe_failed',
      `${host} lacks ${listed(facts.missing, 20)}, which a deployment needs: install it there.`,
    );
  }
  if (facts.unwritable !== null) {
    throw new DeployError(
      'probe_failed',
      `The user cannot write to ${printable(facts.unwritable)} on ${host}: give it that folder.`,
    );
  }
  if (facts.blocked) {
    throw new DeployError(
      'probe_failed',
      `${plan.path}/current on ${host} is a file or folder of its own, where a symbolic link must be: move it away, for example into releases/.`,
    );
  }
  if (facts.current !== null && releaseOfLink(facts.current, plan.path) === null) {
    throw new DeployError(
      'probe_failed',
      `${plan.path}/current on ${host} points at "${printable(facts.current)}", which is no release below ${plan.path}/releases: point it at one, or remove it.`,
    );
  }
}

/** `locked`: an earlier attempt at this release left what it staged half, which is cleared before anything is sent. */
function refuseToStage(
  plan: DeployPlan,
  facts: HostFacts,
  { host, locked }: { readonly host: string; readonly locked: boolean },
): void {
  const absent = plan.shared.filter(({ name, folder }) => !folder && !facts.shared.has(name));
  if (absent.length > 0) {
    const names = absent.map(({ name }) => `${plan.path}/shared/${name}`);
    throw new DeployError(
      'shared_missing',
      `${listed(names)} is not there on ${host}: create it. (A folder can be made for you: write it with a slash at its end in the operator's file.)`,
    );
  }
  const times = locked ? 1 : 2;
  const needed = times * plan.bytes;
  if (facts.freeBytes !== null && facts.freeBytes < needed) {
    throw new DeployError(
      'disk_full',
      `${host} has ${mebibytes(facts.freeBytes)} free below ${plan.path}; ${locked ? 'what the release takes' : 'twice the release'}, ${mebibytes(needed)}, must be.`,
    );
  }
  if (facts.freeInodes !== null && facts.freeInodes < times * plan.manifest.length) {
    throw new DeployError(
      'disk_full',
      `${host} has room for ${facts.freeInodes} more files below ${plan.path}; ${times * plan.manifest.length} are needed.`,
    );
  }
}

/**
 * What is copied from: a kept release of the same commit, or else the one that runs. Whether it still is what it was isn't asked
 * here; every file that is copied is read back.
 */
function baseOf(plan: DeployPlan, facts: HostFacts): Running | null {
  if (facts.copy === null) return null;
  const kept = plan.kept.find((release) => release !== plan.release && facts.releases.has(release));
  if (kept !== undefined) return { release: kept, manifest: plan.manifest };
  const { running } = plan;
  if (running === null || running.release === plan.release || !facts.releases.has(running.release))
    return null;
  return running;
}

/** What can be copied from a release: nothing that is linked from `shared` there, as that isn't the commit's. */
function reusable(plan: DeployPlan, base: Running): readonly ManifestEntry[] {
  if (base.manifest === null) return [];
  const isShared = (path: string): boolean =>
    plan.shared.some(({ name }) => path === name || path.startsWith(`${name}/`));
  return unchanged(base.manifest, plan.manifest).filter((entry) => !isShared(entry.path));
}

/**
 * Refuses a commit that has a file or a link where a folder above a shared path must be: the link into `shared/` would be made through it,
 * at the cost of what is there, which may be what outlives releases.
 */
function refuseShared(shared: readonly string[], manifest: readonly ManifestEntry[]): void {
  const folders = new Map(shared.flatMap((name) => foldersAbove(name).map((folder) => [folder, name])));
  const found = manifest.find(({ path }) => folders.has(path));
  if (found === undefined) return;
  const name = printable(folders.get(found.path) ?? '');
  throw refusedPath(found.path, `the target shares "${name}", so this must be a folder`);
}

function targetProblem(target: Target): string | null {
  const path = withoutSlash(target.path);
  if (!path.startsWith('/') || pathProblem(path.slice(1)) !== null)
    return `path "${printable(target.path)}" must be absolute and plain`;
  const shared = target.shared.map(withoutSlash);
  for (const name of shared) {
    const problem = pathProblem(name);
    if (problem !== null) return `shared "${printable(name)}" cannot be: ${problem}`;
  }
  const nested = shared.find((name) => shared.some((other) => name.startsWith(`${other}/`)));
  if (nested !== undefined) return `shared "${printable(nested)}" lies inside another shared path`;
  if (new Set(shared).size !== shared.length) return 'a shared path is named twice';
  if (target.hosts.length === 0) return 'it has no hosts';
  if (!Number.isInteger(target.keep) || target.keep < 1) return 'keep must be 1 or more';
  if (!(target.timeout > 0)) return 'timeout must be more than 0 seconds';
  const commands = Object.values(target.commands) as readonly (string | null)[];
  if (commands.some((command) => command?.includes('\0') === true)) return 'a command holds a NUL byte';
  return null;
}

function withoutSlash(path: string): string {
  return path.replace(/\/+$/, '');
}

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MiB`;
}
