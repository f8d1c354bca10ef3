import { z } from 'zod';

/**
 * The classic protection of a `Ref`, as GraphQL has it: in the typed fields for what is judged, and whether another rule matches the
 * same branches. Others' Apps read it with the right to read administration, as REST's; without it GitHub answers FORBIDDEN there. GitHub's own
 * pages don't say so (https://github.com/ossf/scorecard/issues/1097 has its staff's word): where it isn't told, REST is asked.
 * https://docs.github.com/graphql/reference/objects#branchprotectionrule
 */
export const PROTECTION_OF_REF = `branchProtectionRule {
  branchProtectionRuleConflicts(first: 1) { totalCount }
  requiresApprovingReviews requiredApprovingReviewCount dismissesStaleReviews requiresCodeOwnerReviews requireLastPushApproval
  bypassPullRequestAllowances(first: 1) { totalCount }
  requiresStatusChecks requiresStrictStatusChecks requiredStatusChecks { context app { databaseId } }
  isAdminEnforced allowsForcePushes allowsDeletions requiresConversationResolution requiresLinearHistory requiresCommitSignatures
}`;

/** Where an error says only that GitHub doesn't show it. */
export const PROTECTION_REFUSED = /^repository\.pullRequest\.baseRef\.branchProtectionRule(?:\.|$)/;

const counted = z.object({ totalCount: z.int() });

/** Null where there is none, where it isn't shown, or where it has a form that we don't know: then REST says what holds. */
export const protectionRule = z
  .object({
    branchProtectionRuleConflicts: counted,
    requiresApprovingReviews: z.boolean(),
    requiredApprovingReviewCount: z.int().nullable(),
    dismissesStaleReviews: z.boolean(),
    requiresCodeOwnerReviews: z.boolean(),
    requireLastPushApproval: z.boolean(),
    bypassPullRequestAllowances: counted,
    requiresStatusChecks: z.boolean(),
    requiresStrictStatusChecks: z.boolean(),
    requiredStatusChecks: z
      .array(z.object({ context: z.string(), app: z.object({ databaseId: z.int() }).nullable() }))
      .nullable(),
    isAdminEnforced: z.boolean(),
    allowsForcePushes: z.boolean(),
    allowsDeletions: z.boolean(),
    requiresConversationResolution: z.boolean(),
    requiresLinearHistory: z.boolean(),
    requiresCommitSignatures: z.boolean(),
  })
  .nullish()
  .catch(null)
  .transform((rule) => rule ?? null);

export type ProtectionRule = NonNullable<z.output<typeof protectionRule>>;
