import { matchesBranch } from './branch-glob.ts';
import type { Policy } from './schema.ts';

/** Whether the policy asks anything of changes to this branch. */
export function guards(policy: Policy, branch: string): boolean {
  return matchesBranch(policy.changes.branches, branch);
}
