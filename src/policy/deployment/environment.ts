import type { GateResult } from '../../domain/decision.ts';
import type { DeploymentFacts } from '../../domain/deployment-facts.ts';
import { passed, pending } from '../gate-result.ts';
import { reason } from '../reasons.ts';

const GATE = 'environment';

/** Whether GitHub has this environment, by exactly this name, and has its jobs of Actions ask us. */
export function environmentGate({ environment, request }: DeploymentFacts): GateResult {
  const name = request.environment;
  if (!environment.known)
    return pending(GATE, reason('environment_unknown', { environment: name, why: environment.why }));
  if (environment.value.name !== name) {
    const why = `GitHub answered for ${environment.value.name}`;
    return pending(GATE, reason('environment_unknown', { environment: name, why }));
  }
  const { guardedByUs } = environment.value;
  // Nothing asks us then, so nothing waits for what we say.
  if (request.source === 'actions' && guardedByUs.known && !guardedByUs.value)
    return pending(GATE, reason('environment_rule_off', { environment: name }));
  return passed(GATE, reason('environment_known', { environment: name }));
}
