import type { Trigger } from '../../domain/trigger.ts';
import type { Envelope } from '../payload.ts';

/**
 * Branch protection, rulesets, teams, members: what is open may be judged otherwise now. The payload says what changed,
 * but not completely and not always in order, so nothing is taken from it: the facts are gathered afresh.
 */
export function controlTriggers(envelope: Envelope): Trigger[] {
  const { repository, installationId } = envelope;
  if (repository !== null) return [{ kind: 'judge_open', repository, branch: null }];
  return [{ kind: 'judge_open_in_installation', installationId }];
}

const MEMBERSHIP_CHANGES = new Set(['member_added', 'member_removed']);

/** Who belongs to the organisation. An invitation changes nothing yet. */
export function organizationTriggers(envelope: Envelope): Trigger[] {
  return MEMBERSHIP_CHANGES.has(envelope.action) ? controlTriggers(envelope) : [];
}

const ACCESS_GAINED = new Set(['created', 'unsuspend', 'new_permissions_accepted', 'added']);

/** Our App was given something to see. What it lost it can't read any more, so there is nothing to be judged. */
export function installationTriggers({ action, installationId }: Envelope): Trigger[] {
  return ACCESS_GAINED.has(action) ? [{ kind: 'judge_open_in_installation', installationId }] : [];
}
