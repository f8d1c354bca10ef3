import type { GateResult } from '../../domain/decision.ts';
import type { DeploymentFacts } from '../../domain/deployment-facts.ts';
import { failed, passed, pending } from '../gate-result.ts';
import { reason } from '../reasons.ts';
import type { EnvironmentPolicy } from '../schema.ts';
import { allowed } from './requester.ts';

/** The gate of every deployment's requester and range, as it is for one that goes back. */
const REQUESTER = 'requester';
const RANGE = 'range';

/** Whether whoever asked to go back may. */
export function rollbackRequesterGate(
  { rollback }: EnvironmentPolicy,
  { request, roles }: DeploymentFacts,
): GateResult {
  const { requester, environment } = request;
  if (rollback === undefined) return failed(REQUESTER, reason('rollback_not_in_policy', { environment }));
  if (requester === null) return pending(REQUESTER, reason('requester_unknown', { environment }));
  return allowed(requester, rollback.by, { environment, roles, right: 'rollback' });
}

/**
 * Whether it is a way back: to a commit that was approved and ran there, and that isn't newer than what runs there now. Its commits
 * were judged then, so they aren't judged again: what was approved may go by rules that are no more. While nobody knows
 * what runs there, nothing is started there.
 */
export function rollbackGate({ range, request, ranBefore }: DeploymentFacts): GateResult {
  const { sha: target, environment } = request;
  const back = { target, environment };
  if (range.status === 'unknown') {
    const why = 'how the commit relates to what runs there could not be found out';
    return pending(RANGE, reason('range_unknown', { why }));
  }
  if (ranBefore === undefined)
    return pending(RANGE, reason('rollback_unknown', { ...back, why: 'it was not looked up' }));
  if (!ranBefore.known) return pending(RANGE, reason('rollback_unknown', { ...back, why: ranBefore.why }));
  if (ranBefore.value === null) return failed(RANGE, reason('rollback_unproven', back));
  if (range.status === 'ahead' || range.status === 'first')
    return failed(RANGE, reason('rollback_not_back', { ...back, running: range.running ?? '' }));
  const { entry, endedAt: at } = ranBefore.value;
  return passed(RANGE, reason('rollback_proven', { ...back, entry, at }));
}
