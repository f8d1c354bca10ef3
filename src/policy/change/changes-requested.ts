import type { ChangeFacts } from '../../domain/change-facts.ts';
import type { GateResult } from '../../domain/decision.ts';
import type { Reason } from '../../domain/reason.ts';
import { passedUnless } from '../gate-result.ts';
import { reason } from '../reasons.ts';
import type { Policy } from '../schema.ts';
import { standingReviews } from '../standing-reviews.ts';
import { openWorth } from './may-approve.ts';

/**
 * Whether somebody who could approve asks for changes instead. It stands, whatever is pushed, until they approve or it is
 * dismissed. Where it can't be known whether they could approve, it counts.
 */
export function changesRequestedGate(policy: Policy, facts: ChangeFacts): GateResult {
  const { people, nobodys } = standingReviews(facts.reviews.items, facts.pullRequest.headSha);
  const worthOf = openWorth(policy.changes.approvals.from, facts);
  const against: Reason[] = people
    .filter(({ author, review }) => {
      if (review.state !== 'changes_requested') return false;
      const { required, owner } = worthOf(author);
      return required.is !== 'no' || owner.is !== 'no';
    })
    .map(({ author, review }) => reason('changes_requested', { login: author.login, review: review.id }));
  for (const { state, id } of nobodys) {
    if (state === 'changes_requested') against.push(reason('changes_requested', { review: id }));
  }
  return passedUnless('changes_requested', against, reason('no_changes_requested', {}));
}
