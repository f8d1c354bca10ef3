import type { GateResult } from '../../domain/decision.ts';
import type { MergeGroupFacts } from '../../domain/merge-group-facts.ts';
import type { Reason } from '../../domain/reason.ts';
import { passed, pending } from '../gate-result.ts';
import { reason } from '../reasons.ts';

const GATE = 'group_tree';

/**
 * Whether the group holds what was approved: each of its commits has the tree that we get by merging (or replaying) the
 * pull request's head onto the commit before it. A commit of no pull request can be compared with nothing.
 */
export function groupTreeGate({ steps }: MergeGroupFacts): GateResult {
  const against: Reason[] = [];
  let compared = 0;
  for (const { pullRequest, commits } of steps.items) {
    if (pullRequest === null) continue;
    for (const { sha: commit, tree, expected } of commits) {
      const unknown = [tree, expected].find((each) => !each.known);
      if (unknown !== undefined && !unknown.known)
        against.push(reason('group_tree_unknown', { pullRequest, commit, why: unknown.why }));
      else if (!tree.known || !expected.known || tree.value !== expected.value)
        against.push(reason('group_tree_differs', { pullRequest, commit }));
      else compared += 1;
    }
  }
  if (against.length > 0) return pending(GATE, ...against);
  const all = steps.items.reduce((sum, { commits }) => sum + commits.length, 0);
  if (compared > 0 && compared === all && steps.complete)
    return passed(GATE, reason('group_tree_same', { commits: compared }));
  return pending(GATE, reason('group_range_unknown', { why: 'not every commit of it could be compared' }));
}
