import type { Trigger } from '../domain/trigger.ts';
import type { Envelope } from './payload.ts';
import { envelopeOf } from './payload.ts';
import { pullRequestTriggers, reviewTriggers } from './triggers/change-triggers.ts';
import { checkRunTriggers, checkSuiteTriggers, statusTriggers } from './triggers/check-triggers.ts';
import {
  controlTriggers,
  installationTriggers,
  organizationTriggers,
  protectionTriggers,
  targetTriggers,
} from './triggers/control-triggers.ts';
import { repositoryTriggers } from './triggers/coverage-triggers.ts';
import { commentTriggers } from './triggers/comment-triggers.ts';
import {
  deploymentStatusTriggers,
  deploymentTriggers,
  protectionRuleTriggers,
  runTriggers,
} from './triggers/deployment-triggers.ts';
import { mergeGroupTriggers } from './triggers/merge-group-triggers.ts';
import { pushTriggers } from './triggers/push-triggers.ts';

/** Our own App, as the payloads name it. */
export interface Self {
  readonly appId: number;
}

/** One line an event. What isn't here means nothing to us. */
const EVENTS: Readonly<Record<string, (envelope: Envelope, self: Self) => Trigger[]>> = {
  pull_request: pullRequestTriggers,
  pull_request_review: reviewTriggers,
  issue_comment: commentTriggers,
  check_run: checkRunTriggers,
  check_suite: checkSuiteTriggers,
  status: statusTriggers,
  push: pushTriggers,
  merge_group: mergeGroupTriggers,
  deployment: deploymentTriggers,
  deployment_protection_rule: protectionRuleTriggers,
  deployment_review: runTriggers,
  deployment_status: deploymentStatusTriggers,
  workflow_run: runTriggers,
  branch_protection_rule: protectionTriggers,
  branch_protection_configuration: protectionTriggers,
  repository_ruleset: protectionTriggers,
  team: controlTriggers,
  membership: controlTriggers,
  member: controlTriggers,
  organization: organizationTriggers,
  installation: installationTriggers,
  installation_repositories: installationTriggers,
  installation_target: targetTriggers,
  repository: repositoryTriggers,
};

/** The events that can mean something to us: what `app.yml` subscribes to. */
export const KNOWN_EVENTS: readonly string[] = Object.keys(EVENTS);

/**
 * What a delivery means. Pure: the same payload means the same, however often and however late it comes. An event or
 * action that we don't know means nothing; a known one that can't be read is an error, never nothing.
 */
export function triggersOf(event: string, payload: unknown, self: Self): Trigger[] {
  const read = Object.hasOwn(EVENTS, event) ? EVENTS[event] : undefined;
  if (read === undefined) return [];
  const envelope = envelopeOf(event, payload);
  return envelope === null ? [] : read(envelope, self);
}
