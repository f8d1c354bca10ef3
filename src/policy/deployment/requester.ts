import type { Actor } from '../../domain/actor.ts';
import type { GateResult } from '../../domain/decision.ts';
import type { DeploymentFacts } from '../../domain/deployment-facts.ts';
import type { RoleFacts } from '../../domain/role-facts.ts';
import { eligibility, namesOf } from '../eligibility.ts';
import { failed, passed, pending } from '../gate-result.ts';
import { reason } from '../reasons.ts';
import type { EnvironmentPolicy, People } from '../schema.ts';

const GATE = 'requester';

/**
 * Whether whoever asked may. After a merge that is whoever merged. A request by somebody who may not is refused, not
 * held: it would lie in wait and run on the day they are given the role. Somebody who may can ask anew.
 */
export function requesterGate(
  { deploy }: EnvironmentPolicy,
  { request, roles }: DeploymentFacts,
): GateResult {
  const { requester, environment, source } = request;
  if (source === 'merge' && deploy.on !== 'merge')
    return failed(GATE, reason('request_required', { environment }));
  if (requester === null) return pending(GATE, reason('requester_unknown', { environment }));
  return allowed(requester, deploy.by, { environment, roles });
}

/** Whether somebody has the right to what they asked for, as one of `by`. */
export function allowed(
  requester: Actor,
  by: People,
  {
    environment,
    roles,
    ...of
  }: { readonly environment: string; readonly roles: RoleFacts; readonly right?: 'rollback' | 'emergency' },
): GateResult {
  const { login } = requester;
  const eligible = eligibility(requester, by, roles);
  switch (eligible.is) {
    case 'yes':
      return passed(GATE, reason('requester_allowed', { login, environment, ...of }));
    case 'no':
      return failed(
        GATE,
        reason('requester_not_allowed', {
          login,
          environment,
          asked: namesOf(by),
          ...of,
          ...eligible.although,
        }),
      );
    case 'unknown':
      return pending(GATE, reason('role_unknown', { login, role: eligible.role, why: eligible.why }));
  }
}
