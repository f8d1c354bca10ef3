import type { ChangeFacts } from '../../domain/change-facts.ts';
import type { GateResult } from '../../domain/decision.ts';
import type { ProtectionRules } from '../../domain/protection-facts.ts';
import type { Reason } from '../../domain/reason.ts';
import { notApplicable, passed, pending } from '../gate-result.ts';
import { reason, type ProtectionSetting } from '../reasons.ts';
import type { Policy } from '../schema.ts';
import { protectionSources } from './protection-sources.ts';

const GATE = 'protection';
export const CHANGE_CHECK = 'countersign/change';

type Demand = {
  readonly setting: ProtectionSetting;
  readonly check?: string;
  readonly isMetBy: (rules: ProtectionRules) => boolean;
};

/**
 * Whether GitHub itself enforces what the policy asks of the branch. Classic protection and rulesets hold at once, so each
 * demand is met by either. With `admins: included` a demand is met only by rules that nobody can bypass. What GitHub
 * doesn't show is unknown, and unknown meets nothing.
 */
export function protectionGate(policy: Policy, facts: ChangeFacts): GateResult {
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
  const judged = demands.length > 0 ? demands : [{ setting: 'admins' as const, isMetBy: () => true }];
  for (const { setting, check, isMetBy } of judged) {
    const meeting = rules.filter(isMetBy);
    if (meeting.length === 0) {
      if (unknowns.length > 0) against.push(unknown(setting, unknowns.join('; ')));
      else if (check === undefined) against.push(missing(setting));
      else unmetChecks.push(check);
    } else if (asked.admins !== undefined) {
      const binding = meeting.map(({ adminsIncluded }) => adminsIncluded);
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
  const demands: Demand[] = [];
  const demand = (setting: ProtectionSetting, isMetBy: Demand['isMetBy']) =>
    void demands.push({ setting, isMetBy });
  if (asked.pull_request !== undefined) demand('pull_request', (rules) => rules.pullRequestRequired);
  if (asked.stale_approvals !== undefined) {
    demand('stale_approvals', (rules) => rules.pullRequestRequired && rules.dismissesStaleApprovals);
  }
  if (asked.force_push !== undefined) demand('force_push', (rules) => rules.forcePushBlocked);
  if (asked.deletion !== undefined) demand('deletion', (rules) => rules.deletionBlocked);
  if (asked.checks !== undefined) {
    const named = checks.map((check) => (typeof check === 'string' ? { name: check, app: null } : check));
    const demandCheck = (name: string, fits: (appId: number | null) => boolean) =>
      void demands.push({
        setting: 'checks',
        check: name,
        isMetBy: ({ requiredChecks }) =>
          requiredChecks.some((check) => check.name === name && fits(check.appId)),
      });
    // Required of anybody, our own check could be answered by everyone with write access.
    demandCheck(CHANGE_CHECK, (appId) => appId !== null && appId === ownAppId);
    for (const { name, app } of named) demandCheck(name, (appId) => app === null || appId === app);
  }
  return demands;
}
