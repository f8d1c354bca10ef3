import type { EnforcedSetting } from '../domain/protection-settings.ts';
import type { Reason, ReasonCode } from '../domain/reason.ts';

/** Of somebody who has a login that the policy names, and isn't whom it means. */
interface Named {
  /** They may not write to the repository. */
  readonly lacks?: 'write';
  /** The id of the account that the policy names, which is another one. */
  readonly account?: number;
}

/**
 * What each reason is about, by its code. Every `commit`, `head` and `target` is a full id; explaining shortens them.
 * `pullRequest` stands where a reason about a change was found while judging a deployment; `asked` names who could, as
 * people read it: `team maintainers`, `carol`, `write permission`.
 */
export interface AboutByCode {
  readonly policy_absent: { readonly branch?: string };
  readonly policy_invalid: { readonly problems: readonly string[] };
  readonly policy_unreadable: { readonly why: string };
  readonly policy_unreviewed: {
    /** Empty: the history doesn't lead from the last reviewed version. */
    readonly commits: readonly string[];
    readonly since: string;
  };
  readonly branch_not_guarded: { readonly branch: string; readonly pullRequest?: number };
  readonly environment_not_in_policy: { readonly environment: string; readonly known: readonly string[] };

  readonly facts_complete: Nothing;
  readonly facts_incomplete: { readonly list: string; readonly pullRequest?: number };
  readonly facts_unreadable: { readonly why: string };
  readonly role_unknown: {
    readonly login: string;
    readonly role: string;
    readonly why: string;
    readonly pullRequest?: number;
  };

  readonly pull_request_open: { readonly pullRequest: number };
  readonly pull_request_merged: { readonly pullRequest: number };
  readonly pull_request_closed: { readonly pullRequest: number };
  readonly pull_request_draft: { readonly pullRequest: number };
  readonly author_unknown: { readonly pullRequest: number };
  readonly identity_unmapped: {
    readonly commit: string;
    readonly as: Part;
    readonly domain: string;
    readonly pullRequest?: number;
  };
  readonly pusher_unknown: { readonly why: string; readonly pullRequest?: number };
  readonly pusher_is_bot: { readonly login: string; readonly pullRequest?: number };
  readonly bot_not_listed: { readonly login: string; readonly pullRequest?: number };
  readonly bot_outside_paths: SomeFiles & { readonly login: string };
  readonly identities_known: { readonly commits: number };

  readonly approvals_missing: {
    readonly required: number;
    readonly given: number;
    readonly head: string;
    readonly asked: readonly string[];
    readonly pullRequest?: number;
  };
  readonly approvals_given: {
    readonly required: number;
    readonly by: readonly string[];
    readonly head: string;
    /** How many of them were given before the base was merged in; absent: none. */
    readonly kept?: number;
  };
  readonly approval_stale: {
    readonly login: string;
    /** Empty: the commit is gone. */
    readonly commit: string;
    readonly head: string;
    readonly pullRequest?: number;
  };
  readonly approval_before_altered_merge: BeforeMerge;
  readonly approval_before_other_merge: BeforeMerge;
  readonly approval_before_merge_unknown: BeforeMerge & { readonly why: string };
  readonly approval_asked_again: { readonly login: string; readonly commit: string };
  readonly approval_kept: {
    readonly login: string;
    readonly commit: string;
    readonly head: string;
    /** How many merges of the base came since. */
    readonly merges: number;
    readonly base: string;
  };
  readonly approval_before_base_change: {
    readonly login: string;
    readonly base: string;
    /** Why it can't be told when the base changed; absent where it can. */
    readonly why?: string;
    readonly pullRequest?: number;
  };
  readonly approver_is_author: {
    readonly login: string;
    readonly as: Part;
    readonly commit?: string;
    readonly pullRequest?: number;
  };
  readonly approver_is_bot: { readonly login: string; readonly pullRequest?: number };
  readonly approver_not_eligible: Named & {
    readonly login: string;
    readonly asked: readonly string[];
    readonly pullRequest?: number;
  };
  readonly approver_unknown: { readonly review: number; readonly pullRequest?: number };
  readonly code_owner_approval_missing: OwnedLine & {
    readonly owners: readonly string[];
    readonly head: string;
  };
  readonly code_owner_approval_impossible: OwnedLine & { readonly owners: readonly string[] };
  readonly code_owner_approval_given: OwnedLine & { readonly by: readonly string[] };
  readonly code_owner_without_access: ByRule & {
    readonly login: string;
    readonly path: string;
    readonly line: number;
    readonly pullRequest?: number;
  };
  readonly code_owners_line_broken: OwnedLine & { readonly why: string };
  readonly code_owners_line_skipped: { readonly path: string; readonly line: number; readonly why: string };
  readonly code_owners_unknown: ByRule & { readonly why: string; readonly pullRequest?: number };
  readonly files_without_owner: SomeFiles & ByRule;
  readonly no_code_owners: Nothing;
  readonly rule_approvals_missing: {
    readonly rule: string;
    readonly required: number;
    readonly given: number;
    readonly head: string;
    readonly asked: readonly string[];
    readonly pullRequest?: number;
  } & Because &
    Instead;
  readonly rule_met: {
    readonly rule: string;
    /** Empty: it asks for checks alone. */
    readonly by: readonly string[];
    readonly head: string;
  } & Because;
  readonly rules_not_asked: { readonly rules: readonly string[] };
  readonly rule_not_needed: { readonly rule: string };
  readonly blocked_by_label: { readonly label: string; readonly pullRequest?: number };
  readonly change_vetoed: {
    readonly login?: string;
    readonly review: number;
    /** Who may lift it, as people read it. */
    readonly asked: readonly string[];
    /** Who dismissed it in vain; empty where that isn't known, absent where nobody did. */
    readonly dismissedBy?: string;
    readonly pullRequest?: number;
  };
  readonly not_blocked: Nothing;
  readonly changes_requested: {
    readonly login?: string;
    readonly review: number;
    readonly pullRequest?: number;
  };
  readonly no_changes_requested: Nothing;
  readonly check_missing: CheckReason;
  readonly check_failed: CheckReason;
  readonly check_pending: CheckReason;
  readonly checks_passed: { readonly checks: readonly string[]; readonly head: string };
  readonly protection_missing: {
    readonly branch: string;
    readonly setting: ProtectionSetting;
    readonly checks?: readonly string[];
  };
  readonly protection_unknown: {
    readonly branch: string;
    readonly setting: ProtectionSetting;
    readonly why: string;
  };
  readonly landed_as_approved: {
    readonly pullRequest: number;
    readonly commit: string;
    readonly head: string;
  };
  readonly landing_differs: { readonly pullRequest: number; readonly commit: string; readonly head: string };
  readonly landing_unknown: { readonly pullRequest: number; readonly commit: string; readonly why: string };
  readonly protection_holds: { readonly branch: string; readonly settings: readonly string[] };

  readonly group_range_unknown: { readonly why: string };
  readonly group_not_on_base: { readonly head: string; readonly branch: string; readonly tip: string };
  readonly group_commit_untraced: { readonly commit: string };
  readonly group_change_elsewhere: {
    readonly pullRequest: number;
    readonly base: string;
    readonly branch: string;
  };
  readonly group_head_differs: {
    readonly pullRequest: number;
    readonly commit: string;
    readonly queued: string;
    readonly head: string;
  };
  readonly group_traced: { readonly commits: number; readonly pullRequests: readonly string[] };
  readonly group_tree_differs: { readonly pullRequest: number; readonly commit: string };
  readonly group_tree_unknown: {
    readonly pullRequest: number;
    readonly commit: string;
    readonly why: string;
  };
  readonly group_tree_same: { readonly commits: number };
  readonly group_change_not_approved: { readonly pullRequest: number; readonly verdict: string };
  readonly group_changes_approved: { readonly pullRequests: readonly string[] };

  readonly range_first_without_baseline: { readonly environment: string };
  readonly range_not_descendant: {
    /** One of both. */
    readonly running?: string;
    readonly baseline?: string;
    readonly target: string;
    readonly status: string;
  };
  readonly range_unknown: { readonly why: string };
  readonly range_traced: { readonly commits: number; readonly pullRequests: readonly string[] };
  readonly nothing_to_deploy: { readonly target: string };
  readonly rollback_proven: Back & { readonly entry: string; readonly at: string };
  readonly rollback_unproven: Back;
  readonly rollback_unknown: Back & { readonly why: string };
  readonly rollback_not_back: Back & { readonly running: string };
  readonly rollback_not_in_policy: { readonly environment: string };
  readonly commit_untraced: { readonly commit: string };
  readonly commit_unreviewed: { readonly commit: string };
  readonly commit_reviewed_late: { readonly commit: string; readonly pullRequest: number };
  readonly commit_accepted: { readonly baseline: string; readonly commits: number };
  readonly merge_not_by_github: { readonly commit: string; readonly pullRequest: number };
  readonly merge_unknown: { readonly commit: string; readonly pullRequest: number; readonly why: string };
  readonly change_not_approved: { readonly pullRequest: number; readonly commits: readonly string[] };
  readonly target_inside_change: {
    readonly target: string;
    /** What was approved as a whole, and has the target in it. */
    readonly instead: string;
    /** Absent: it lies under the baseline, and came by none. */
    readonly pullRequest?: number;
  };
  readonly branch_not_allowed: {
    readonly target: string;
    readonly environment: string;
    readonly branches: readonly string[];
  };
  readonly branch_unknown: { readonly target: string; readonly why: string };
  readonly branch_allowed: { readonly target: string; readonly branches: readonly string[] };
  readonly requester_unknown: { readonly environment: string };
  readonly requester_not_allowed: Named & {
    /** Of one that goes back, which is another right. */
    readonly right?: 'rollback' | 'emergency';
    readonly login: string;
    readonly environment: string;
    readonly asked: readonly string[];
  };
  readonly requester_allowed: {
    readonly right?: 'rollback' | 'emergency';
    readonly login: string;
    readonly environment: string;
  };
  readonly request_required: { readonly environment: string };
  readonly environment_known: { readonly environment: string };
  readonly environment_unknown: { readonly environment: string; readonly why: string };
  readonly environment_without_reviewers: { readonly environment: string };
  readonly environment_rule_off: { readonly environment: string };
  readonly environment_mistyped: { readonly environment: string; readonly meant: string };
  readonly run_is_rerun: { readonly run: number; readonly attempt: number };
  readonly deployment_rejected: { readonly login: string; readonly target: string };
  readonly deployment_approvals_missing: {
    readonly required: number;
    readonly given: number;
    readonly target: string;
    readonly environment: string;
    readonly asked: readonly string[];
  };
  readonly deployment_approvals_given: {
    readonly required: number;
    readonly by: readonly string[];
    readonly target: string;
  };
  readonly deployment_approval_stale: {
    readonly login: string;
    readonly commit: string;
    readonly target: string;
  };
  readonly deployment_approver_is_author: {
    readonly login: string;
    readonly as: Part;
    readonly commit?: string;
    readonly pullRequest?: number;
  };
  readonly deployment_approver_is_requester: { readonly login: string };
  readonly deployment_approver_not_reviewer: Named & {
    readonly login: string;
    readonly asked: readonly string[];
  };
  readonly deployment_reviewer_unknown: { readonly answer: 'approved' | 'rejected' };
  readonly order_kept: Before & { readonly since: string; readonly soak?: string };
  readonly order_missing: Before;
  readonly order_not_named: Before;
  readonly order_running: Before;
  readonly order_failed: Before & { readonly outcome: 'failure' | 'unknown' | 'success' };
  readonly order_rolled_back: Before & { readonly instead: string };
  readonly order_replaced: Before & { readonly soak: string; readonly instead: string };
  readonly order_unknown: Before & { readonly why: string };
  readonly soak_running: Before & Until & { readonly soak: string };
  readonly clock_differs: { readonly ours: string; readonly githubs: string };
  readonly clock_unknown: { readonly why: string };
  readonly freeze_lasting: Until & { readonly name: string };
  readonly no_freeze: Nothing;
  readonly locked: Bound & {
    readonly environment: string;
    /** Empty: nobody knows any more, or it was the operator. */
    readonly login: string;
    readonly why: string;
    readonly since: string;
  };
  readonly locked_for_this: Bound & { readonly environment: string; readonly target: string };
  readonly lock_unknown: { readonly environment: string; readonly why: string };
  readonly not_locked: { readonly environment: string };
  readonly emergency_lifts: Emergency & {
    readonly target: string;
    /** The gates that would have held, by the policy's keys. */
    readonly gates: readonly string[];
    readonly declaredBy: string;
    readonly confirmedBy: string;
    readonly until: string;
    readonly why: string;
    /** Empty: none was named. */
    readonly incident: string;
  };
  readonly emergency_not_needed: Emergency;
  readonly emergency_unconfirmed: Emergency & {
    readonly required: 1;
    readonly until: string;
    /** Who declared it. */
    readonly login: string;
    readonly asked: readonly string[];
  };
  readonly emergency_expired: Emergency & { readonly until: string };
  readonly emergency_erased: Emergency;
  readonly emergency_spent: Emergency;
  readonly emergency_not_in_policy: Emergency;
  readonly emergency_declarer_not_allowed: Emergency &
    Named & {
      readonly login: string;
      readonly asked: readonly string[];
    };
  readonly emergency_confirmer_not_allowed: Emergency &
    Named & {
      readonly login: string;
      readonly asked: readonly string[];
    };
  readonly emergency_confirmer_is_author: Emergency & {
    readonly login: string;
    readonly as: Part;
    readonly commit?: string;
  };
  /** `as`: what else they did. */
  readonly emergency_confirmer_not_second: Emergency & {
    readonly login: string;
    readonly as: 'declarer' | 'requester';
  };
  readonly emergency_second_unknown: Emergency & { readonly login: string; readonly why: string };
  readonly emergency_unknown: { readonly environment: string; readonly why: string };
  readonly emergency_review_overdue: Review;
  readonly emergency_review_open: Review;
  readonly emergency_reviews_unknown: { readonly environment: string; readonly why: string };
  readonly emergencies_reviewed: { readonly environment: string };
  readonly two_factor_required: { readonly owner: string };
  readonly two_factor_not_required: { readonly owner: string };
  readonly two_factor_unknown: { readonly owner: string; readonly why: string };
  readonly saml_linked: { readonly owner: string; readonly by: readonly string[] };
  readonly saml_missing: { readonly owner: string; readonly login: string };
  readonly saml_unknown: { readonly owner: string; readonly why: string };
}

/** The first few of some changed files, and how many they are. */
interface SomeFiles {
  readonly files: readonly string[];
  readonly count: number;
  readonly pullRequest?: number;
}

/** Files that a line of CODEOWNERS, at this path, is about. */
interface OwnedLine extends SomeFiles, ByRule {
  readonly path: string;
  readonly line: number;
}

interface BeforeMerge {
  readonly login: string;
  /** What was approved. */
  readonly commit: string;
  readonly head: string;
  /** The merge on it. */
  readonly merge: string;
  readonly pullRequest?: number;
}

/** What a reason is about that needs nothing said. */
type Nothing = { readonly nothing?: never };

/** Where a rollback goes, and to what. */
interface Back {
  readonly environment: string;
  readonly target: string;
}

/** The environment that comes before, and the commit that is judged. */
interface Before {
  readonly environment: string;
  readonly target: string;
}

/** When it ends: RFC 3339 in UTC, and as people there read it. */
interface Until {
  readonly until: string;
  readonly shown: string;
}

/** Which emergency, by what people call it, and where. */
interface Emergency {
  readonly emergency: string;
  readonly environment: string;
}

/** What awaits its review, since when and until when, and who can give it. */
interface Review extends Emergency {
  /** An emergency that was used, or a job that ran without our approval. */
  readonly of: 'emergency' | 'bypass';
  readonly commit: string;
  readonly at: string;
  readonly due: string;
  readonly asked: readonly string[];
}

/** What alone may go through a lock: a pull request's number, a commit. */
interface Bound {
  readonly change?: number;
  readonly commit?: string;
}

/** Why a rule holds for a change: what was seen by each of its conditions. */
export interface Because {
  readonly file?: string;
  /** The policy's pattern that means the file. */
  readonly pattern?: string;
  readonly label?: string;
  /** The policy's pattern that means the title. */
  readonly title?: string;
  readonly base?: string;
  readonly author?: string;
  readonly bot?: string;
  readonly lines?: number;
  readonly linesOver?: number;
  readonly files?: number;
  readonly filesOver?: number;
  /** What couldn't be seen, so that the rule counts as one that holds. */
  readonly unseen?: readonly string[];
}

interface Instead {
  /** Rules of which one would do in its place. */
  readonly instead?: readonly string[];
}

interface ByRule extends Instead {
  /** The rule that asks for it; absent where every change needs it. */
  readonly rule?: string;
}

interface CheckReason extends ByRule {
  readonly check: string;
  readonly app?: number;
  readonly head: string;
}

/** How somebody took part in a change. */
export type Part = 'author' | 'committer' | 'co_author' | 'pusher' | 'pull_request_author';

/** The policy's own names for what GitHub has to enforce. */
export type ProtectionSetting = EnforcedSetting | 'admins' | 'checks';

/** A reason of this code, with what it must say. */
export function reason<Code extends ReasonCode>(code: Code, about: AboutByCode[Code]): Reason {
  return { code, about: { ...about } };
}
