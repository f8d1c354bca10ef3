import type { GateOutcome, Verdict } from '../domain/decision.ts';

/**
 * A decision in people's words. The policy room explains, this room only shows: what a gate's reasons mean, what is
 * missing and which approvals counted is never worked out a second time while rendering.
 */
export interface ExplainedDecision {
  /** In the order in which they should be read. */
  readonly gates: readonly ExplainedGate[];
  /** What stands between this and an approval, and who can give it; the most telling one first. */
  readonly missing: readonly MissingItem[];
  /** Who approved what, and whether it counted. */
  readonly approvals: readonly ExplainedApproval[];
  /** The same for each pull request in a deployment's range, by its number. */
  readonly changeApprovals: Readonly<Record<number, readonly ExplainedApproval[]>>;
  readonly policy: PolicyNote;
  /** When time alone changes a held one, as people read it: `Mon 4 Jan 2027 00:00 Europe/London`. Plain text. */
  readonly lookAgain?: string;
  /** The emergency that an approval rests on, as its gate says it: inline Markdown, and as a clause of plain text. */
  readonly emergency?: { readonly sentence: string; readonly short: string };
  /** The environments that come after a deployment's own, in the order of their buttons. */
  readonly promotesTo?: readonly string[];
}

export interface ExplainedGate {
  /** The gate's own name, as in the decision (`approvals`, `range`, …). */
  readonly gate: string;
  readonly outcome: GateOutcome;
  /** One plain sentence a reason: inline Markdown in which whatever came from outside is escaped already. */
  readonly sentences: readonly string[];
  /** The organisation's baseline asks for it, and the repository's own policy doesn't in these words. */
  readonly byOrganisation?: boolean;
}

/** Both are plain text, not Markdown: they stand in titles and in deployment statuses too. */
export interface MissingItem {
  /** A clause that can follow "Held: ", as `1 approval is missing` or `ci/test is still running`. */
  readonly what: string;
  /** The same in fewer words, for where there is no room. */
  readonly short?: string;
  /** Who can mend it, as people know them: `@acme/maintainers`, `carol`. Empty: nobody in particular. */
  readonly who: readonly string[];
}

export interface ExplainedApproval {
  /** Null: the account is deleted. */
  readonly login: string | null;
  /** The commit that it was given on; null where that commit is gone. */
  readonly commit: string | null;
  readonly at: string | null;
  readonly counted: boolean;
  /** Inline Markdown, as a gate's sentences: why it counted or didn't, as `disqualified because commit 1a2b3c4 is theirs`. */
  readonly why: string;
}

/** What the policy that a change brings would have decided otherwise. */
export interface ProposedPolicy {
  /** How many days back were looked at. */
  readonly days: number;
  /** Why nothing could be approved by it, plain text; then the rest is empty. */
  readonly problems: readonly string[];
  /** The last one of each change and deployment in that time. */
  readonly decisions: number;
  /** Newest first. */
  readonly otherwise: readonly {
    readonly at: string;
    readonly pullRequest: number | null;
    readonly environment: string | null;
    readonly commit: string | null;
    readonly was: Verdict;
    readonly wouldBe: Verdict;
    /** The gates that would stand in the way, and didn't so then. */
    readonly gates: readonly string[];
  }[];
  /** Of so many it can't be said. */
  readonly unknown: number;
}

/** Where the policy that judged came from. */
export interface PolicyNote {
  readonly path: string;
  /** The trusted branch, and its commit; null where it could not be read. */
  readonly ref: string;
  readonly commit: string | null;
  /** Commits that changed the file since without review, so that this older version judges; null where it is the newest. */
  readonly changedSince: readonly string[] | null;
  /** Why what stands there now can't be used, so that this older version judges; plain text, null where it can. */
  readonly unusableNow: string | null;
  /** The organisation's baseline beside it, as `acme/.github: countersign.yml`, and its commit; null where there is none. */
  readonly baseline?: { readonly path: string; readonly commit: string | null } | null;
  /** What is wrong with the policy's file, each with line and key; plain text. Empty where it could be used. */
  readonly problems: readonly string[];
}
