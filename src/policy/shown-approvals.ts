import type { ChangeFacts } from '../domain/change-facts.ts';
import type { Reason } from '../domain/reason.ts';
import { countedApprovals, type CountedApproval } from './counted-approvals.ts';
import { disqualifiedBecause } from './disqualified-because.ts';
import type { Policy } from './schema.ts';

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

function whatFor({ disqualified, isRequired, rules }: CountedApproval): string {
  const given = isRequired
    ? 'given on the head, by somebody the policy asks for'
    : 'given on the head, by a code owner: for their files alone';
  if (rules.length === 0) return given;
  const named = `${rules.length === 1 ? 'the rule' : 'the rules'} ${rules.join(', ')}`;
  return disqualified === null
    ? `${given}; counts for ${named} too`
    : `given on the head; counts for ${named} alone`;
}

function whyNot({ code, about }: Reason): string {
  const commit = typeof about['commit'] === 'string' ? about['commit'].slice(0, 7) : '';
  if (code === 'approver_is_author') return disqualifiedBecause(about);
  if (code === 'approval_stale') {
    return `given on ${commit === '' ? 'a commit that is gone' : commit}, which is not the head: approve again`;
  }
  if (code === 'approval_before_base_change') return 'given before the base changed: approve again';
  if (code === 'approver_not_eligible') {
    return `not one of those the policy asks: ${[about['asked'] ?? []].flat().join(', ')}`;
  }
  if (code === 'role_unknown')
    return `whether they have the role could not be found out: ${String(about['role'])}`;
  return code === 'approver_is_bot' ? 'given by a bot, not by a person' : 'its account is deleted';
}
