import type { Trigger } from '../../domain/trigger.ts';
import type { Envelope } from '../payload.ts';
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
 * Branch protection and rulesets: besides, what is enforced is looked at and compared with the last look. Who changed it is the only
 * thing that is taken from the delivery.
 */
export function protectionTriggers(envelope: Envelope): Trigger[] {
  const { repository, installationId, sender } = envelope;
  if (repository !== null)
    return [{ kind: 'look_at_controls', repository, by: sender }, ...controlTriggers(envelope)];
  return [{ kind: 'judge_open_in_installation', installationId, controlsBy: sender }];
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
