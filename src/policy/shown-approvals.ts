import type { ChangeFacts } from '../domain/change-facts.ts';
import type { Reason } from '../domain/reason.ts';
import { countedApprovals, type CountedApproval } from './counted-approvals.ts';
import { disqualifiedBecause } from './disqualified-because.ts';
import type { Policy } from './schema.ts';
import { although } from './sentence-parts.ts';

/** One person's approval as the check run shows it. */
export interface ShownApproval {
  /** Null: the account is deleted. */
  readonly login: string | null;
  /** The commit that it was given on; null where that commit is gone. */
  readonly commit: string | null;
  readonly at: string | null;
  readonly counted: boolean;
  /** Plain text. */
  readonly why: string;
}

/** Who approved a change, and whether it counted. */
export function shownApprovals(policy: Policy, facts: ChangeFacts): readonly ShownApproval[] {
  return countedApprovals(policy, facts).map((approval) => {
    const { actor, commit, at, disqualified, rules } = approval;
    const counted = disqualified === null || rules.length > 0;
    const why = disqualified === null || rules.length > 0 ? whatFor(approval) : whyNot(disqualified);
    return { login: actor?.login ?? null, commit, at, counted, why };
  });
}

function whatFor({ disqualified, isRequired, rules, merges }: CountedApproval): string {
  const on =
    merges === 0 ? 'given on the head' : 'given before the base was merged in, and nothing else since';
  const given = isRequired
    ? `${on}, by somebody the policy asks for`
    : `${on}, by a code owner: for their files alone`;
  if (rules.length === 0) return given;
  const named = `${rules.length === 1 ? 'the rule' : 'the rules'} ${rules.join(', ')}`;
  return disqualified === null ? `${given}; counts for ${named} too` : `${on}; counts for ${named} alone`;
}

function whyNot({ code, about }: Reason): string {
  const commit = typeof about['commit'] === 'string' ? about['commit'].slice(0, 7) : '';
  if (code === 'approver_is_author') return disqualifiedBecause(about);
  if (code === 'approval_stale') {
    return `given on ${commit === '' ? 'a commit that is gone' : commit}, which is not the head: approve again`;
  }
  const merge = typeof about['merge'] === 'string' ? about['merge'].slice(0, 7) : '';
  if (code === 'approval_before_altered_merge')
    return `given on ${commit}, before the merge ${merge}, which holds other files than it should: approve again`;
  if (code === 'approval_before_other_merge')
    return `given on ${commit}, before ${merge} merged in what is not on the base: approve again`;
  if (code === 'approval_before_merge_unknown')
    return `given on ${commit}, before the merge ${merge}, which could not be made anew: approve again`;
  if (code === 'approval_before_base_change') return 'given before the base changed: approve again';
  if (code === 'approver_not_eligible') {
    const instead = although(about['login'], about);
    if (instead !== null) return instead;
    return `not one of those the policy asks: ${[about['asked'] ?? []].flat().join(', ')}`;
  }
  if (code === 'role_unknown')
    return `whether they have the role could not be found out: ${String(about['role'])}`;
  return code === 'approver_is_bot' ? 'given by a bot, not by a person' : 'its account is deleted';
}
