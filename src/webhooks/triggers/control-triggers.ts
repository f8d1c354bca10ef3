import { z } from 'zod';
import type { NamedControl } from '../../domain/control-facts.ts';
import type { Trigger } from '../../domain/trigger.ts';
import { type Envelope, idSchema } from '../payload.ts';
import { coverageOfInstallation, coverageOfRepositories } from './coverage-triggers.ts';

/**
 * Branch protection, rulesets, teams, members: what is open may be judged otherwise now. The payload says what changed,
 * but not completely and not always in order, so nothing is taken from it: the facts are gathered afresh.
 */
export function controlTriggers(envelope: Envelope): Trigger[] {
  const { repository, installationId } = envelope;
  if (repository !== null) return [{ kind: 'judge_open', repository, branch: null }];
  return [{ kind: 'judge_open_in_installation', installationId }];
}

/**
 * Branch protection and rulesets: besides, what is enforced is looked at and compared with the last look. Taken from the delivery are
 * only its sender and which rule or ruleset it names, by which a change that is found is theirs, or perhaps somebody else's.
 */
export function protectionTriggers(envelope: Envelope): Trigger[] {
  const { repository, installationId, sender } = envelope;
  const named = namedBy(envelope);
  if (repository !== null)
    return [{ kind: 'look_at_controls', repository, by: sender, named }, ...controlTriggers(envelope)];
  return [{ kind: 'judge_open_in_installation', installationId, controlsBy: sender, controlNamed: named }];
}

const branchRule = z.object({ rule: z.object({ name: z.string().min(1) }) });
const ruleset = z.object({ repository_ruleset: z.object({ id: idSchema }) });

/** Null also where it can't be read: that is no reason not to look. `branch_protection_configuration` names no rule. */
function namedBy({ event, payload }: Envelope): NamedControl | null {
  if (event === 'branch_protection_rule') {
    const read = branchRule.safeParse(payload);
    return read.success ? { kind: 'branch_rule', pattern: read.data.rule.name } : null;
  }
  if (event === 'repository_ruleset') {
    const read = ruleset.safeParse(payload);
    return read.success ? { kind: 'ruleset', id: read.data.repository_ruleset.id } : null;
  }
  return null;
}

const MEMBERSHIP_CHANGES = new Set(['member_added', 'member_removed']);

/** Who belongs to the organisation. An invitation changes nothing yet. */
export function organizationTriggers(envelope: Envelope): Trigger[] {
  return MEMBERSHIP_CHANGES.has(envelope.action) ? controlTriggers(envelope) : [];
}

/**
 * The account that the App is installed on has another login, and with it each of its repositories another name: they are listed anew.
 * Neither name is taken from the delivery, which may be late.
 */
export function targetTriggers({ action, installationId }: Envelope): Trigger[] {
  return action === 'renamed' ? [{ kind: 'judge_open_in_installation', installationId }] : [];
}

const ACCESS_GAINED = new Set(['created', 'unsuspend', 'new_permissions_accepted', 'added']);

/** What our App was given or lost is recorded; what it was given is looked at, and what it lost can't be read any more. */
export function installationTriggers(envelope: Envelope): Trigger[] {
  const { event, action, installationId } = envelope;
  const coverage =
    event === 'installation' ? coverageOfInstallation(envelope) : coverageOfRepositories(envelope);
  if (!ACCESS_GAINED.has(action)) return coverage;
  return [...coverage, { kind: 'judge_open_in_installation', installationId }];
}
