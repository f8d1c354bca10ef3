import type { GateResult } from '../../domain/decision.ts';
import type { DeploymentFacts } from '../../domain/deployment-facts.ts';
import { passedUnless } from '../gate-result.ts';
import { reason } from '../reasons.ts';

/**
 * Whether all was seen. What is missing of a single change stands with the range; and so does a first deployment without a
 * baseline, for which no commit was read.
 */
export function deploymentCompletenessGate({ range, reviews }: DeploymentFacts): GateResult {
  const missing = [
    ...(range.commits.complete || isUnbased(range) ? [] : ['commits in range']),
    ...(reviews.complete ? [] : ['deployment reviews']),
  ];
  return passedUnless(
    'completeness',
    missing.map((list) => reason('facts_incomplete', { list })),
    reason('facts_complete', {}),
  );
}

const isUnbased = ({ status, running, baseline }: DeploymentFacts['range']) =>
  status === 'first' && running === null && baseline === null;
