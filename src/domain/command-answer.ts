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
] as const;

export type CommandRefusal = (typeof COMMAND_REFUSALS)[number];
