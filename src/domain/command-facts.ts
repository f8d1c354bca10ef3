import type { Actor } from './actor.ts';
import type { ChangeFacts } from './change-facts.ts';
import type { Command } from './command.ts';
import type { CommandedEmergency, EmergencyFacts } from './emergency-facts.ts';
import type { Known } from './known.ts';
import type { PolicyTrust } from './policy-trust.ts';
import type { RepositoryRef } from './repository.ts';
import type { RoleFacts } from './role-facts.ts';
import type { LockFacts } from './timing-facts.ts';

/** All that is judged about one command, read once, frozen, and stored with the answer to it. */
export interface CommandFacts {
  readonly schema: 'command-facts/v1';
  readonly gatheredAt: string;
  readonly repository: RepositoryRef;
  /** The comment's own pull request. */
  readonly number: number;
  readonly commenter: Actor;
  readonly command: Command;
  readonly policy: PolicyTrust;
  /** Read only where the command is about that pull request. */
  readonly pullRequest: Known<CommandedPull> | null;
  /** Read only where the command is about a lock. Null as a value: the environment isn't locked. */
  readonly lock: Known<LockFacts | null> | null;
  /** Read only of a rollback: what ran in the environment, by our records as the ledger bears them out. */
  readonly ran: Known<RanThere> | null;
  /** Read only where an emergency is declared: those that were declared for the environment, newest first. */
  readonly declared?: Known<readonly DeclaredEmergency[]>;
  /** Read only where it is confirmed or reviewed. Null as a value: the repository has none of that name. */
  readonly emergency?: Known<CommandedEmergency | null>;
  /** Read only where it is confirmed: the pull request that it was declared on, for who made it. */
  readonly change?: ChangeFacts;
  readonly roles: RoleFacts;
  /** As in the facts of a deployment: milliseconds that GitHub's clock was ahead of ours. Absent in facts that are older. */
  readonly githubAhead?: Known<number>;
}

/** One that was declared, and the commit that it is for. */
export interface DeclaredEmergency extends EmergencyFacts {
  readonly commit: string;
}

export interface RanThere {
  /** The commit that runs there now; null: nothing of ours does. */
  readonly running: string | null;
  /**
   * The commit of a newer deployment that didn't succeed and may have been left there: on hosts, by a workflow, or past our rule. Null or
   * absent: none was.
   */
  readonly left?: string | null;
  /** What was approved and deployed there with success, newest first; at most a hundred. */
  readonly runs: readonly { readonly sha: string; readonly startedAt: string }[];
  /** What was deployed there with success and only because an emergency lifted something: no way back. Newest first; absent: none was. */
  readonly inEmergency?: readonly RanInEmergency[];
}

export interface RanInEmergency {
  readonly sha: string;
  /** What was lifted, by the policy's keys; see `liftedOfCommit`. */
  readonly lifted: readonly string[];
  /** How many of the runs that were approved are newer. */
  readonly newer: number;
}

export interface CommandedPull {
  readonly state: 'open' | 'closed' | 'merged';
  readonly baseRef: string;
  /** The commit that its merge left on the base branch (the last one of a rebase); null unless it was merged. */
  readonly mergeCommit: string | null;
}
