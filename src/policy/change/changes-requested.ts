import type { Actor } from '../../domain/actor.ts';
import type { ChangeFacts } from '../../domain/change-facts.ts';
import type { GateResult } from '../../domain/decision.ts';
import type { Reason } from '../../domain/reason.ts';
import { passedUnless } from '../gate-result.ts';
import { reason } from '../reasons.ts';
import type { Policy } from '../schema.ts';
import { standingReviews } from '../standing-reviews.ts';
import { concernsOf } from './judge-rules.ts';
import { openWorth } from './may-approve.ts';
import { applies } from './when.ts';

/**
 * Whether somebody who could approve, by the policy or by a rule that holds here, asks for changes instead: a code owner of any file that is concerned, too. It stands,
 * whatever is pushed, until they approve or it is dismissed. Where it can't be known whether they could approve, it counts.
 */
export function changesRequestedGate(policy: Policy, facts: ChangeFacts): GateResult {
  const { people, nobodys } = standingReviews(facts.reviews.items, facts.pullRequest.headSha);
  const { approvals, rules = [] } = policy.changes;
  const worths = [
    openWorth(approvals.from, facts),
    ...rules.flatMap((rule) =>
      rule.approvals === undefined || applies(rule.when, policy, facts).is === 'no'
        ? []
        : openWorth(rule.approvals.from, facts, concernsOf(rule)),
    ),
  ];
  const mayCount = (author: Actor) =>
    worths.some((worthOf) => {
      const { required, owner } = worthOf(author);
      return required.is !== 'no' || owner.is !== 'no';
    });
  const against: Reason[] = people
    .filter(({ author, review }) => review.state === 'changes_requested' && mayCount(author))
    .map(({ author, review }) => reason('changes_requested', { login: author.login, review: review.id }));
  for (const { state, id } of nobodys) {
    if (state === 'changes_requested') against.push(reason('changes_requested', { review: id }));
  }
  return passedUnless('changes_requested', against, reason('no_changes_requested', {}));
}
