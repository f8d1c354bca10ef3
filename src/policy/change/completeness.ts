import type { ChangeFacts } from '../../domain/change-facts.ts';
import type { GateResult } from '../../domain/decision.ts';
import type { Reason } from '../../domain/reason.ts';
import { passedUnless } from '../gate-result.ts';
import { reason } from '../reasons.ts';

/** Whether all was seen: what isn't seen can't be approved. */
export function completenessGate(facts: ChangeFacts): GateResult {
  const against = [
    ...incompleteFacts(facts),
    ...(facts.checks.complete ? [] : [reason('facts_incomplete', { list: 'checks' })]),
  ];
  return passedUnless('completeness', against, reason('facts_complete', {}));
}

/** What is missing of the facts that an approval rests on: checks are not among them. */
export function incompleteFacts({ pullRequest, commits, reviews }: ChangeFacts): readonly Reason[] {
  const missing = [
    ...(commits.complete ? [] : ['commits']),
    ...(reviews.complete ? [] : ['reviews']),
    // Somebody pushed between two reads: these commits aren't those of this head.
    ...(commits.items.some(({ sha }) => sha === pullRequest.headSha) ? [] : ['commits up to the head']),
    ...(pullRequest.state === 'merged' && pullRequest.merged === null ? ['details of the merge'] : []),
  ];
  return missing.map((list) => reason('facts_incomplete', { list }));
}
