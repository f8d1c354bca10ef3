import type { GateResult } from '../../domain/decision.ts';
import type { DeploymentFacts } from '../../domain/deployment-facts.ts';
import { passedUnless } from '../gate-result.ts';
import { reason } from '../reasons.ts';

/** Whether all was seen. What is missing of a single change stands with the range. */
export function deploymentCompletenessGate({ range, reviews }: DeploymentFacts): GateResult {
  const missing = [
    ...(range.commits.complete ? [] : ['commits in range']),
    ...(reviews.complete ? [] : ['deployment reviews']),
  ];
  return passedUnless(
    'completeness',
    missing.map((list) => reason('facts_incomplete', { list })),
    reason('facts_complete', {}),
  );
}
