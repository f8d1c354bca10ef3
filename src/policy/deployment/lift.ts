import type { GateResult } from '../../domain/decision.ts';
import type { DeploymentFacts } from '../../domain/deployment-facts.ts';
import { emergencyId } from '../../domain/emergency-facts.ts';
import type { Reason, ReasonCode } from '../../domain/reason.ts';
import { unmappedIdentities } from '../authorship.ts';
import type { Liftable } from '../emergency-schema.ts';
import { notApplicable, passed, pending } from '../gate-result.ts';
import { reason } from '../reasons.ts';
import type { EnvironmentPolicy } from '../schema.ts';
import type { EmergencyStanding } from './emergency.ts';

const GATE = 'emergency';

/**
 * What an emergency lifts of each gate, by its codes: what is lacking, what hasn't had its time. A code that isn't here is never
 * lifted, and neither is a gate that has one of them: what isn't known, somebody's no, a commit that came past every pull
 * request, who made what. A new code is therefore not lifted until somebody puts it here.
 */
const LIFTED: Readonly<Record<string, { readonly key: Liftable; readonly codes: ReadonlySet<ReasonCode> }>> =
  {
    environment_approvals: {
      key: 'approvals',
      codes: new Set([
        'deployment_approvals_missing',
        'deployment_approval_stale',
        'deployment_approver_is_author',
        'deployment_approver_is_requester',
        'deployment_approver_not_reviewer',
        'approver_is_bot',
        'environment_without_reviewers',
      ]),
    },
    order: {
      key: 'after',
      codes: new Set([
        'order_missing',
        'order_not_named',
        'order_running',
        'order_failed',
        'order_rolled_back',
        'order_replaced',
        'soak_running',
      ]),
    },
    freeze: { key: 'freeze', codes: new Set(['freeze_lasting']) },
    range: {
      key: 'changes',
      codes: new Set([
        'change_not_approved',
        'commit_unreviewed',
        'approvals_missing',
        'approval_stale',
        'approval_before_base_change',
        'approver_is_author',
        'approver_is_bot',
        'approver_not_eligible',
        'approver_unknown',
        'code_owner_approval_missing',
        'code_owner_approval_impossible',
        'code_owner_without_access',
        'files_without_owner',
        'rule_approvals_missing',
      ]),
    },
  };

/** The policy's key by which an emergency may lift this gate; null: none does. */
export const keyOfGate = (gate: string): Liftable | null =>
  Object.hasOwn(LIFTED, gate) ? (LIFTED[gate]?.key ?? null) : null;

/** The gates with what a valid emergency lifts of them, and the emergency's own gate after them. */
export function liftedGates(
  { emergency: policy }: EnvironmentPolicy,
  standing: EmergencyStanding,
  gates: readonly GateResult[],
  facts: DeploymentFacts,
): readonly GateResult[] {
  if (standing.is === 'none') return [...gates, notApplicable(GATE)];
  const keyOf = (gate: GateResult): Liftable | null => liftableKey(gate, policy?.lifts ?? []);
  if (standing.is !== 'valid') {
    // Worth waiting for only where it would lift something; it holds nothing by itself.
    const matters = gates.some((gate) => keyOf(gate) !== null);
    return [...gates, matters ? pending(GATE, standing.reason) : notApplicable(GATE, standing.reason)];
  }
  const { emergency, declaredBy, confirmedBy, until } = standing;
  const about = {
    emergency: emergencyId(emergency.entry),
    environment: facts.request.environment,
  };
  const doubts = gates.flatMap((gate) => {
    const why = keyOf(gate) === 'changes' ? unknownMaker(gate.reasons, facts) : null;
    return why === null
      ? []
      : [reason('emergency_second_unknown', { ...about, login: confirmedBy.login, why })];
  });
  const lifted: Liftable[] = [];
  const after = gates.map((gate): GateResult => {
    const key = keyOf(gate);
    if (key === null || (key === 'changes' && doubts.length > 0)) return gate;
    lifted.push(key);
    return { ...gate, outcome: 'lifted' };
  });
  if (doubts.length > 0) return [...after, pending(GATE, ...doubts)];
  if (lifted.length === 0) return [...after, passed(GATE, reason('emergency_not_needed', about))];
  const says = reason('emergency_lifts', {
    ...about,
    target: facts.request.sha,
    gates: lifted,
    declaredBy: declaredBy.login,
    confirmedBy: confirmedBy.login,
    until,
    why: emergency.why,
    incident: emergency.incident ?? '',
  });
  return [...after, passed(GATE, says)];
}

/** The policy's key by which this gate would be lifted; null where it isn't one that waits for nothing else than what may be. */
function liftableKey({ gate, outcome, reasons }: GateResult, lifts: readonly Liftable[]): Liftable | null {
  const of = Object.hasOwn(LIFTED, gate) ? LIFTED[gate] : undefined;
  if (of === undefined || outcome !== 'pending' || !lifts.includes(of.key)) return null;
  const traced = new Set(
    reasons.flatMap(({ code, about }) =>
      code === 'change_not_approved' ? [about['commits'] ?? []].flat().map(String) : [],
    ),
  );
  const may = reasons.every(
    ({ code, about }) =>
      of.codes.has(code) &&
      // Pushed past review it is lifted only as part of a pull request: of what was pushed alone nobody knows who pushed it.
      (code !== 'commit_unreviewed' || traced.has(String(about['commit']))),
  );
  return may ? of.key : null;
}

/** Why somebody who made a part of an unapproved change can't be named, so that it might be who confirmed; null where all can. */
function unknownMaker(reasons: readonly Reason[], { range }: DeploymentFacts): string | null {
  const commits = new Set(
    reasons.flatMap(({ about }) => [about['commits'] ?? [], about['commit'] ?? []].flat().map(String)),
  );
  const found = range.commits.items.find(
    ({ commit }) => commits.has(commit.sha) && unmappedIdentities(commit).length > 0,
  );
  return found === undefined ? null : `commit ${found.commit.sha.slice(0, 7)} names no GitHub account`;
}
