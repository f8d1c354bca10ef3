import { organisationPolicy } from './organisation-policy.ts';
import type { Policy } from './schema.ts';

/**
 * Whether anything of the policy, or of the organisation's baseline, rests on which files are changed: then where renamed
 * ones were before is read as well, which costs a request.
 */
export function pathsAsked(policy: Policy): boolean {
  const sides = [policy, organisationPolicy(policy)];
  return sides.some((side) => side !== null && asking.some((asks) => asks(side)));
}

/** Whether the code owners are asked, of every change or by a rule. */
export function codeOwnersAsked({ changes: { approvals, rules = [] } }: Policy): boolean {
  return [approvals, ...rules.map((rule) => rule.approvals)].some((each) => each?.from.codeowners === true);
}

/** One for each part of a policy that judges paths. */
const asking: readonly ((policy: Policy) => boolean)[] = [
  codeOwnersAsked,
  ({ changes }) => changes.bots !== undefined,
  ({ changes: { rules = [] } }) => rules.some(({ when }) => when?.paths !== undefined),
];
