import type { Actor } from './actor.ts';
import type { ReviewVerdict } from './command.ts';

/** What becomes of a command: done, with what exactly, or refused, with why. */
export type CommandAnswer =
  | { readonly schema: 'command-answer/v1'; readonly verdict: 'accepted'; readonly act: CommandAct }
  | {
      readonly schema: 'command-answer/v1';
      readonly verdict: 'refused';
      readonly code: CommandRefusal;
      /** Why, as the comment says it: Markdown, with what comes from outside made harmless. */
      readonly why: string;
    }
  | { readonly schema: 'command-answer/v1'; readonly verdict: 'help' };

export type CommandAct =
  | {
      readonly kind: 'deploy';
      readonly environment: string;
      readonly sha: string;
      /** The branch that the commit was merged to. */
      readonly ref: string;
    }
  | {
      readonly kind: 'lock';
      readonly environment: string;
      readonly why: string;
      readonly pullRequest: number | null;
    }
  | {
      readonly kind: 'rollback';
      readonly environment: string;
      /** Where to. */
      readonly sha: string;
      /** What runs there now. */
      readonly from: string;
      readonly why: string | null;
      /** What ran between the two and isn't gone back to: it ran because an emergency lifted this. Absent: nothing did. */
      readonly passedOver?: readonly { readonly sha: string; readonly lifted: readonly string[] }[];
    }
  | {
      readonly kind: 'declare';
      readonly environment: string;
      readonly sha: string;
      readonly ref: string;
      readonly why: string;
      readonly incident: string | null;
      /** RFC 3339 in UTC. */
      readonly expiresAt: string;
      /** Who may confirm it, as people read it: Markdown. */
      readonly confirm: string;
    }
  | {
      readonly kind: 'confirm';
      readonly environment: string;
      readonly sha: string;
      readonly ref: string;
      /** Its `emergency.declared` (UUID). */
      readonly emergency: string;
      /** Whoever declared it, in whose name its deployment is asked for. */
      readonly declaredBy: Actor;
      readonly expiresAt: string;
    }
  | {
      readonly kind: 'review';
      readonly environment: string;
      /** The `emergency.declared` or `emergency.bypassed` (UUID). */
      readonly emergency: string;
      readonly sha: string;
      readonly verdict: ReviewVerdict;
      readonly why: string;
    }
  | { readonly kind: 'unlock'; readonly environment: string; readonly why: string | null };

/** Stable words: prose may change, these may not. */
export const COMMAND_REFUSALS = [
  'misread',
  'no_policy',
  'policy_unreviewed',
  'no_such_environment',
  'pull_request_unknown',
  'not_merged',
  'wrong_branch',
  'nobody_may',
  'not_allowed',
  'role_unknown',
  'lock_unknown',
  'not_locked',
  'locked',
  'history_unknown',
  'nothing_before',
  'never_ran',
  'ambiguous',
  'runs_there',
  'clock_unknown',
  'emergency_unknown',
  'no_such_emergency',
  'already_declared',
  'elsewhere',
  'already_confirmed',
  'emergency_over',
  'not_second',
  'authors_unknown',
  'not_used',
  'already_reviewed',
  'took_part',
] as const;

export type CommandRefusal = (typeof COMMAND_REFUSALS)[number];
