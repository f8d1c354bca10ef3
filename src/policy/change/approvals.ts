import type { ChangeFacts } from '../../domain/change-facts.ts';
import type { GateResult } from '../../domain/decision.ts';
import { namesOf } from '../eligibility.ts';
import { passed, pending } from '../gate-result.ts';
import { reason } from '../reasons.ts';
import type { Policy } from '../schema.ts';
import { judgeApprovals } from './judge-approvals.ts';

const GATE = 'approvals';

/** Whether enough people approved what would be merged. Approvals that don't count are named either way, with the reason. */
export function approvalsGate(policy: Policy, facts: ChangeFacts): GateResult {
  const { required, from } = policy.changes.approvals;
  const head = facts.pullRequest.headSha;
  const judged = judgeApprovals(policy, facts);
  const by = judged.flatMap(({ actor, disqualified, isRequired }) =>
    actor !== null && disqualified === null && isRequired ? [actor.login] : [],
  );
  const others = judged.flatMap(({ disqualified }) => disqualified ?? []);
  if (by.length >= required)
    return passed(GATE, reason('approvals_given', { required, by, head }), ...others);
  return pending(
    GATE,
    reason('approvals_missing', { required, given: by.length, head, asked: namesOf(from) }),
    ...others,
  );
}
