import type { ChangeFacts } from '../../domain/change-facts.ts';
import type { GateResult } from '../../domain/decision.ts';
import type { Reason } from '../../domain/reason.ts';
import { notApplicable, passed, pending } from '../gate-result.ts';
import { reason } from '../reasons.ts';
import type { Policy } from '../schema.ts';
import { approversOf, joinRules, judgeRules, type RulesAsked } from './judge-rules.ts';

const GATE = 'rules';

/**
 * Whether the rules that hold for this change have what they ask for. A condition that can't be judged counts as one that
 * holds: a list that GitHub cut short, or a team that we may not see, takes no demand away.
 */
export function rulesGate(policy: Policy, facts: ChangeFacts): GateResult {
  const judged = judgeRules(policy, facts, { checks: true });
  if (judged.length === 0) return notApplicable(GATE);
  const { inTheWay } = joinRules(policy.changes, judged);
  const head = facts.pullRequest.headSha;
  const held = judged.filter(({ rule }) => inTheWay.has(rule.name));
  const asked = judged.filter(({ applies, rule }) => applies.is !== 'no' && !inTheWay.has(rule.name));
  const others = judged.filter(({ applies }) => applies.is === 'no').map(({ rule }) => rule.name);
  const reasons = [
    ...asked.map((each) =>
      each.missing.length > 0 || each.applies.is === 'no'
        ? reason('rule_not_needed', { rule: each.rule.name })
        : reason('rule_met', {
            rule: each.rule.name,
            by: approversOf(each),
            head,
            ...each.applies.because,
          }),
    ),
    ...(others.length === 0 ? [] : [reason('rules_not_asked', { rules: others })]),
  ];
  if (held.length === 0) return passed(GATE, ...reasons);
  return pending(
    GATE,
    ...held.flatMap((each) => missingOf(each.missing, inTheWay.get(each.rule.name))),
    ...reasons,
  );
}

/** What the rules miss of a change that was merged. Its checks can't be read any more as they were then. */
export function objectionsByRules(policy: Policy, facts: ChangeFacts): readonly Reason[] {
  const asked: RulesAsked = { checks: false };
  const judged = judgeRules(policy, facts, asked);
  const { inTheWay } = joinRules(policy.changes, judged);
  return judged.flatMap(({ rule, missing }) =>
    inTheWay.has(rule.name) ? missingOf(missing, inTheWay.get(rule.name)) : [],
  );
}

const missingOf = (missing: readonly Reason[], instead: readonly string[] = []): readonly Reason[] =>
  missing.map(({ code, about }) => ({
    code,
    about: { ...about, ...(instead.length === 0 ? {} : { instead }) },
  }));
