import { matchesBranch } from './branch-glob.ts';
import type { Policy } from './schema.ts';

/** The environments that every merge to this branch asks a deployment for, in the policy's order. */
export function environmentsOnMerge(policy: Policy, branch: string): readonly string[] {
  return Object.entries(policy.environments)
    .filter(([, { deploy, branches }]) => deploy.on === 'merge' && matchesBranch(branches, branch))
    .map(([name]) => name);
}
