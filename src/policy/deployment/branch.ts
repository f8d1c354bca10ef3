import type { GateResult } from '../../domain/decision.ts';
import type { DeploymentFacts } from '../../domain/deployment-facts.ts';
import { matchesBranch } from '../branch-glob.ts';
import { passed, pending } from '../gate-result.ts';
import { reason } from '../reasons.ts';
import type { EnvironmentPolicy } from '../schema.ts';

const GATE = 'branch';

/** Whether the target is on a branch that may be deployed here. It only holds: the commit may still be merged. */
export function branchGate(policy: EnvironmentPolicy, { branches, request }: DeploymentFacts): GateResult {
  const { sha: target, environment } = request;
  if (!branches.known) return pending(GATE, reason('branch_unknown', { target, why: branches.why }));
  const allowed = branches.value
    .map(({ name }) => name)
    .filter((name) => matchesBranch(policy.branches, name));
  if (allowed.length === 0) {
    return pending(GATE, reason('branch_not_allowed', { target, environment, branches: policy.branches }));
  }
  return passed(GATE, reason('branch_allowed', { target, branches: allowed.toSorted() }));
}
