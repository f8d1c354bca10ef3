import type { Actor } from '../../domain/actor.ts';
import type { GateResult } from '../../domain/decision.ts';
import type { DeploymentFacts } from '../../domain/deployment-facts.ts';
import { type EmergencyFacts, emergencyId } from '../../domain/emergency-facts.ts';
import type { Reason } from '../../domain/reason.ts';
import { millisecondsOf } from '../duration.ts';
import { eligibility, type Eligibility, namesOf } from '../eligibility.ts';
import { failed, pending } from '../gate-result.ts';
import { reason } from '../reasons.ts';
import type { EmergencyPolicy, EnvironmentPolicy, People } from '../schema.ts';
import { authorsOfDeployment } from './authors-of-deployment.ts';
import { clocksOf, isReason, MOST_APART_MS } from './clocks.ts';
import { allowed } from './requester.ts';

/**
 * How the emergency of a deployment's commit stands. `valid`: it lifts what the policy lets it. `waiting`: a second person may
 * still confirm it. `closed`: it never lifts anything for this deployment any more. `unknown`: nobody can tell, so it lifts nothing.
 */
export type EmergencyStanding =
  | { readonly is: 'none' }
  | {
      readonly is: 'valid';
      readonly emergency: EmergencyFacts;
      readonly declaredBy: Actor;
      readonly confirmedBy: Actor;
      readonly until: string;
    }
  | { readonly is: 'waiting' | 'closed' | 'unknown'; readonly reason: Reason };

/** Judges the emergency at the moment for which the facts were gathered, by roles of that moment. It lasts while it does by our clock and GitHub's. */
export function emergencyStanding(policy: EnvironmentPolicy, facts: DeploymentFacts): EmergencyStanding {
  const { environment } = facts.request;
  if (facts.emergency === undefined) return { is: 'none' };
  if (!facts.emergency.known) return unknown(environment, facts.emergency.why);
  const emergency = facts.emergency.value;
  if (emergency === null) return { is: 'none' };
  const about = { emergency: emergencyId(emergency.entry), environment };
  const closed = (why: Reason): EmergencyStanding => ({ is: 'closed', reason: why });
  if (policy.emergency === undefined || policy.emergency.lifts.length === 0)
    return closed(reason('emergency_not_in_policy', about));
  const { by, confirm } = policy.emergency;
  if (emergency.usedBy !== null && emergency.usedBy !== facts.request.id)
    return closed(reason('emergency_spent', about));
  if (emergency.erased === true) return closed(reason('emergency_erased', about));
  const until = endOf(emergency, policy.emergency);
  const over = closed(reason('emergency_expired', { ...about, until }));
  if (emergency.expired) return over;
  const clocks = clocksOf(facts);
  if (isReason(clocks)) return { is: 'unknown', reason: clocks };
  // A clock that can't be read as a time ends it.
  if (!(clocks.later < Date.parse(until))) return over;
  if (Date.parse(emergency.declaredAt) > clocks.later + MOST_APART_MS)
    return unknown(environment, 'it was declared at a time that is still to come');
  const { declaredBy, confirmed } = emergency;
  if (declaredBy === null) return unknown(environment, 'the name of whoever declared it was erased');
  const declarer = roleOf(declaredBy, by, facts);
  if ('code' in declarer) return { is: 'unknown', reason: declarer };
  if (declarer.is === 'no') {
    const { login } = declaredBy;
    return closed(
      reason('emergency_declarer_not_allowed', { ...about, login, asked: namesOf(by), ...declarer.although }),
    );
  }
  if (confirmed === null) {
    const asked = namesOf(confirm);
    const { login } = declaredBy;
    return {
      is: 'waiting',
      reason: reason('emergency_unconfirmed', { ...about, required: 1, until, login, asked }),
    };
  }
  const { by: confirmedBy } = confirmed;
  if (confirmedBy === null) return unknown(environment, 'the name of whoever confirmed it was erased');
  const not = notSecond(confirmedBy, declaredBy, facts, about);
  if (not !== null) return closed(not);
  const confirmer = roleOf(confirmedBy, confirm, facts);
  if ('code' in confirmer) return { is: 'unknown', reason: confirmer };
  if (confirmer.is === 'no') {
    const { login } = confirmedBy;
    return closed(
      reason('emergency_confirmer_not_allowed', {
        ...about,
        login,
        asked: namesOf(confirm),
        ...confirmer.although,
      }),
    );
  }
  return { is: 'valid', emergency, declaredBy, confirmedBy, until };
}

/** By the policy of now where that is sooner: nothing that changes meanwhile makes an emergency last longer. */
function endOf({ declaredAt, expiresAt }: EmergencyFacts, { valid }: EmergencyPolicy): string {
  const byPolicy = Date.parse(declaredAt) + millisecondsOf(valid);
  return byPolicy < Date.parse(expiresAt) ? new Date(byPolicy).toISOString() : expiresAt;
}

/** A second person is somebody else than whoever declared it, asked for the deployment, or made any part of what is deployed. */
function notSecond(
  confirmer: Actor,
  declarer: Actor,
  facts: DeploymentFacts,
  about: { readonly emergency: string; readonly environment: string },
): Reason | null {
  const { login, id } = confirmer;
  if (id === declarer.id)
    return reason('emergency_confirmer_not_second', { ...about, login, as: 'declarer' });
  if (id === facts.request.requester?.id)
    return reason('emergency_confirmer_not_second', { ...about, login, as: 'requester' });
  const contribution = authorsOfDeployment(facts).get(id);
  if (contribution === undefined) return null;
  const { as, commit } = contribution;
  return reason('emergency_confirmer_is_author', {
    ...about,
    login,
    as,
    ...(commit === null ? {} : { commit }),
  });
}

/** Yes, no, or why it isn't known. */
function roleOf(
  actor: Actor,
  from: People,
  { roles }: DeploymentFacts,
): Exclude<Eligibility, { readonly is: 'unknown' }> | Reason {
  const eligible = eligibility(actor, from, roles);
  if (eligible.is !== 'unknown') return eligible;
  return reason('role_unknown', { login: actor.login, role: eligible.role, why: eligible.why });
}

const unknown = (environment: string, why: string): EmergencyStanding => ({
  is: 'unknown',
  reason: reason('emergency_unknown', { environment, why }),
});

/** The gate of every deployment's requester, as it is for one that an emergency's confirmation asked for. */
const REQUESTER = 'requester';

/**
 * Whether the emergency gives the right to ask: to whoever declared it, and only while it stands. What it asked for ends with
 * it, or it would lie in wait as the request of somebody who may not ask otherwise.
 */
export function emergencyRequesterGate(
  policy: EnvironmentPolicy,
  standing: EmergencyStanding,
  facts: DeploymentFacts,
): GateResult {
  const { requester, environment } = facts.request;
  switch (standing.is) {
    case 'none':
      return pending(REQUESTER, reason('emergency_unknown', { environment, why: 'the ledger has none' }));
    case 'waiting':
    case 'unknown':
      return pending(REQUESTER, standing.reason);
    case 'closed':
      return failed(REQUESTER, standing.reason);
    case 'valid': {
      if (requester === null || policy.emergency === undefined)
        return pending(REQUESTER, reason('requester_unknown', { environment }));
      const right = { environment, roles: facts.roles, right: 'emergency' } as const;
      return allowed(requester, policy.emergency.by, right);
    }
  }
}
