import type { DeployOutcome, Host, HostOutcome, ManifestDifference } from '../domain/deploy.ts';

/** How far the deployment of an approved commit has come. */
export type DeployProgress =
  /** Decided, and nothing done yet. */
  | { readonly state: 'none' }
  | { readonly state: 'deploying'; readonly hosts: readonly Host[] }
  /** `problem`: why it ended before any host was reached, or null. `difference`: null where it wasn't worked out. */
  | {
      readonly state: DeployOutcome['outcome'];
      readonly hosts: readonly HostOutcome[];
      readonly difference: ManifestDifference | null;
      readonly problem: string | null;
      /** Whether what failed commands printed may be read by everybody who sees the repository. */
      readonly showOutput: boolean;
    };
