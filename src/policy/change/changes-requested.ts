import type { ChangeFacts } from '../../domain/change-facts.ts';
import type { GateResult } from '../../domain/decision.ts';
import type { Reason } from '../../domain/reason.ts';
import { eligibility } from '../eligibility.ts';
import { passedUnless } from '../gate-result.ts';
import { reason } from '../reasons.ts';
import type { Policy } from '../schema.ts';
import { standingReviews } from '../standing-reviews.ts';
import { openWorth } from './may-approve.ts';
import { applies } from './when.ts';

/**
 * Whether somebody who could approve, by the policy or by a rule that holds here, asks for changes instead. It stands, whatever is pushed, until they approve or it is
 * dismissed. Where it can't be known whether they could approve, it counts.
 */
export function changesRequestedGate(policy: Policy, facts: ChangeFacts): GateResult {
  const { people, nobodys } = standingReviews(facts.reviews.items, facts.pullRequest.headSha);
  const { approvals, rules = [] } = policy.changes;
  const worthOf = openWorth(approvals.from, facts);
  const askedByRules = rules.flatMap((rule) =>
    rule.approvals === undefined || applies(rule.when, policy, facts).is === 'no' ? [] : rule.approvals.from,
  );
  const against: Reason[] = people
    .filter(({ author, review }) => {
      if (review.state !== 'changes_requested') return false;
      const { required, owner } = worthOf(author);
      const byRules = askedByRules.map((from) => eligibility(author, from, facts.roles));
      return [required, owner, ...byRules].some(({ is }) => is !== 'no');
    })
    .map(({ author, review }) => reason('changes_requested', { login: author.login, review: review.id }));
  for (const { state, id } of nobodys) {
    if (state === 'changes_requested') against.push(reason('changes_requested', { review: id }));
  }
  return passedUnless('changes_requested', against, reason('no_changes_requested', {}));
}
