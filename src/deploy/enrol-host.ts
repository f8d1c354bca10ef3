/** A look at a host before anything is deployed to it: which key it presents, and whether it has what a deployment needs. */
import type { ConnectionEvidence } from '../domain/deploy.ts';
import { type HostFacts, hostFacts } from './host-facts.ts';
import { askHost, type HostAsked } from './inspect-host.ts';
import { probeScript } from './look-scripts.ts';
import { listed, printable } from './refuse-paths.ts';
import { openConnection } from './ssh-connection.ts';
import { HostKeyMismatch } from './ssh-hop.ts';

type Random = (size: number) => Uint8Array;

/** A pin that no key has: so a connection that only looks can't be let through by any. */
const NO_KEY = 'none';

/**
 * The key that a host presents, to be compared with the host's own word. The handshake is broken off there: nothing is sent to whoever
 * it is. Throws where the host can't be reached.
 */
export async function presentedKey(
  { host, privateKey, jumpKeys }: HostAsked,
  random: Random,
): Promise<HostKeyMismatch['presented']> {
  try {
    const connection = await openConnection({ ...host, fingerprint: NO_KEY }, privateKey, random, jumpKeys);
    connection.destroy();
  } catch (error) {
    // The jump on the way has its own pin, and must have been the right one.
    if (error instanceof HostKeyMismatch && error.about === `${host.host}:${host.port}`)
      return error.presented;
    throw error;
  }
  throw new Error('a key was let through that nobody pinned');
}

export interface HostReadiness {
  readonly evidence: ConnectionEvidence;
  /** Each in one sentence; empty: a deployment can go there. */
  readonly problems: readonly string[];
  readonly freeBytes: number | null;
}

/** Logs in with the environment's key, under the pin, and looks; changes nothing. Throws where that fails. */
export async function readyHost(asked: HostAsked, random: Random): Promise<HostReadiness> {
  const { report, evidence } = await askHost(asked, random, {
    script: (nonce) => probeScript({ nonce, path: asked.path, release: 'none', attempt: 'none' }, []),
    unsaid: `whether it has what a deployment needs: does the account of ${asked.host.user} allow a plain shell (no ForceCommand, no rbash)?`,
  });
  const facts = hostFacts(report);
  return { evidence, problems: problemsOf(facts, asked), freeBytes: facts.freeBytes };
}

function problemsOf(facts: HostFacts, { path }: HostAsked): readonly string[] {
  const { missing, unwritable, blocked, lockOwner } = facts;
  return [
    ...(missing.length === 0
      ? []
      : [`It lacks ${listed(missing, 20)}, which a deployment needs: install it there.`]),
    ...(unwritable === null
      ? []
      : [`The user cannot write to ${printable(unwritable)}: give it that folder.`]),
    ...(blocked
      ? [`${path}/current is a file or folder of its own, where a symbolic link must be: move it away.`]
      : []),
    ...(lockOwner === null ? [] : [`It is locked by ${printable(lockOwner)}: see countersign host unlock.`]),
  ];
}
