import type { Actor } from './actor.ts';
import type { Known } from './known.ts';

/** What ran in an environment that has to come before, as our own records have it and the ledger bears it out. */
export interface EnvironmentRuns {
  readonly environment: string;
  /** The newest deployment of the judged commit there and what was started there since; empty: it never was. */
  readonly runs: Known<readonly EnvironmentRun[]>;
}

export interface EnvironmentRun {
  /** Larger is later: the order in which they started. */
  readonly order: number;
  readonly sha: string;
  readonly state: 'running' | 'success' | 'failure' | 'unknown';
  readonly startedAt: string;
  /** Null while it runs. */
  readonly endedAt: string | null;
  /** Its commit had run there before the judged commit did: going back to it is a rollback. */
  readonly ranBefore: boolean;
}

/** Somebody locked an environment: nothing is deployed there but, perhaps, the one change that the lock is for. */
export interface LockFacts {
  /** Null: their name was erased since, or the operator locked it from the server. */
  readonly by: Actor | null;
  readonly why: string;
  readonly since: string;
  /** What alone may go through; both null: nothing may. */
  readonly pullRequest: number | null;
  readonly commit: string | null;
}

/** What the organisation asks of accounts. Null: the policy doesn't ask, so it wasn't read. */
export interface OrganizationFacts {
  readonly twoFactorRequired: Known<boolean> | null;
  /** Ids of those among the people these facts name who have a SAML identity in the organisation. */
  readonly samlIdentities: Known<readonly number[]> | null;
}
