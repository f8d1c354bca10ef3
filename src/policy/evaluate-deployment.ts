/**
 * The deployment gate: may this commit go to this environment? A pure function of the policy and the facts. Every commit
 * that would become new there is judged, not only the last one.
 */
import { type GateResult, verdictOf, type Decision } from '../domain/decision.ts';
import type { DeploymentFacts } from '../domain/deployment-facts.ts';
import { nearest } from '../domain/nearest.ts';
import { branchGate } from './deployment/branch.ts';
import { deploymentCompletenessGate } from './deployment/completeness.ts';
import { environmentApprovalsGate } from './deployment/environment-approvals.ts';
import { environmentGate } from './deployment/environment.ts';
import { emergencyRequesterGate, emergencyStanding } from './deployment/emergency.ts';
import { freezeGate } from './deployment/freeze.ts';
import { deploymentIdentityGate } from './deployment/identity.ts';
import { liftedGates } from './deployment/lift.ts';
import { lockGate } from './deployment/lock.ts';
import { orderGate } from './deployment/order.ts';
import { rangeGate } from './deployment/range.ts';
import { requesterGate } from './deployment/requester.ts';
import { emergencyReviewsGate } from './deployment/reviews.ts';
import { rollbackGate, rollbackRequesterGate } from './deployment/rollback.ts';
import { environmentOf } from './environment-of.ts';
import { notApplicable, pending } from './gate-result.ts';
import { lookAgainOf } from './look-again.ts';
import type { PolicyReading } from './policy-reading.ts';
import { judgedByBoth } from './judged-by-both.ts';
import { reason } from './reasons.ts';
import type { EnvironmentPolicy, Policy } from './schema.ts';
import { withUnreviewedPolicy, withoutFacts, withoutPolicy } from './without-policy.ts';

/** Judges one wanted deployment by the policy of the repository's trusted branch, and by what the organisation asks for beside it. */
export function evaluateDeployment(reading: PolicyReading, facts: DeploymentFacts): Decision {
  if (facts.unreadable !== undefined) return withoutFacts('deployment', facts.unreadable);
  if (reading.kind !== 'valid') return withoutPolicy('deployment', reading, null);
  if (!facts.policy.trusted) return withUnreviewedPolicy(facts.policy);
  return withLookAgain(judgedByBoth(reading.policy, (policy) => judgedBy(policy, facts)));
}

/** Of all gates, whoever asked for them: the one that ends first is worth a look. */
function withLookAgain(decision: Decision): Decision {
  const again = decision.verdict === 'held' ? lookAgainOf(decision.gates) : null;
  return again === null ? decision : { ...decision, lookAgainAt: again.at };
}

function judgedBy(policy: Policy, facts: DeploymentFacts): Decision {
  const decision = { schema: 'decision/v1', subject: 'deployment', mode: policy.mode } as const;
  const name = facts.request.environment;
  const environment = environmentOf(policy, name);
  if (environment === null) {
    const known = Object.keys(policy.environments).toSorted();
    const meant = facts.request.source === 'actions' ? nearest(name, known) : null;
    if (meant !== null) {
      // GitHub makes an environment of whatever name a workflow has, without any rule. Also where the policy only observes, that isn't one it knows.
      const gates = [pending('environment', reason('environment_mistyped', { environment: name, meant }))];
      return { ...decision, verdict: 'error', gates };
    }
    const gates = [
      notApplicable('environment', reason('environment_not_in_policy', { environment: name, known })),
    ];
    return { ...decision, verdict: 'not_guarded', gates };
  }
  const gates = gatesOf(policy, environment, facts);
  return { ...decision, verdict: verdictOf(gates), gates };
}

function gatesOf(
  policy: Policy,
  environment: EnvironmentPolicy,
  facts: DeploymentFacts,
): readonly GateResult[] {
  // Going back brings nothing that wasn't approved and tried there: it waits for no approval, order, soak, freeze or
  // overdue review. A lock holds it.
  if (facts.request.source === 'rollback') {
    return [
      environmentGate(facts),
      rollbackRequesterGate(environment, facts),
      branchGate(environment, facts),
      rollbackGate(facts),
      deploymentIdentityGate({ ...environment, approvals: undefined }, facts),
      lockGate(environment, facts),
      deploymentCompletenessGate(facts),
    ];
  }
  const standing = emergencyStanding(environment, facts);
  const gates = [
    environmentGate(facts),
    facts.request.source === 'emergency'
      ? emergencyRequesterGate(environment, standing, facts)
      : requesterGate(environment, facts),
    branchGate(environment, facts),
    rangeGate(policy, environment, facts),
    environmentApprovalsGate(environment, facts),
    deploymentIdentityGate(environment, facts, standing.is === 'valid' ? standing.confirmedBy : null),
    orderGate(policy, environment, facts),
    freezeGate(environment, facts),
    lockGate(environment, facts),
    emergencyReviewsGate(policy, environment, facts),
    deploymentCompletenessGate(facts),
  ];
  return liftedGates(environment, standing, gates, facts);
}
