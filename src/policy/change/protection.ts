import { CHANGE_CHECK } from '../../domain/change-check.ts';
import type { GateResult } from '../../domain/decision.ts';
import { type Known, known } from '../../domain/known.ts';
import type { ProtectionRules } from '../../domain/protection-facts.ts';
import {
  bindsEverybody,
  type EnforcedSetting,
  enforces,
  PROTECTION_SETTINGS,
} from '../../domain/protection-settings.ts';
import type { Reason } from '../../domain/reason.ts';
import { notApplicable, passed, pending } from '../gate-result.ts';
import { reason, type ProtectionSetting } from '../reasons.ts';
import type { Policy } from '../schema.ts';
import { type ProtectedBase, protectionSources } from './protection-sources.ts';

const GATE = 'protection';

type Demand = {
  readonly setting: ProtectionSetting;
  readonly check?: string;
  readonly isMetBy: (rules: ProtectionRules) => Known<boolean>;
};

/**
 * Whether GitHub itself enforces what the policy asks of the branch. Classic protection and rulesets hold at once, so each
 * demand is met by either. With `admins: included` a demand is met only by rules that nobody can bypass. What GitHub
 * doesn't show is unknown, and unknown meets nothing.
 */
export function protectionGate(policy: Policy, facts: ProtectedBase): GateResult {
  const asked = policy.changes.protection ?? {};
  const { rules, unknowns } = protectionSources(facts);
  const { branch } = facts.protection;
  const demands = demandsOf(policy, facts.protection.appId);
  if (demands.length === 0 && asked.admins === undefined) return notApplicable(GATE);

  const missing = (setting: ProtectionSetting, checks: readonly string[] = []): Reason =>
    reason('protection_missing', { branch, setting, ...(checks.length === 0 ? {} : { checks }) });
  const unknown = (setting: ProtectionSetting, why: string): Reason =>
    reason('protection_unknown', { branch, setting, why });

  const against: Reason[] = [];
  const unmetChecks: string[] = [];
  // With nothing else asked, `admins: included` asks that there be rules at all, and that they bind everyone.
  const judged = demands.length > 0 ? demands : [{ setting: 'admins' as const, isMetBy: () => known(true) }];
  for (const { setting, check, isMetBy } of judged) {
    const met = rules.map((each) => ({ each, is: isMetBy(each) }));
    const meeting = met.flatMap(({ each, is }) => (is.known && is.value ? [each] : []));
    if (meeting.length === 0) {
      const notSeen = [...unknowns, ...met.flatMap(({ is }) => (is.known ? [] : [is.why]))];
      if (notSeen.length > 0) against.push(unknown(setting, [...new Set(notSeen)].join('; ')));
      else if (check === undefined) against.push(missing(setting));
      else unmetChecks.push(check);
    } else if (asked.admins !== undefined) {
      const binding = meeting.map((each) => bindsEverybody(each, isEnforced(setting) ? setting : null));
      if (binding.some((included) => included.known && included.value)) continue;
      const notTold = [
        ...unknowns,
        ...binding.flatMap((included) => (included.known ? [] : [included.why])),
      ].toSorted();
      against.push(
        notTold.length > 0 ? unknown('admins', [...new Set(notTold)].join('; ')) : missing('admins'),
      );
    }
  }
  if (unmetChecks.length > 0) against.push(missing('checks', unmetChecks));
  const distinct = [...new Map(against.map((each) => [JSON.stringify(each), each])).values()];
  if (distinct.length > 0) return pending(GATE, ...distinct);
  return passed(GATE, reason('protection_holds', { branch, settings: Object.keys(asked).toSorted() }));
}

function demandsOf(
  { changes: { protection: asked = {}, checks = [] } }: Policy,
  ownAppId: number | null,
): readonly Demand[] {
  const demands: Demand[] = PROTECTION_SETTINGS.filter((setting) => asked[setting] !== undefined).map(
    (setting) => ({ setting, isMetBy: (rules) => enforces(rules, setting) }),
  );
  if (asked.checks !== undefined) {
    const named = checks.map((check) => (typeof check === 'string' ? { name: check, app: null } : check));
    const demandCheck = (name: string, fits: (appId: number | null) => boolean) =>
      void demands.push({
        setting: 'checks',
        check: name,
        isMetBy: ({ requiredChecks }) =>
          known(requiredChecks.some((check) => check.name === name && fits(check.appId))),
      });
    // Required of anybody, our own check could be answered by everyone with write access.
    demandCheck(CHANGE_CHECK, (appId) => appId !== null && appId === ownAppId);
    for (const { name, app } of named) demandCheck(name, (appId) => app === null || appId === app);
  }
  return demands;
}

const isEnforced = (setting: ProtectionSetting): setting is EnforcedSetting =>
  PROTECTION_SETTINGS.some((each) => each === setting);
