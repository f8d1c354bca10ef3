/**
 * Why a gate came to its outcome. Prose may change, codes may not: they stand in ledger entries. `policy/explain.ts`
 * has the sentence for each, and a test holds that every code is yielded by some case and documented.
 */
export const REASON_CODES = [
  // the policy itself
  'policy_absent',
  'policy_invalid',
  'policy_unreadable',
  'policy_unreviewed',
  'branch_not_guarded',
  'environment_not_in_policy',
  // facts
  'facts_complete',
  'facts_incomplete',
  'facts_unreadable',
  'role_unknown',
  // a change
  'pull_request_open',
  'pull_request_merged',
  'pull_request_closed',
  'pull_request_draft',
  'author_unknown',
  'identity_unmapped',
  'pusher_unknown',
  'pusher_is_bot',
  'identities_known',
  'approvals_missing',
  'approvals_given',
  'approval_stale',
  'approval_before_base_change',
  'approver_is_author',
  'approver_is_bot',
  'approver_not_eligible',
  'approver_unknown',
  'changes_requested',
  'no_changes_requested',
  'check_missing',
  'check_failed',
  'check_pending',
  'checks_passed',
  'protection_missing',
  'protection_unknown',
  'protection_holds',
  // a deployment
  'range_first_without_baseline',
  'range_not_descendant',
  'range_unknown',
  'range_traced',
  'nothing_to_deploy',
  'commit_untraced',
  'commit_unreviewed',
  'commit_reviewed_late',
  'commit_accepted',
  'merge_not_by_github',
  'merge_unknown',
  'change_not_approved',
  'target_inside_change',
  'branch_not_allowed',
  'branch_unknown',
  'branch_allowed',
  'requester_unknown',
  'requester_not_allowed',
  'requester_allowed',
  'request_required',
  'environment_known',
  'environment_unknown',
  'environment_without_reviewers',
  'environment_approvals_unreachable',
  'run_is_rerun',
  'deployment_rejected',
  'deployment_approvals_missing',
  'deployment_approvals_given',
  'deployment_approval_stale',
  'deployment_approver_is_author',
  'deployment_approver_is_requester',
  'deployment_approver_not_reviewer',
  'deployment_reviewer_unknown',
] as const;

export type ReasonCode = (typeof REASON_CODES)[number];

/** `about` names what the reason is about (a login, a commit, a check, a team, a setting); `policy/reasons.ts` has its form for each code. */
export interface Reason {
  readonly code: ReasonCode;
  readonly about: Readonly<Record<string, string | number | readonly string[]>>;
}
