import type { ChangeFacts } from '../../domain/change-facts.ts';
import type { Decision, GateResult } from '../../domain/decision.ts';
import type { MergeGroupFacts } from '../../domain/merge-group-facts.ts';
import { failed, passed, pending } from '../gate-result.ts';
import { reason } from '../reasons.ts';

const GATE = 'changes';

/** Whether every pull request of the group is approved. One that can't be mended rejects the group. */
export function groupChangesGate(
  { changes }: MergeGroupFacts,
  judge: (change: ChangeFacts) => Decision,
): GateResult {
  const judged = changes.map((change) => ({
    pullRequest: change.pullRequest.number,
    verdict: judge(change).verdict,
  }));
  const against = judged.filter(({ verdict }) => verdict !== 'approved');
  const reasons = against.map((each) => reason('group_change_not_approved', each));
  if (against.some(({ verdict }) => verdict === 'rejected')) return failed(GATE, ...reasons);
  if (against.length > 0) return pending(GATE, ...reasons);
  if (judged.length === 0)
    return pending(GATE, reason('group_range_unknown', { why: 'no pull request is known to be in it' }));
  const pullRequests = judged.map(({ pullRequest }) => `#${pullRequest}`);
  return passed(GATE, reason('group_changes_approved', { pullRequests }));
}
