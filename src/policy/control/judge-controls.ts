import type { ControlStanding, JudgedControls } from '../../domain/control-facts.ts';
import type { EnvironmentFacts } from '../../domain/deployment-facts.ts';
import type { Known } from '../../domain/known.ts';
import type { ProtectionFacts } from '../../domain/protection-facts.ts';
import { protectionGate } from '../change/protection.ts';
import { environmentOf } from '../environment-of.ts';
import { organisationPolicy, policiesGuarding } from '../organisation-policy.ts';
import type { Policy } from '../schema.ts';

/**
 * Whether GitHub enforces what is demanded of a branch, by the repository's policy and by its organisation's: as the gate on an open
 * change into it judges.
 */
export function judgeBranchControls(policy: Policy, protection: ProtectionFacts): JudgedControls {
  const base = { protection, pullRequest: { baseRef: protection.branch } };
  const gates = policiesGuarding(policy, protection.branch).map((each) => protectionGate(each, base));
  if (gates.every(({ outcome }) => outcome === 'not_applicable'))
    return { standing: 'not_demanded', unmet: [] };
  const against = gates.flatMap(({ reasons }) => reasons).filter(({ code }) => code !== 'protection_holds');
  const unmet = [...new Set(against.map(({ about }) => String(about['setting'])))].toSorted();
  if (unmet.length === 0) return { standing: 'whole', unmet };
  return { standing: against.some(({ code }) => code === 'protection_missing') ? 'gap' : 'unknown', unmet };
}

/** The policy's names for what an environment has to have. */
const REVIEWERS = 'reviewers';
const OUR_RULE = 'our_rule';

/**
 * Whether an environment has what the policy rests on: reviewers, where it takes its approvals from them; and our own protection
 * rule, where that was once on (`guarded`): without it jobs of Actions start without our word.
 */
export function judgeEnvironmentControls(
  policy: Policy,
  name: string,
  { environment, guarded }: { readonly environment: Known<EnvironmentFacts>; readonly guarded: boolean },
): JudgedControls {
  const demandsReviewers = [policy, organisationPolicy(policy)].some(
    (each) => each !== null && environmentOf(each, name)?.approvals?.from === 'environment',
  );
  if (!demandsReviewers && !guarded) return { standing: 'not_demanded', unmet: [] };
  const missing: string[] = [];
  const unseen: string[] = [];
  const look = (setting: string, has: Known<boolean>): void => {
    if (!has.known) unseen.push(setting);
    else if (!has.value) missing.push(setting);
  };
  if (demandsReviewers) {
    look(
      REVIEWERS,
      environment.known ? { known: true, value: hasReviewers(environment.value) } : environment,
    );
  }
  if (guarded) look(OUR_RULE, environment.known ? environment.value.guardedByUs : environment);
  const unmet = [...missing, ...unseen].toSorted();
  return { standing: missing.length > 0 ? 'gap' : unseen.length > 0 ? 'unknown' : 'whole', unmet };
}

const hasReviewers = ({ reviewers }: EnvironmentFacts): boolean =>
  reviewers !== null && reviewers.users.length + reviewers.teams.length > 0;

/** A gap ends where it is seen that nothing is missing any more. That it can't be seen ends none. */
export function standingAfter(
  before: { readonly standing: ControlStanding; readonly unmet: readonly string[] } | null,
  now: JudgedControls,
): JudgedControls {
  if (before?.standing !== 'gap' || now.standing !== 'unknown') return now;
  return { standing: 'gap', unmet: [...new Set([...before.unmet, ...now.unmet])].toSorted() };
}
