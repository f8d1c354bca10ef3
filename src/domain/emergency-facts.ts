import type { Actor } from './actor.ts';
import type { Known } from './known.ts';

/**
 * An emergency that somebody declared for one commit in one environment, as the ledger has it. It lifts nothing by being
 * there: whether it does is judged.
 */
export interface EmergencyFacts {
  /** Its `emergency.declared` (UUID). */
  readonly entry: string;
  /** Null: their name was erased since. */
  readonly declaredBy: Actor | null;
  readonly declaredAt: string;
  /** When it ends by the policy it was declared under; RFC 3339 in UTC. */
  readonly expiresAt: string;
  readonly why: string;
  readonly incident: string | null;
  readonly pullRequest: number | null;
  readonly confirmed: { readonly by: Actor | null; readonly at: string } | null;
  /** The deployment (our UUID) that used it up. */
  readonly usedBy: string | null;
  /** The ledger says that it ended unused. */
  readonly expired: boolean;
  /** What was declared was erased since: then it ended, and its texts are empty. */
  readonly erased?: true;
}

/** Something went past the gates, and nobody has reviewed it yet. */
export interface OpenReview {
  /** The `emergency.declared` or `emergency.bypassed` (UUID) that it is called by. */
  readonly entry: string;
  readonly kind: 'emergency' | 'bypass';
  readonly commit: string;
  /** Where it was deployed to. Absent in facts from when only those of the deployment's own environment were looked up. */
  readonly environment?: string;
  /** When the emergency was used, or the job was seen running. */
  readonly at: string;
  /** From this moment on it is overdue. RFC 3339 in UTC. */
  readonly dueAt: string;
}

/** What a command is about that names an emergency or a bypass, as the ledger has it. */
export interface CommandedEmergency {
  readonly kind: OpenReview['kind'];
  readonly entry: string;
  readonly environment: string;
  readonly commit: string;
  readonly pullRequest: number | null;
  /** The branch that the commit was merged to; null of a bypass. */
  readonly ref: string | null;
  /** Null of a bypass. */
  readonly emergency: EmergencyFacts | null;
  /** Its use, or the bypass: what awaits a review. `by`: whoever asked for the deployment, and whoever reported it. Null: it was never used. */
  readonly opened: { readonly at: string; readonly by: readonly Actor[] } | null;
  readonly reviewed: boolean;
  /** Ids of whoever made a part of what was deployed, by the facts that it was judged by. Nobody, before its use. */
  readonly madeBy: Known<readonly number[]>;
}

/** What people call it by: the last eight digits of its entry's id, which are random. */
export const emergencyId = (entry: string): string => entry.slice(-8);
