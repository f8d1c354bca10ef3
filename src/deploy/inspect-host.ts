import type { ConnectionEvidence, Host, LoginKey } from '../domain/deploy.ts';
import { DeployError } from './deploy-error.ts';
import { releaseOfLink } from './host-paths.ts';
import { breakLockScript, withdrawScript } from './lock-scripts.ts';
import { inspectScript } from './look-scripts.ts';
import { SCRIPT_READER } from './quote.ts';
import { type Report, parseReport } from './report.ts';
import { type JumpKeys, openConnection } from './ssh-connection.ts';

/** What a host shows of a target, read and nothing else. */
export interface HostInspection {
  /** The release that `current` points at; null where nothing runs, or something that is none of ours. */
  readonly release: string | null;
  /** `current`'s target, word for word; null where there is no such link. */
  readonly current: string | null;
  readonly lockOwner: string | null;
  /** By the host's own clock; null where it has no lock, or doesn't say. */
  readonly lockSeconds: number | null;
  readonly presentedFingerprint: string;
}

/** What opens the way to a host. */
export interface HostKeys {
  readonly privateKey: LoginKey;
  readonly jumpKeys?: JumpKeys;
}

export interface HostAsked extends HostKeys {
  readonly host: Host;
  readonly path: string;
  readonly timeout: number;
}

type Random = (size: number) => Uint8Array;

/** Looks which release runs on a host. */
export async function inspectHost(asked: HostAsked, random: Random): Promise<HostInspection> {
  const { report, evidence } = await askHost(asked, random, {
    script: (nonce) => inspectScript({ nonce, path: asked.path }),
    unsaid: `what runs in ${asked.path}.`,
  });
  const current = report.value('current') ?? null;
  return {
    release: current === null ? null : releaseOfLink(current, asked.path.replace(/\/+$/, '')),
    current,
    lockOwner: report.value('lock') ?? null,
    lockSeconds: ageOf(report.value('since')),
    presentedFingerprint: evidence.presentedFingerprint,
  };
}

/**
 * Gives back the lock that a release holds on a host where it doesn't run; throws where it does. An attempt that is still at
 * it somewhere has lost the lock then, so it can't switch any more.
 */
export async function withdrawFromHost(asked: HostAsked, release: string, random: Random): Promise<void> {
  await askHost(asked, random, {
    script: (nonce) => withdrawScript({ nonce, path: asked.path, release }),
    unsaid: `that ${release} gave its lock in ${asked.path} back.`,
  });
}

/** Takes the lock away from `holder`; false where it isn't the holder any more. A deployment that still goes on there changes nothing then. */
export async function breakHostLock(asked: HostAsked, holder: string, random: Random): Promise<boolean> {
  const { report } = await askHost(asked, random, {
    script: (nonce) => breakLockScript({ nonce, path: asked.path }, holder),
    unsaid: `whether the lock in ${asked.path} is broken.`,
  });
  return report.value('done') === 'broken';
}

/** From `SINCE NOW`, both in seconds. */
function ageOf(said: string | undefined): number | null {
  const [since, now] = (said ?? '').split(' ').map(Number);
  const age = (now ?? Number.NaN) - (since ?? Number.NaN);
  return Number.isSafeInteger(age) ? Math.max(0, age) : null;
}

export interface Question {
  /** For a nonce. */
  readonly script: (nonce: string) => string;
  /** How a sentence that begins with "HOST did not say" ends, where it gave no answer. */
  readonly unsaid: string;
}

/** Runs one script that looks, or acts by itself, on a connection of its own. Throws unless it said that it is done. */
export async function askHost(
  { host, privateKey, jumpKeys, timeout }: HostAsked,
  random: Random,
  { script, unsaid }: Question,
): Promise<{ readonly report: Report; readonly evidence: ConnectionEvidence }> {
  const connection = await openConnection(host, privateKey, random, jumpKeys);
  try {
    const nonce = Buffer.from(random(16)).toString('hex');
    const { end, stdout } = await connection.run({
      command: SCRIPT_READER,
      input: [Buffer.from(script(nonce))],
      seconds: Math.min(timeout, 60),
      keep: 64 * 1024,
    });
    const report = parseReport(stdout.whole(), nonce);
    if (end.kind !== 'exited' || end.code !== 0 || report.value('done') === undefined) {
      throw new DeployError('probe_failed', `${host.host}:${host.port} did not say ${unsaid}`);
    }
    return { report, evidence: connection.evidence };
  } finally {
    connection.close();
  }
}
