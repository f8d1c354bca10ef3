import { matchesBranch } from './branch-glob.ts';
import { environmentOf } from './environment-of.ts';
import type { Policy } from './schema.ts';

/** The patterns of the branches whose commits may be deployed to an environment; none where the policy doesn't name it. */
export function allowedBranches(policy: Policy, environment: string): readonly string[] {
  return environmentOf(policy, environment)?.branches ?? [];
}

/** Whether commits of this branch may be deployed to an environment. */
export function allowsBranch(policy: Policy, environment: string, branch: string): boolean {
  return matchesBranch(allowedBranches(policy, environment), branch);
}
