import type { GateResult } from '../../domain/decision.ts';
import type { DeploymentFacts } from '../../domain/deployment-facts.ts';
import { emergencyId } from '../../domain/emergency-facts.ts';
import { namesOf } from '../eligibility.ts';
import { notApplicable, passed, pending } from '../gate-result.ts';
import { reason } from '../reasons.ts';
import { reviewOf } from '../review-of.ts';
import type { EnvironmentPolicy, Policy } from '../schema.ts';
import { clocksOf, isReason } from './clocks.ts';

const GATE = 'emergency_reviews';

/**
 * Whether whatever went past the gates anywhere in the repository was reviewed in time, by whoever reviews it where it happened. It is
 * overdue once it is by our clock or GitHub's. What is overdue holds everything that would be deployed, also where the policy says
 * nothing of emergencies: GitHub lets an administrator past our rule whatever we say.
 */
export function emergencyReviewsGate(
  policy: Policy,
  { emergency }: EnvironmentPolicy,
  facts: DeploymentFacts,
): GateResult {
  const { request, openReviews } = facts;
  const here = { environment: request.environment };
  if (openReviews === undefined) {
    if (emergency === undefined) return notApplicable(GATE);
    return pending(GATE, reason('emergency_reviews_unknown', { ...here, why: 'it was not looked up' }));
  }
  if (!openReviews.known)
    return pending(GATE, reason('emergency_reviews_unknown', { ...here, why: openReviews.why }));
  if (openReviews.value.length === 0)
    return emergency === undefined ? notApplicable(GATE) : passed(GATE, reason('emergencies_reviewed', here));
  const clocks = clocksOf(facts);
  if (isReason(clocks)) return pending(GATE, clocks);
  const judged = openReviews.value
    .toSorted((a, b) => (a.entry < b.entry ? -1 : 1))
    .map(({ entry, kind, commit, environment = request.environment, at, dueAt }) => {
      const asked = namesOf(reviewOf(policy, environment).by);
      const about = { emergency: emergencyId(entry), environment, of: kind, commit, at, due: dueAt, asked };
      // A time that can't be read is over.
      const isOpen = clocks.later < Date.parse(dueAt);
      return reason(isOpen ? 'emergency_review_open' : 'emergency_review_overdue', about);
    });
  const overdue = judged.filter(({ code }) => code === 'emergency_review_overdue');
  return overdue.length > 0 ? pending(GATE, ...overdue) : passed(GATE, ...judged);
}
