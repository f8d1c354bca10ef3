import { isDeepStrictEqual } from 'node:util';
import type { ControlSettings } from '../domain/control-facts.ts';
import type { ProtectionRules } from '../domain/protection-facts.ts';
import { classicProtection, classicRules } from './protection-of.ts';
import type { ProtectionRule } from './wire-protection-rule.ts';

/**
 * What REST tells of classic protection that we have a meaning for, or that says nothing about what we judge. With a setting that isn't
 * here, which GraphQL has no field for as far as we know, REST is asked.
 */
const KNOWN: readonly RegExp[] = [
  /^(?:enabled|name)$/,
  /^(?:enforce_admins|required_linear_history|allow_force_pushes|allow_deletions|block_creations|required_conversation_resolution|lock_branch|allow_fork_syncing|required_signatures)\.enabled$/,
  /^required_status_checks\.(?:strict|contexts|checks|enforcement_level)$/,
  /^required_pull_request_reviews\.(?:dismiss_stale_reviews|require_code_owner_reviews|require_last_push_approval|required_approving_review_count)$/,
  /^required_pull_request_reviews\.(?:bypass_pull_request_allowances|dismissal_restrictions)\.(?:users|teams|apps)$/,
  /^restrictions\.(?:users|teams|apps)$/,
];

/**
 * The classic protection of a branch by what came with the pull request from GraphQL, and by the last look at it, which REST was asked
 * for. It is taken only where both say the same of all that is judged, the branch has no other rule, and the look has no setting
 * beyond those that GraphQL tells: null otherwise, and REST is asked as ever. So a field that GraphQL means otherwise than
 * we believe costs a request, and decides nothing; and so does whatever was changed since the look.
 */
export function classicByRule(
  rule: ProtectionRule | null,
  lastLook: ControlSettings | null,
): ProtectionRules | null {
  if (rule === null || lastLook === null || !isWhole(rule)) return null;
  if (!Object.keys(lastLook).every((setting) => KNOWN.some((known) => known.test(setting)))) return null;
  const looked = classicProtection.safeParse(nested(lastLook));
  if (!looked.success) return null;
  const now = classicRules(asRest(rule));
  if (!isDeepStrictEqual(judged(now), judged(classicRules(looked.data)))) return null;
  return { ...now, raw: rule };
}

/** A check without an App is one that anybody may report, or whose App isn't shown to us: only REST tells them apart. */
function isWhole(rule: ProtectionRule): boolean {
  if (rule.branchProtectionRuleConflicts.totalCount !== 0) return false;
  if (rule.requiresApprovingReviews && rule.requiredApprovingReviewCount === null) return false;
  return (
    !rule.requiresStatusChecks ||
    (rule.requiredStatusChecks ?? [{ app: null }]).every(({ app }) => app !== null)
  );
}

function asRest(rule: ProtectionRule): Parameters<typeof classicRules>[0] {
  const bypassed = rule.bypassPullRequestAllowances.totalCount > 0;
  const reviews = {
    required_approving_review_count: rule.requiredApprovingReviewCount,
    dismiss_stale_reviews: rule.dismissesStaleReviews,
    require_code_owner_reviews: rule.requiresCodeOwnerReviews,
    require_last_push_approval: rule.requireLastPushApproval,
    // Who they are is told by the look; here it counts whether there are any.
    bypass_pull_request_allowances: { users: bypassed ? ['somebody'] : [] },
  };
  const checks = (rule.requiredStatusChecks ?? []).map(({ context, app }) => ({
    context,
    app_id: app?.databaseId ?? null,
  }));
  return {
    ...(rule.requiresApprovingReviews ? { required_pull_request_reviews: reviews } : {}),
    ...(rule.requiresStatusChecks
      ? { required_status_checks: { strict: rule.requiresStrictStatusChecks, checks } }
      : {}),
    enforce_admins: { enabled: rule.isAdminEnforced },
    allow_force_pushes: { enabled: rule.allowsForcePushes },
    allow_deletions: { enabled: rule.allowsDeletions },
    required_conversation_resolution: { enabled: rule.requiresConversationResolution },
    required_linear_history: { enabled: rule.requiresLinearHistory },
    required_signatures: { enabled: rule.requiresCommitSignatures },
  };
}

/** All but GitHub's own words, and lists in an order of ours. */
function judged(read: ProtectionRules): unknown {
  const { raw: _, requiredChecks, ...rules } = read;
  const key = (check: object): string => JSON.stringify(check);
  return { ...rules, requiredChecks: requiredChecks.toSorted((a, b) => (key(a) < key(b) ? -1 : 1)) };
}

/** Settings by their path, as the object that they are of. */
function nested(settings: ControlSettings): unknown {
  const root: Record<string, unknown> = {};
  for (const [path, value] of Object.entries(settings)) {
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    let at = root;
    for (const key of keys) {
      const inner = at[key];
      const next = typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>) : {};
      at[key] = next;
      at = next;
    }
    at[last] = JSON.parse(value) as unknown;
  }
  return root;
}
