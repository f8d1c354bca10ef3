import type { ChangeFacts } from '../../domain/change-facts.ts';
import type { GateResult } from '../../domain/decision.ts';
import type { Reason } from '../../domain/reason.ts';
import { failed, passed, pending } from '../gate-result.ts';
import { reason } from '../reasons.ts';

const GATE = 'landing';

/**
 * Whether what a merge left on the base is what was approved: each commit that it made has the tree that we get by merging
 * (or replaying) the pull request's head there. Null: it isn't merged.
 */
export function landingGate(facts: ChangeFacts): GateResult | null {
  const { merged, headSha: head, number: pullRequest } = facts.pullRequest;
  if (merged === null) return null;
  const { landing, commit } = merged;
  if (commit.sha === head)
    return passed(GATE, reason('landed_as_approved', { pullRequest, commit: head, head }));
  const unknown = (sha: string, why: string) => reason('landing_unknown', { pullRequest, commit: sha, why });
  if (landing === undefined) return pending(GATE, unknown(commit.sha, 'it was not compared'));
  if (!landing.known) return pending(GATE, unknown(commit.sha, landing.why));
  const against: Reason[] = [];
  for (const { sha, tree, expected } of landing.value.commits) {
    const hidden = [tree, expected].find((each) => !each.known);
    if (hidden !== undefined && !hidden.known) against.push(unknown(sha, hidden.why));
    else if (!tree.known || !expected.known || tree.value !== expected.value)
      against.push(reason('landing_differs', { pullRequest, commit: sha, head }));
  }
  if (!landing.value.commits.some(({ sha }) => sha === commit.sha))
    against.push(unknown(commit.sha, 'what was compared does not have it'));
  if (against.some(({ code }) => code === 'landing_differs')) return failed(GATE, ...against);
  if (against.length > 0) return pending(GATE, ...against);
  return passed(GATE, reason('landed_as_approved', { pullRequest, commit: commit.sha, head }));
}
