import type { Host } from '../domain/deploy.ts';
import { DeployError } from './deploy-error.ts';
import { releaseOfLink } from './host-paths.ts';
import { SCRIPT_READER } from './quote.ts';
import { parseReport } from './report.ts';
import { inspectScript } from './scripts.ts';
import { openConnection } from './ssh-connection.ts';

/** What a host shows of a target, read and nothing else. */
export interface HostInspection {
  /** The release that `current` points at; null where nothing runs, or something that is none of ours. */
  readonly release: string | null;
  /** `current`'s target, word for word; null where there is no such link. */
  readonly current: string | null;
  readonly lockOwner: string | null;
  readonly presentedFingerprint: string;
}

/** Looks which release runs on a host. */
export async function inspectHost(
  target: {
    readonly host: Host;
    readonly path: string;
    readonly privateKey: string;
    readonly timeout: number;
  },
  random: (size: number) => Uint8Array,
): Promise<HostInspection> {
  const connection = await openConnection(target.host, target.privateKey, random);
  try {
    const nonce = Buffer.from(random(16)).toString('hex');
    const { end, stdout } = await connection.run({
      command: SCRIPT_READER,
      input: [Buffer.from(inspectScript({ nonce, path: target.path }))],
      seconds: target.timeout,
      keep: 64 * 1024,
    });
    const report = parseReport(stdout.whole(), nonce);
    if (end.kind !== 'exited' || end.code !== 0 || report.value('done') === undefined) {
      throw new DeployError(
        'probe_failed',
        `${target.host.host}:${target.host.port} did not say what runs there.`,
      );
    }
    const current = report.value('current') ?? null;
    return {
      release: current === null ? null : releaseOfLink(current, target.path.replace(/\/+$/, '')),
      current,
      lockOwner: report.value('lock') ?? null,
      presentedFingerprint: connection.presentedFingerprint,
    };
  } finally {
    connection.close();
  }
}
