/**
 * What somebody asks for in a comment, `/countersign deploy production`, as it was written: nobody has judged yet whether they
 * may, nor whether there is such an environment.
 */
export type Command =
  | { readonly name: 'deploy'; readonly environment: string }
  | {
      readonly name: 'lock';
      readonly environment: string;
      /** What those are told who wait for it; at most `LONGEST_WHY` characters. */
      readonly why: string;
      /** The pull request that alone may go through; null: nothing may. */
      readonly only: number | null;
    }
  | {
      readonly name: 'rollback';
      readonly environment: string;
      /** A commit's id, or how it begins; null: what ran there before what runs now. */
      readonly target: string | null;
      readonly why: string | null;
    }
  | { readonly name: 'unlock'; readonly environment: string; readonly why: string | null }
  | {
      readonly name: 'emergency';
      readonly environment: string;
      readonly why: string;
      /** What it is called where incidents are kept; null: none was named. */
      readonly incident: string | null;
    }
  /** `emergency`: what an emergency or a bypass is called by, as `a1b2c3d4`. */
  | { readonly name: 'confirm'; readonly emergency: string }
  | {
      readonly name: 'review';
      readonly emergency: string;
      readonly verdict: ReviewVerdict;
      readonly why: string;
    }
  | { readonly name: 'help' }
  /** It is addressed to us and isn't one of ours: it does nothing, and is answered with how each is written. */
  | { readonly name: 'misread'; readonly problem: CommandProblem };

/** Whether it was right to go past the gates, as the review finds. Either closes it. */
export const REVIEW_VERDICTS = ['justified', 'unjustified'] as const;
export type ReviewVerdict = (typeof REVIEW_VERDICTS)[number];

/** What is wrong with how a command is written. */
export type CommandProblem =
  | { readonly kind: 'no_such_command'; readonly said: string; readonly meant: string | null }
  | { readonly kind: 'environment_missing'; readonly command: string }
  | { readonly kind: 'why_missing'; readonly command: string }
  | { readonly kind: 'emergency_missing'; readonly command: string; readonly said: string }
  | { readonly kind: 'verdict_missing'; readonly command: string; readonly said: string }
  | { readonly kind: 'too_much'; readonly command: string; readonly more: string }
  | { readonly kind: 'too_long' };

/** What a lock says to those who wait. */
export const LONGEST_WHY = 500;

/** How each command is written. */
export const COMMAND_FORMS = {
  deploy: 'deploy ENVIRONMENT',
  lock: 'lock ENVIRONMENT [only #NUMBER] REASON',
  unlock: 'unlock ENVIRONMENT [REASON]',
  rollback: 'rollback ENVIRONMENT [COMMIT] [REASON]',
  emergency: 'emergency ENVIRONMENT REASON [incident ID]',
  confirm: 'confirm EMERGENCY',
  review: 'review EMERGENCY VERDICT REASON',
  help: 'help',
} as const satisfies Readonly<Record<Exclude<Command['name'], 'misread'>, string>>;
