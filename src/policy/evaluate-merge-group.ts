/**
 * The merge queue's gate: may a merge group land? A pure function of the policy and the facts. It asks three things: that
 * every commit was made of a queued pull request, that the files are those which were approved, and that each of the pull
 * requests is approved by the same judgement as outside of the queue. The strictest of all is the group's verdict.
 */
import { verdictOf, type Decision } from '../domain/decision.ts';
import type { MergeGroupDecision, MergeGroupFacts } from '../domain/merge-group-facts.ts';
import { evaluateChange, judgeChangeBy } from './evaluate-change.ts';
import { notApplicable } from './gate-result.ts';
import { guards } from './guards.ts';
import { judgedByBoth } from './judged-by-both.ts';
import { groupChangesGate } from './merge-group/changes.ts';
import { groupChecksGate } from './merge-group/checks.ts';
import { groupTraceGate } from './merge-group/trace.ts';
import { groupTreeGate } from './merge-group/tree.ts';
import type { PolicyReading } from './policy-reading.ts';
import { reason } from './reasons.ts';
import type { Policy } from './schema.ts';
import { withoutFacts, withoutPolicy } from './without-policy.ts';

/** Judges one merge group by the policy of its base branch, and by what the organisation asks for beside it. */
export function evaluateMergeGroup(reading: PolicyReading, facts: MergeGroupFacts): MergeGroupDecision {
  const changes = facts.changes.map((change) => ({
    pullRequest: change.pullRequest.number,
    decision: evaluateChange(reading, change),
  }));
  return { ...decisionOn(reading, facts), subject: 'merge_group', changes };
}

function decisionOn(reading: PolicyReading, facts: MergeGroupFacts): Decision {
  if (facts.unreadable !== undefined) return withoutFacts('merge_group', facts.unreadable);
  if (reading.kind !== 'valid') return withoutPolicy('merge_group', reading, facts.group.baseRef);
  return judgedByBoth(reading.policy, (policy) => judgedBy(policy, facts));
}

function judgedBy(policy: Policy, facts: MergeGroupFacts): Decision {
  const branch = facts.group.baseRef;
  const decision = { schema: 'decision/v1', subject: 'merge_group', mode: policy.mode } as const;
  if (!guards(policy, branch)) {
    const gates = [notApplicable('branch', reason('branch_not_guarded', { branch }))];
    return { ...decision, verdict: 'not_guarded', gates };
  }
  const gates = [
    groupTraceGate(facts),
    groupTreeGate(facts),
    groupChangesGate(facts, (change) => judgeChangeBy(policy, change)),
    groupChecksGate(policy, facts),
  ];
  return { ...decision, verdict: verdictOf(gates), gates };
}
