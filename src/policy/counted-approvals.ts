import type { Actor } from '../domain/actor.ts';
import type { ChangeFacts } from '../domain/change-facts.ts';
import { type JudgedApproval, judgeApprovals } from './change/judge-approvals.ts';
import { judgeRules } from './change/judge-rules.ts';
import { organisationPolicy } from './organisation-policy.ts';
import type { Policy } from './schema.ts';

/** An approval, with everything that it counts for. */
export interface CountedApproval extends JudgedApproval {
  /** The rules that hold for this change and that it counts for, in the policy's order. */
  readonly rules: readonly string[];
}

/** Each person's approval of a change, and what it counts for: one may count for every change's demand and for several rules. */
export function countedApprovals(policy: Policy, facts: ChangeFacts): readonly CountedApproval[] {
  const rules = judgeRules(policy, facts, { checks: false }).filter(({ applies }) => applies.is !== 'no');
  return judgeApprovals(policy, facts).map((approval) => {
    const { actor } = approval;
    const countsFor = rules.filter(({ approvals }) =>
      approvals.some((each) => actor !== null && each.actor?.id === actor.id && each.disqualified === null),
    );
    return { ...approval, rules: countsFor.map(({ rule }) => rule.name) };
  });
}

/** Each person whose approval counted for something that the repository's policy or the organisation's baseline asks, once. */
export function approversOf(policy: Policy, facts: ChangeFacts): readonly Actor[] {
  const sides = [policy, organisationPolicy(policy)].flatMap((side) => side ?? []);
  const counted = sides.flatMap((side) =>
    countedApprovals(side, facts).flatMap(({ actor, disqualified, rules }) =>
      actor !== null && (disqualified === null || rules.length > 0) ? [actor] : [],
    ),
  );
  return [...new Map(counted.map((actor) => [actor.id, actor])).values()];
}
