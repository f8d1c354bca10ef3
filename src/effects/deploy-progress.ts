import type { Actor } from '../domain/actor.ts';
import type { DeployOutcome, Host, HostOutcome, ManifestDifference } from '../domain/deploy.ts';

/** The newest thing that is known of a host while it is deployed to. */
export interface HostStep {
  readonly host: Host;
  /** One of the engine's steps: `stage`, `switch` … */
  readonly step: string;
  readonly state: 'started' | 'finished' | 'failed' | 'unknown';
}

/** How far the deployment of an approved commit has come. */
export type DeployProgress =
  /** Decided, and nothing done yet. */
  | { readonly state: 'none' }
  | {
      readonly state: 'deploying';
      readonly hosts: readonly Host[];
      /** Where each host was last seen; a host that isn't here waits. */
      readonly steps?: readonly HostStep[];
    }
  /** `problem`: why it ended before any host was reached, or null. `difference`: null where it wasn't worked out. */
  | {
      readonly state: DeployOutcome['outcome'];
      readonly hosts: readonly HostOutcome[];
      readonly difference: ManifestDifference | null;
      readonly problem: string | null;
      /** Whether what failed commands printed may be read by everybody who sees the repository. */
      readonly showOutput: boolean;
      /** Who cancelled it; null where nobody did. */
      readonly cancelledBy: Actor | null;
    };
