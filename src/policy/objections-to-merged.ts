import type { ChangeFacts } from '../domain/change-facts.ts';
import type { Reason } from '../domain/reason.ts';
import { approvalsGate } from './change/approvals.ts';
import { blockGate } from './change/block.ts';
import { changesRequestedGate } from './change/changes-requested.ts';
import { codeOwnersGate } from './change/code-owners.ts';
import { incompleteFacts } from './change/completeness.ts';
import { unknownAuthors } from './change/identity.ts';
import { landingGate } from './change/landing.ts';
import { objectionsByRules } from './change/rules.ts';
import { guards } from './guards.ts';
import { reason } from './reasons.ts';
import type { Policy } from './schema.ts';

/**
 * Why a merged change may not be deployed: what its approval rests on, judged again. Its checks and the branch's
 * protection were judged when it was merged, and can't be read as they were then. Each reason says which change it means.
 * `landings`: whether what it left is one of them.
 */
export function objectionsToMerged(
  policy: Policy,
  facts: ChangeFacts,
  { landings }: { readonly landings: boolean },
): readonly Reason[] {
  const { number: pullRequest, baseRef: branch } = facts.pullRequest;
  // Nobody asked for approvals on that branch, so whatever was given there proves nothing.
  if (!guards(policy, branch)) {
    return policy.fromOrganisation ? [] : [reason('branch_not_guarded', { branch, pullRequest })];
  }
  const codeOwners = codeOwnersGate(policy, facts);
  const gates = [
    approvalsGate(policy, facts),
    ...(codeOwners === null ? [] : [codeOwners]),
    changesRequestedGate(policy, facts),
    blockGate(policy, facts),
    ...(landings ? [landingGate(facts) ?? []].flat() : []),
  ];
  const objections = [
    ...gates.flatMap(({ outcome, reasons }) =>
      outcome === 'pending' || outcome === 'failed' ? reasons : [],
    ),
    ...objectionsByRules(policy, facts),
    ...unknownAuthors(policy, facts),
    ...incompleteFacts(facts),
  ];
  return objections.map(({ code, about }) => ({ code, about: { ...about, pullRequest } }));
}
