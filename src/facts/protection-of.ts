import { z } from 'zod';
import type {
  ProtectionRules,
  RequiredCheck,
  RulesetFacts,
  RulesetOwner,
} from '../domain/protection-facts.ts';
import { known, unknown } from '../domain/known.ts';

const allowed = z.array(z.unknown()).nullish();
const enabled = z.object({ enabled: z.boolean() }).nullish();

/** Classic branch protection, as REST has it. */
export const classicProtection = z.looseObject({
  required_pull_request_reviews: z
    .looseObject({
      dismiss_stale_reviews: z.boolean().nullish(),
      required_approving_review_count: z.int().nullish(),
      require_last_push_approval: z.boolean().nullish(),
      require_code_owner_reviews: z.boolean().nullish(),
      bypass_pull_request_allowances: z
        .looseObject({ users: allowed, teams: allowed, apps: allowed })
        .nullish(),
    })
    .nullish(),
  required_status_checks: z
    .looseObject({
      strict: z.boolean().nullish(),
      contexts: z.array(z.string()).nullish(),
      checks: z.array(z.looseObject({ context: z.string(), app_id: z.int().nullish() })).nullish(),
    })
    .nullish(),
  enforce_admins: enabled,
  allow_force_pushes: enabled,
  allow_deletions: enabled,
  required_conversation_resolution: enabled,
  required_linear_history: enabled,
  required_signatures: enabled,
});

const pullRequestParameters = z.looseObject({
  required_approving_review_count: z.int().nullish(),
  dismiss_stale_reviews_on_push: z.boolean().nullish(),
  require_last_push_approval: z.boolean().nullish(),
  require_code_owner_review: z.boolean().nullish(),
  required_review_thread_resolution: z.boolean().nullish(),
});
const checkParameters = z.looseObject({
  strict_required_status_checks_policy: z.boolean().nullish(),
  required_status_checks: z.array(z.looseObject({ context: z.string(), integration_id: z.int().nullish() })),
});
/** Rules that are on by being there. */
const SWITCHES = [
  'non_fast_forward',
  'deletion',
  'required_linear_history',
  'required_signatures',
  'merge_queue',
] as const;
const JUDGED: ReadonlySet<string> = new Set(['pull_request', 'required_status_checks', ...SWITCHES]);
const rulesets = {
  ruleset_id: z.int(),
  ruleset_source: z.string().nullish(),
  ruleset_source_type: z.string().nullish(),
};

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
    z.looseObject({ ...rulesets, type: z.enum(SWITCHES) }),
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
    lastPushApproved: reviews?.require_last_push_approval === true,
    codeOwnersRequired: reviews?.require_code_owner_reviews === true,
    conversationsResolved: wire.required_conversation_resolution?.enabled === true,
    linearHistory: wire.required_linear_history?.enabled === true,
    signaturesRequired: wire.required_signatures?.enabled === true,
    upToDate: checks?.strict === true && pinned.length + others.length > 0,
    mergeQueue: unknown('GitHub does not say whether classic branch protection requires a merge queue'),
    pullRequestBypassed: Object.values(reviews?.bypass_pull_request_allowances ?? {}).some(
      (list) => Array.isArray(list) && list.length > 0,
    ),
    adminsIncluded:
      typeof wire.enforce_admins?.enabled === 'boolean'
        ? known(wire.enforce_admins.enabled)
        : unknown('GitHub does not say whether the protection holds for administrators'),
    raw: wire,
  };
}

export type BranchRule = z.output<typeof branchRule>;

const OWNERS: Readonly<Record<string, RulesetOwner | undefined>> = {
  repository: 'repository',
  organization: 'organization',
  enterprise: 'enterprise',
};

/** The active rules of a branch, by the ruleset that each comes from. */
export function rulesetsOf(rules: readonly BranchRule[]): readonly RulesetFacts[] {
  return [...Map.groupBy(rules, (rule) => rule.ruleset_id)].map(([id, own]) => {
    const reviews = own.flatMap((rule) => (isKind(rule, 'pull_request') ? [rule.parameters] : []));
    const checkRules = own.flatMap((rule) =>
      isKind(rule, 'required_status_checks') ? [rule.parameters] : [],
    );
    const checks = checkRules.flatMap((each) => each?.required_status_checks ?? []);
    const has = (type: (typeof SWITCHES)[number]): boolean => own.some((rule) => rule.type === type);
    const owner = OWNERS[own[0]?.ruleset_source_type?.toLowerCase() ?? ''];
    return {
      id,
      source: own[0]?.ruleset_source ?? '',
      ...(owner === undefined ? {} : { owner }),
      pullRequestRequired: reviews.length > 0,
      requiredApprovals: Math.max(0, ...reviews.map((each) => each?.required_approving_review_count ?? 0)),
      dismissesStaleApprovals: reviews.some((each) => each?.dismiss_stale_reviews_on_push === true),
      requiredChecks: checks.map(({ context, integration_id }) => requiredCheck(context, integration_id)),
      forcePushBlocked: has('non_fast_forward'),
      deletionBlocked: has('deletion'),
      lastPushApproved: reviews.some((each) => each?.require_last_push_approval === true),
      codeOwnersRequired: reviews.some((each) => each?.require_code_owner_review === true),
      conversationsResolved: reviews.some((each) => each?.required_review_thread_resolution === true),
      linearHistory: has('required_linear_history'),
      signaturesRequired: has('required_signatures'),
      upToDate:
        checks.length > 0 && checkRules.some((each) => each?.strict_required_status_checks_policy === true),
      mergeQueue: known(has('merge_queue')),
      pullRequestBypassed: false,
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
