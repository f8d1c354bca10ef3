import type { Actor } from '../../domain/actor.ts';
import type { ChangeFacts } from '../../domain/change-facts.ts';
import type { GateResult } from '../../domain/decision.ts';
import { countedApprovals } from '../counted-approvals.ts';
import { namesOf } from '../eligibility.ts';
import { passed, pending } from '../gate-result.ts';
import { reason } from '../reasons.ts';
import type { Policy } from '../schema.ts';

const GATE = 'approvals';

/** Whether enough people approved what would be merged. Approvals that don't count are named either way, with the reason. */
export function approvalsGate(policy: Policy, facts: ChangeFacts): GateResult {
  const { required, from } = policy.changes.approvals;
  const { headSha: head, baseRef: base } = facts.pullRequest;
  const judged = countedApprovals(policy, facts);
  const by = judged.flatMap(({ actor, disqualified, isRequired }) =>
    actor !== null && disqualified === null && isRequired ? [actor.login] : [],
  );
  // Of one that counts for a rule, nobody has to hear that it doesn't count here.
  const others = judged.flatMap(({ disqualified, rules }) => (rules.length > 0 ? [] : (disqualified ?? [])));
  const kept = judged.flatMap(({ actor, disqualified, commit, merges }) =>
    actor !== null && disqualified === null && merges > 0
      ? [reason('approval_kept', { login: actor.login, commit: commit ?? '', head, merges, base })]
      : [],
  );
  const asked = judged.flatMap(({ actor, disqualified, commit }) =>
    actor !== null && disqualified === null && isAskedAgain(facts, actor)
      ? [reason('approval_asked_again', { login: actor.login, commit: commit ?? '' })]
      : [],
  );
  if (by.length >= required) {
    const given = { required, by, head, ...(kept.length === 0 ? {} : { kept: kept.length }) };
    return passed(GATE, reason('approvals_given', given), ...kept, ...asked, ...others);
  }
  return pending(
    GATE,
    reason('approvals_missing', { required, given: by.length, head, asked: namesOf(from) }),
    ...kept,
    ...asked,
    ...others,
  );
}

/**
 * To ask somebody again takes nothing back: what they approved is what stands there, and GitHub counts it too. Whoever wants it gone
 * dismisses it; what was pushed since makes it stale by itself.
 */
const isAskedAgain = ({ pullRequest: { state, reviewAsked = [] } }: ChangeFacts, { id }: Actor): boolean =>
  state === 'open' && reviewAsked.includes(id);
