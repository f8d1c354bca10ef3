import type { ChangeFacts, CheckFacts } from '../../domain/change-facts.ts';
import type { GateResult } from '../../domain/decision.ts';
import type { RequiredCheck } from '../../domain/protection-facts.ts';
import type { Reason } from '../../domain/reason.ts';
import { notApplicable, passed, pending } from '../gate-result.ts';
import { reason } from '../reasons.ts';
import type { Policy } from '../schema.ts';
import { protectionSources } from './protection-sources.ts';

const GATE = 'checks';

/** Ours wait for this very decision: to require them here would wait for ever. */
const OWN = 'countersign/';

/**
 * Whether every check that the policy or GitHub's protection requires has succeeded on the head commit. A failed one only
 * holds: it can be run again, or mended by another commit. Neutral and skipped count as success, as on GitHub.
 */
export function checksGate(policy: Policy, facts: ChangeFacts): GateResult {
  const head = facts.pullRequest.headSha;
  const { rules, unknowns } = protectionSources(facts);
  const required = distinct([
    ...(policy.changes.checks ?? []).map(requiredCheck),
    ...rules.flatMap(({ requiredChecks }) => requiredChecks),
  ]);
  const against = [
    ...checkProblems(required, facts),
    ...unknowns.map((why) =>
      reason('protection_unknown', { branch: facts.protection.branch, setting: 'checks', why }),
    ),
  ];
  if (against.length > 0) return pending(GATE, ...against);
  if (required.length === 0) return notApplicable(GATE);
  return passed(
    GATE,
    reason('checks_passed', { checks: [...new Set(required.map(({ name }) => name))], head }),
  );
}

/** A check as the policy asks for it. */
export function requiredCheck(
  check: string | { readonly name: string; readonly app: number },
): RequiredCheck {
  return typeof check === 'string' ? { name: check, appId: null } : { name: check.name, appId: check.app };
}

/** Those of the checks that haven't succeeded on the head. Asked of an app, what anybody else reports by that name is nothing. */
export function checkProblems(
  required: readonly RequiredCheck[],
  { checks, pullRequest }: ChangeFacts,
): readonly Reason[] {
  const byName = Map.groupBy(checks.items, ({ name }) => name);
  return required.flatMap((check) => problemOf(check, byName.get(check.name) ?? [], pullRequest.headSha));
}

function problemOf(
  { name, appId }: RequiredCheck,
  reported: readonly CheckFacts[],
  head: string,
): readonly Reason[] {
  const states = reported
    .filter((check) => appId === null || check.appId === appId)
    .map(({ state }) => state);
  const about = { check: name, head, ...(appId === null ? {} : { app: appId }) };
  if (states.length === 0) return [reason('check_missing', about)];
  // Where two apps report under one name and either will do, the worse one counts.
  if (states.includes('failure')) return [reason('check_failed', about)];
  if (states.includes('pending')) return [reason('check_pending', about)];
  return [];
}

/** Each once, in the order of their names. */
function distinct(checks: readonly RequiredCheck[]): readonly RequiredCheck[] {
  const found = new Map<string, RequiredCheck>();
  for (const check of checks) {
    if (!check.name.startsWith(OWN)) found.set(`${check.name}\n${check.appId ?? ''}`, check);
  }
  return [...found].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, check]) => check);
}
