/**
 * One deployment, from the commit in the mirror to every host of the target. All hosts are staged and verified before the
 * first is switched; then batch after batch (`roll-out.ts`), and the first that isn't well takes those before it back with it. Each
 * step is told before it is done. A crash anywhere leaves: a `.part` folder that the next attempt clears, a verified
 * release that it finds, or a switched link that it sees; never a second switch.
 */
import type { DeployOutcome, ManifestEntry } from '../domain/deploy.ts';
import { DeployError } from './deploy-error.ts';
import type { DeployInput, DeployPorts, DeployProgress } from './deploy-ports.ts';
import { HostRun, changesOf, hostOutcome } from './host-run.ts';
import { HostSession } from './host-session.ts';
import { manifestDigest } from './manifest-digest.ts';
import { type Running, planDeployment } from './plan.ts';
import { rollOut } from './roll-out.ts';
import { sharedArchives } from './shared-archive.ts';
import { tarOf } from './tar.ts';

/**
 * Deploys, and says what became of each host. Throws a `DeployError` for what is refused before any host is spoken to (a
 * path, a submodule, the target itself) and where another attempt took over, and, after breaking everything off, whatever
 * `onProgress` threw or the signal was aborted for.
 */
export async function deploy(input: DeployInput, ports: DeployPorts): Promise<DeployOutcome> {
  const { target, mirror, releaseId } = input;
  const manifest = await mirror.readManifest(input.sha);
  const plan = planDeployment({
    target,
    release: releaseId,
    sha: input.sha,
    manifest: manifest.entries,
    digest: manifestDigest(manifest.entries),
    running: await runningManifest(input, ports),
    kept: input.kept ?? [],
    late: input.late ?? null,
  });
  const archiveOnce = (entries: readonly ManifestEntry[]) =>
    tarOf(mirror.directory, entries, manifest.committedAt);
  const archiveOf = target.hosts.length === 1 ? archiveOnce : sharedArchives(archiveOnce);

  const runs: HostRun[] = [];
  ports.signal.throwIfAborted();
  const watched = breakable(ports, runs);
  const nonce = Buffer.from(ports.random(16)).toString('hex');
  const attempt = Buffer.from(ports.random(8)).toString('hex');
  for (const host of target.hosts) {
    const run = { nonce, path: plan.path, release: releaseId, attempt };
    const session = new HostSession({
      host,
      run,
      privateKey: input.privateKey,
      jumpKeys: input.jumpKeys ?? {},
      seconds: target.timeout,
      ports: watched.ports,
    });
    runs.push(new HostRun(session, ports.now()));
  }
  ports.log.info(
    { release: releaseId, hosts: runs.length, files: manifest.entries.length, resumed: input.resumed },
    'deploying',
  );
  try {
    const { resumed } = input;
    const { signal } = ports;
    const cancelled = await rollOut({
      runs,
      plan,
      archiveOf,
      resumed,
      rehearsal: input.rehearsal === true,
      signal,
      cancelled: watched.ports.cancelled,
    });
    watched.assertWhole();
    const finishedAt = ports.now();
    const hosts = runs.map((run) => hostOutcome(run, plan, { finishedAt, resumed: input.resumed }));
    const { difference, manifest: files } = plan;
    return {
      outcome: overall(hosts, cancelled),
      hosts,
      difference,
      changes: changesOf(runs),
      manifest: files,
    };
  } catch (error) {
    watched.assertWhole();
    throw error;
  } finally {
    watched.ignoreSignal();
    for (const run of runs) run.session.close();
  }
}

function overall(hosts: DeployOutcome['hosts'], cancelled: boolean): DeployOutcome['outcome'] {
  if (hosts.some((host) => host.outcome === 'unknown')) return 'unknown';
  if (hosts.every((host) => host.outcome === 'success')) return 'success';
  // What failed while it was taken back is what people have to know first.
  return cancelled && !hosts.some((host) => host.outcome === 'failure') ? 'cancelled' : 'failure';
}

/** The running commit's manifest, from which the difference comes. It may be gone from GitHub: then everything is sent. */
async function runningManifest(input: DeployInput, ports: DeployPorts): Promise<Running | null> {
  if (input.running === null) return null;
  const { release, sha } = input.running;
  try {
    return { release, manifest: (await input.mirror.readManifest(sha)).entries };
  } catch (error) {
    if (!(error instanceof DeployError)) throw error;
    ports.log.warn(
      { release, sha, code: error.code },
      'the running release cannot be read from git; all files are sent',
    );
    return { release, manifest: null };
  }
}

/**
 * Once a step couldn't be recorded or the attempt has to stop, every host is left as it is: connections break, and nothing
 * is told any more.
 */
function breakable(ports: DeployPorts, runs: readonly HostRun[]) {
  let broken: { readonly error: unknown } | null = null;
  let cancelled: string | null = null;
  const breakOff = (error: unknown): void => {
    broken ??= { error };
    for (const run of runs) run.session.abandon();
  };
  const assertWhole = (): void => {
    if (broken !== null) throw broken.error;
  };
  const onAbort = (): void => breakOff(ports.signal.reason);
  ports.signal.addEventListener('abort', onAbort);
  return {
    assertWhole,
    ignoreSignal: () => ports.signal.removeEventListener('abort', onAbort),
    ports: {
      ...ports,
      onProgress: async (event: DeployProgress): Promise<void> => {
        assertWhole();
        await ports.onProgress(event).catch(breakOff);
        assertWhole();
      },
      cancelled: async (): Promise<string | null> => {
        assertWhole();
        try {
          // Once it was, it stays so.
          cancelled ??= (await ports.cancelled?.()) ?? null;
        } catch (error) {
          breakOff(error);
        }
        assertWhole();
        return cancelled;
      },
    },
  };
}
