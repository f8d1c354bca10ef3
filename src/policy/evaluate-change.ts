/**
 * The change gate: may this pull request be merged, or was it rightly merged? A pure function of the policy and the
 * facts, so that anyone can run it again on what the ledger kept and must get the same answer.
 */
import type { ChangeFacts } from '../domain/change-facts.ts';
import { verdictOf, type Decision } from '../domain/decision.ts';
import { approvalsGate } from './change/approvals.ts';
import { blockGate } from './change/block.ts';
import { changesRequestedGate } from './change/changes-requested.ts';
import { checksGate } from './change/checks.ts';
import { codeOwnersGate } from './change/code-owners.ts';
import { completenessGate } from './change/completeness.ts';
import { identityGate } from './change/identity.ts';
import { landingGate } from './change/landing.ts';
import { protectionGate } from './change/protection.ts';
import { pullRequestGate } from './change/pull-request.ts';
import { rulesGate } from './change/rules.ts';
import { notApplicable } from './gate-result.ts';
import { guards } from './guards.ts';
import { withoutFacts, withoutPolicy } from './without-policy.ts';
import type { PolicyReading } from './policy-reading.ts';
import { judgedByBoth } from './judged-by-both.ts';
import { reason } from './reasons.ts';
import type { Policy } from './schema.ts';

/** Judges one pull request by the policy of its base branch, and by what the organisation asks for beside it. */
export function evaluateChange(reading: PolicyReading, facts: ChangeFacts): Decision {
  if (facts.unreadable !== undefined) return withoutFacts('change', facts.unreadable);
  if (reading.kind !== 'valid') return withoutPolicy('change', reading, facts.pullRequest.baseRef);
  return judgedByBoth(reading.policy, (policy) => judgeChangeBy(policy, facts));
}

/** What one side asks, without the other: the repository's own policy, or the organisation's. */
export function judgeChangeBy(policy: Policy, facts: ChangeFacts): Decision {
  const branch = facts.pullRequest.baseRef;
  const decision = { schema: 'decision/v1', subject: 'change', mode: policy.mode } as const;
  if (!guards(policy, branch)) {
    const gates = [notApplicable('branch', reason('branch_not_guarded', { branch }))];
    return { ...decision, verdict: 'not_guarded', gates };
  }
  const codeOwners = codeOwnersGate(policy, facts);
  const landing = landingGate(facts);
  const gates = [
    pullRequestGate(facts),
    approvalsGate(policy, facts),
    ...(codeOwners === null ? [] : [codeOwners]),
    rulesGate(policy, facts),
    changesRequestedGate(policy, facts),
    blockGate(policy, facts),
    identityGate(policy, facts),
    checksGate(policy, facts),
    protectionGate(policy, facts),
    ...(landing === null ? [] : [landing]),
    completenessGate(facts),
  ];
  return { ...decision, verdict: verdictOf(gates), gates };
}
