import { type Known, known } from './known.ts';
import type { ProtectionRules } from './protection-facts.ts';

/**
 * What each setting of the policy's `protection:` means by GitHub's rules, whether they are classic protection's or a
 * ruleset's: both are read into one form. `checks` and `admins` are not here: they are about the policy and about whom it binds.
 */
export const PROTECTION_SETTINGS = [
  'pull_request',
  'stale_approvals',
  'last_push',
  'code_owners',
  'conversations',
  'linear_history',
  'signed_commits',
  'up_to_date',
  'merge_queue',
  'force_push',
  'deletion',
] as const;

export type EnforcedSetting = (typeof PROTECTION_SETTINGS)[number];

/** Those that hang on a pull request: whoever needs none is bound by none of them. */
const OF_PULL_REQUEST: ReadonlySet<EnforcedSetting> = new Set([
  'pull_request',
  'stale_approvals',
  'last_push',
  'code_owners',
  'conversations',
]);

/** Whether these rules, by themselves, enforce a setting. */
export function enforces(rules: ProtectionRules, setting: EnforcedSetting): Known<boolean> {
  switch (setting) {
    case 'pull_request':
      return known(rules.pullRequestRequired);
    case 'stale_approvals':
      return known(rules.pullRequestRequired && rules.dismissesStaleApprovals);
    case 'last_push':
      return known(rules.pullRequestRequired && rules.lastPushApproved);
    case 'code_owners':
      return known(rules.pullRequestRequired && rules.codeOwnersRequired);
    case 'conversations':
      return known(rules.conversationsResolved);
    case 'linear_history':
      return known(rules.linearHistory);
    case 'signed_commits':
      return known(rules.signaturesRequired);
    case 'up_to_date':
      return known(rules.upToDate);
    case 'merge_queue':
      return rules.mergeQueue;
    case 'force_push':
      return known(rules.forcePushBlocked);
    case 'deletion':
      return known(rules.deletionBlocked);
  }
}

/** Whether nobody can get round a setting that these rules enforce. */
export function bindsEverybody(rules: ProtectionRules, setting: EnforcedSetting | null): Known<boolean> {
  if (rules.pullRequestBypassed && setting !== null && OF_PULL_REQUEST.has(setting)) return known(false);
  return rules.adminsIncluded;
}
