import type { GateResult } from '../../domain/decision.ts';
import type { DeploymentFacts } from '../../domain/deployment-facts.ts';
import type { LockFacts } from '../../domain/timing-facts.ts';
import { notApplicable, passed, pending } from '../gate-result.ts';
import { reason } from '../reasons.ts';
import type { EnvironmentPolicy } from '../schema.ts';

const GATE = 'lock';

/**
 * Whether nobody locked the environment, or only for what is judged here. A lock counts whether or not the policy says who
 * may set one: the operator can from the server, always.
 */
export function lockGate(policy: EnvironmentPolicy, facts: DeploymentFacts): GateResult {
  const { environment, sha: target } = facts.request;
  const { lock } = facts;
  if (lock === undefined) {
    if (policy.lock === undefined) return notApplicable(GATE);
    return pending(GATE, reason('lock_unknown', { environment, why: 'it was not looked up' }));
  }
  if (!lock.known) return pending(GATE, reason('lock_unknown', { environment, why: lock.why }));
  if (lock.value === null) {
    return policy.lock === undefined
      ? notApplicable(GATE)
      : passed(GATE, reason('not_locked', { environment }));
  }
  const { by, why, since, pullRequest, commit } = lock.value;
  const bound = {
    ...(pullRequest === null ? {} : { change: pullRequest }),
    ...(commit === null ? {} : { commit }),
  };
  if (isFor(lock.value, facts))
    return passed(GATE, reason('locked_for_this', { environment, target, ...bound }));
  return pending(GATE, reason('locked', { environment, login: by?.login ?? '', why, since, ...bound }));
}

/** The commit itself; or a range in which nothing came from anywhere but the one pull request. */
function isFor({ pullRequest, commit }: LockFacts, { request, range, changes }: DeploymentFacts): boolean {
  if (pullRequest === null && commit === null) return false;
  if (commit !== null && commit !== request.sha) return false;
  if (pullRequest === null) return true;
  const alone = changes.length > 0 && changes.every((change) => change.pullRequest.number === pullRequest);
  return alone && range.commits.items.every(({ pullRequests }) => pullRequests.includes(pullRequest));
}
