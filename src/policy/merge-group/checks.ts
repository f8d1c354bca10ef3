import type { GateResult } from '../../domain/decision.ts';
import type { MergeGroupFacts } from '../../domain/merge-group-facts.ts';
import { checksGate } from '../change/checks.ts';
import { notApplicable } from '../gate-result.ts';
import { reason } from '../reasons.ts';
import type { Policy } from '../schema.ts';

/**
 * Whether the required checks succeeded on the group's own head: that is the tree which lands, and those of a pull request
 * ran on another one.
 */
export function groupChecksGate(policy: Policy, { group, checks, changes }: MergeGroupFacts): GateResult {
  // What protects the base is the same for each of them. Of none, the other gates hold.
  const [change] = changes;
  if (change === undefined) return notApplicable('checks');
  const pullRequest = { ...change.pullRequest, headSha: group.headSha };
  const gate = checksGate(policy, { ...change, pullRequest, checks });
  if (checks.complete || gate.outcome === 'not_applicable') return gate;
  const incomplete = reason('facts_incomplete', { list: 'checks on the merge group' });
  return { ...gate, outcome: 'pending', reasons: [...gate.reasons, incomplete] };
}
