import type { Actor } from '../../domain/actor.ts';
import type { GateResult } from '../../domain/decision.ts';
import type { DeploymentFacts } from '../../domain/deployment-facts.ts';
import type { Reason } from '../../domain/reason.ts';
import { notApplicable, passed, pending } from '../gate-result.ts';
import { reason } from '../reasons.ts';
import type { EnvironmentPolicy } from '../schema.ts';
import { judgeReviews, reviewersOf } from './judge-reviews.ts';

const GATE = 'identity';
const UNASKED = 'it was not looked up';

/**
 * Whether the accounts that act here are what the policy asks. What GitHub doesn't tell an App is unknown, and holds: the
 * sentence says which permission it takes. `confirmer`: who approves by having confirmed an emergency that stands.
 */
export function deploymentIdentityGate(
  policy: EnvironmentPolicy,
  facts: DeploymentFacts,
  confirmer: Actor | null = null,
): GateResult {
  const { identity } = policy;
  if (identity === undefined) return notApplicable(GATE);
  const judged = [
    ...(identity.two_factor === undefined ? [] : [twoFactor(facts)]),
    ...(identity.saml === undefined ? [] : saml(policy, facts, confirmer)),
  ];
  const against = judged.filter(({ code }) => code !== 'two_factor_required' && code !== 'saml_linked');
  return against.length === 0 ? passed(GATE, ...judged) : pending(GATE, ...against);
}

function twoFactor({ repository, organization }: DeploymentFacts): Reason {
  const { owner } = repository;
  const required = organization?.twoFactorRequired ?? null;
  if (required === null) return reason('two_factor_unknown', { owner, why: UNASKED });
  if (!required.known) return reason('two_factor_unknown', { owner, why: required.why });
  return reason(required.value ? 'two_factor_required' : 'two_factor_not_required', { owner });
}

function saml(policy: EnvironmentPolicy, facts: DeploymentFacts, confirmer: Actor | null): readonly Reason[] {
  const { owner } = facts.repository;
  const linked = facts.organization?.samlIdentities ?? null;
  if (linked === null) return [reason('saml_unknown', { owner, why: UNASKED })];
  if (!linked.known) return [reason('saml_unknown', { owner, why: linked.why })];
  const { requester, environment } = facts.request;
  if (requester === null) return [reason('requester_unknown', { environment })];
  const people = [requester, ...approversOf(policy, facts), ...(confirmer === null ? [] : [confirmer])];
  const missing = people.filter(({ id }) => !linked.value.includes(id));
  if (missing.length > 0) return missing.map(({ login }) => reason('saml_missing', { login, owner }));
  return [reason('saml_linked', { owner, by: people.map(({ login }) => login) })];
}

/** Whose approval of the deployment counts. */
function approversOf({ approvals }: EnvironmentPolicy, facts: DeploymentFacts): readonly Actor[] {
  if (approvals === undefined || !facts.environment.known) return [];
  const reviewers = reviewersOf(approvals.from, facts.environment.value);
  if (reviewers === null) return [];
  return judgeReviews(reviewers, facts).flatMap(({ reviewer, state, disqualified }) =>
    reviewer !== null && state === 'approved' && disqualified === null ? [reviewer] : [],
  );
}
