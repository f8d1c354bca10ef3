import { z } from 'zod';
import type { ProtectionRules, RequiredCheck, RulesetFacts } from '../domain/protection-facts.ts';
import { known, unknown } from '../domain/known.ts';

const enabled = z.object({ enabled: z.boolean() }).nullish();

/** Classic branch protection, as REST has it. */
export const classicProtection = z.looseObject({
  required_pull_request_reviews: z
    .looseObject({
      dismiss_stale_reviews: z.boolean().nullish(),
      required_approving_review_count: z.int().nullish(),
    })
    .nullish(),
  required_status_checks: z
    .looseObject({
      contexts: z.array(z.string()).nullish(),
      checks: z.array(z.looseObject({ context: z.string(), app_id: z.int().nullish() })).nullish(),
    })
    .nullish(),
  enforce_admins: enabled,
  allow_force_pushes: enabled,
  allow_deletions: enabled,
});

const pullRequestParameters = z.looseObject({
  required_approving_review_count: z.int().nullish(),
  dismiss_stale_reviews_on_push: z.boolean().nullish(),
});
const checkParameters = z.looseObject({
  required_status_checks: z.array(z.looseObject({ context: z.string(), integration_id: z.int().nullish() })),
});
const JUDGED = new Set(['pull_request', 'required_status_checks', 'non_fast_forward', 'deletion']);
const rulesets = { ruleset_id: z.int(), ruleset_source: z.string().nullish() };

/** One rule that is active on a branch, from whichever ruleset. Kinds that we don't judge are kept as they are. */
export const branchRule = z
  .discriminatedUnion('type', [
    z.looseObject({
      ...rulesets,
      type: z.literal('pull_request'),
      parameters: pullRequestParameters.nullish(),
    }),
    z.looseObject({
      ...rulesets,
      type: z.literal('required_status_checks'),
      parameters: checkParameters.nullish(),
    }),
    z.looseObject({ ...rulesets, type: z.literal('non_fast_forward') }),
    z.looseObject({ ...rulesets, type: z.literal('deletion') }),
  ])
  .or(z.looseObject({ ...rulesets, type: z.string().refine((type) => !JUDGED.has(type)) }));

/** What isn't said counts as not enforced; only what GitHub says is on, is on. */
export function classicRules(wire: z.output<typeof classicProtection>): ProtectionRules {
  const reviews = wire.required_pull_request_reviews ?? null;
  const checks = wire.required_status_checks ?? null;
  const pinned = (checks?.checks ?? []).map(({ context, app_id }) => requiredCheck(context, app_id));
  const names = new Set(pinned.map(({ name }) => name));
  const others = (checks?.contexts ?? []).filter((context) => !names.has(context));
  return {
    pullRequestRequired: reviews !== null,
    requiredApprovals: reviews?.required_approving_review_count ?? 0,
    dismissesStaleApprovals: reviews?.dismiss_stale_reviews === true,
    requiredChecks: [...pinned, ...others.map((name) => requiredCheck(name, null))],
    forcePushBlocked: wire.allow_force_pushes?.enabled === false,
    deletionBlocked: wire.allow_deletions?.enabled === false,
    adminsIncluded:
      typeof wire.enforce_admins?.enabled === 'boolean'
        ? known(wire.enforce_admins.enabled)
        : unknown('GitHub does not say whether the protection holds for administrators'),
    raw: wire,
  };
}

type BranchRule = z.output<typeof branchRule>;

/** The active rules of a branch, by the ruleset that each comes from. */
export function rulesetsOf(rules: readonly BranchRule[]): readonly RulesetFacts[] {
  return [...Map.groupBy(rules, (rule) => rule.ruleset_id)].map(([id, own]) => {
    const reviews = own.flatMap((rule) => (isKind(rule, 'pull_request') ? [rule.parameters] : []));
    const checks = own.flatMap((rule) =>
      isKind(rule, 'required_status_checks') ? (rule.parameters?.required_status_checks ?? []) : [],
    );
    return {
      id,
      source: own[0]?.ruleset_source ?? '',
      pullRequestRequired: reviews.length > 0,
      requiredApprovals: Math.max(0, ...reviews.map((each) => each?.required_approving_review_count ?? 0)),
      dismissesStaleApprovals: reviews.some((each) => each?.dismiss_stale_reviews_on_push === true),
      requiredChecks: checks.map(({ context, integration_id }) => requiredCheck(context, integration_id)),
      forcePushBlocked: own.some((rule) => rule.type === 'non_fast_forward'),
      deletionBlocked: own.some((rule) => rule.type === 'deletion'),
      // A ruleset binds whoever isn't among its bypass actors, and those it shows only to who may edit it.
      adminsIncluded: unknown("GitHub shows a ruleset's bypass actors only to those who may edit it"),
      raw: own,
    };
  });
}

function isKind<Kind extends string>(
  rule: BranchRule,
  kind: Kind,
): rule is Extract<BranchRule, { type: Kind }> {
  return rule.type === kind;
}

/** An App id of -1 is GitHub's way to say that any App will do. */
function requiredCheck(name: string, appId: number | null | undefined): RequiredCheck {
  return { name, appId: typeof appId === 'number' && appId >= 0 ? appId : null };
}
