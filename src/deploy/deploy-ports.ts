import type { Host, LoginKey, Target } from '../domain/deploy.ts';
import type { Mirror } from './mirror.ts';
import type { DeployStep } from './plan.ts';

/**
 * Why an earlier attempt isn't gone on with on further hosts. `overtaken`: another deployment was begun there since, so nothing is
 * switched back either, whatever the target says of failures. `stale`: what it was approved by is too long ago to act on.
 */
export type Late = 'overtaken' | 'stale';

/** One deployment of one commit to all hosts of a target. Called again with the same `releaseId`, it goes on by what the hosts show. */
export interface DeployInput {
  readonly target: Target;
  /** The environment's own key. Never logged, masked in all output. */
  readonly privateKey: LoginKey;
  /** Keys of the hosts on the way that have their own, by the name that the target has for each. Treated as `privateKey`. */
  readonly jumpKeys?: Readonly<Record<string, LoginKey>>;
  /** The release's folder, and for whom the hosts' locks are: the same at every attempt. */
  readonly releaseId: string;
  readonly sha: string;
  /** Holds the commit already (`fetchCommit`), and the running one's where it still can be had. */
  readonly mirror: Pick<Mirror, 'directory' | 'readManifest'>;
  /** What runs there according to the ledger. */
  readonly running: { readonly release: string; readonly sha: string } | null;
  /** Earlier releases of this very commit, newest first: where a host still has one, nothing needs to be sent. */
  readonly kept?: readonly string[];
  /** An earlier attempt was made, and nobody knows how far it came. */
  readonly resumed: boolean;
  /** Where the release runs it is brought to its end, and nothing is switched to it any more. Only where `resumed`. */
  readonly late?: Late | null;
  /** Once all hosts are switched and well, all of them go back, and nothing of it stays (`rehearse-host.ts`). Needs `running`, and isn't resumed. */
  readonly rehearsal?: boolean;
}

export interface DeployProgress {
  readonly host: Host;
  readonly step: DeployStep;
  /** `unknown`: it was begun and nobody saw its end. */
  readonly state: 'started' | 'finished' | 'failed' | 'unknown';
  /** One sentence; empty where there is nothing to add. */
  readonly message: string;
}

export interface DeployOutputLine {
  readonly host: Host;
  readonly step: DeployStep;
  readonly text: string;
}

export interface DeployPorts {
  /** Aborted where this attempt has to stop: every connection is broken off, nothing is cleaned up, and its reason is thrown. */
  readonly signal: AbortSignal;
  /** RFC 3339, UTC. */
  readonly now: () => string;
  readonly random: (size: number) => Uint8Array;
  /**
   * Awaited before each step and after it. Where it throws, everything stops at once, nothing is cleaned up, and the error
   * is thrown on: what may not go on, or can't be told, isn't done.
   */
  readonly onProgress: (event: DeployProgress) => Promise<void>;
  /** A line that one of the operator's commands printed, masked, as it comes. A view for people: it may not fail, and nobody waits for it. */
  readonly onOutput?: (line: DeployOutputLine) => void;
  /**
   * Awaited before each step that leads on: null while the deployment is wanted; else who doesn't want it any more, in a sentence. From
   * then on nothing is begun, and what was switched goes back. Where it throws, everything stops as with `onProgress`.
   */
  readonly cancelled?: () => Promise<string | null>;
  readonly log: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
  };
}
