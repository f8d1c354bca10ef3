import { describe, expect, test } from '@jest/globals';
import { classicByRule } from '../../../src/facts/classic-by-rule.ts';
import { controlSettings } from '../../../src/facts/control-settings.ts';
import { protectionRule } from '../../../src/facts/wire-protection-rule.ts';

/** As REST tells of it. */
const rest = (over: object = {}) => ({
  url: 'https://api.github.test/x',
  required_pull_request_reviews: {
    dismiss_stale_reviews: true,
    require_code_owner_reviews: false,
    require_last_push_approval: false,
    required_approving_review_count: 2,
  },
  required_status_checks: {
    strict: true,
    contexts: ['build', 'ci'],
    checks: [
      { context: 'ci', app_id: 7 },
      { context: 'build', app_id: 8 },
    ],
  },
  enforce_admins: { enabled: true },
  required_linear_history: { enabled: false },
  allow_force_pushes: { enabled: false },
  allow_deletions: { enabled: false },
  block_creations: { enabled: false },
  required_conversation_resolution: { enabled: true },
  lock_branch: { enabled: false },
  allow_fork_syncing: { enabled: false },
  required_signatures: { enabled: true },
  ...over,
});

/** The same as GraphQL tells of it. */
const wire = (over: object = {}) => ({
  branchProtectionRuleConflicts: { totalCount: 0 },
  requiresApprovingReviews: true,
  requiredApprovingReviewCount: 2,
  dismissesStaleReviews: true,
  requiresCodeOwnerReviews: false,
  requireLastPushApproval: false,
  bypassPullRequestAllowances: { totalCount: 0 },
  requiresStatusChecks: true,
  requiresStrictStatusChecks: true,
  requiredStatusChecks: [
    { context: 'build', app: { databaseId: 8 } },
    { context: 'ci', app: { databaseId: 7 } },
  ],
  isAdminEnforced: true,
  allowsForcePushes: false,
  allowsDeletions: false,
  requiresConversationResolution: true,
  requiresLinearHistory: false,
  requiresCommitSignatures: true,
  ...over,
});

const taken = (rule: unknown, looked: unknown = rest()) =>
  classicByRule(protectionRule.parse(rule), controlSettings(looked));

describe('classic protection by GraphQL and the last look', () => {
  test('is taken where both say the same, in whatever order', () => {
    expect(taken(wire())).toMatchObject({
      requiredApprovals: 2,
      requiredChecks: [
        { name: 'build', appId: 8 },
        { name: 'ci', appId: 7 },
      ],
      signaturesRequired: true,
      adminsIncluded: { known: true, value: true },
    });
  });

  test('is taken where the look has who may dismiss or push, which nothing is judged by', () => {
    const user = { id: 3, login: 'carol' };
    const lists = { users: [user], teams: [], apps: [] };
    const looked = rest({
      restrictions: lists,
      required_pull_request_reviews: {
        ...rest().required_pull_request_reviews,
        dismissal_restrictions: lists,
      },
    });
    expect(taken(wire(), looked)).not.toBeNull();
  });

  test.each<[string, object]>([
    ['a pull request', { requiresApprovingReviews: false }],
    ['approvals', { requiredApprovingReviewCount: 1 }],
    ['approvals, unsaid', { requiredApprovingReviewCount: null }],
    ['stale approvals', { dismissesStaleReviews: false }],
    ['code owners', { requiresCodeOwnerReviews: true }],
    ['the last push', { requireLastPushApproval: true }],
    ['who bypasses', { bypassPullRequestAllowances: { totalCount: 1 } }],
    ['whether checks are required', { requiresStatusChecks: false }],
    ['checks on the newest base', { requiresStrictStatusChecks: false }],
    ['one check less', { requiredStatusChecks: [{ context: 'ci', app: { databaseId: 7 } }] }],
    ['no list of checks', { requiredStatusChecks: null }],
    [
      'a check’s App',
      {
        requiredStatusChecks: [
          { context: 'build', app: { databaseId: 8 } },
          { context: 'ci', app: { databaseId: 9 } },
        ],
      },
    ],
    ['administrators', { isAdminEnforced: false }],
    ['force pushes', { allowsForcePushes: true }],
    ['deletion', { allowsDeletions: true }],
    ['conversations', { requiresConversationResolution: false }],
    ['linear history', { requiresLinearHistory: true }],
    ['signatures', { requiresCommitSignatures: false }],
    ['another rule on the same branches', { branchProtectionRuleConflicts: { totalCount: 1 } }],
    ['a form that we don’t know', { isAdminEnforced: 'yes' }],
  ])('is asked of REST where GraphQL says otherwise: %s', (_, over) => {
    expect(taken(wire(over))).toBeNull();
  });

  test.each<[string, unknown]>([
    ['nobody protects it', { enabled: false }],
    ['with a setting that nobody knew', rest({ required_deployments: { environments: ['staging'] } })],
    [
      'with a new setting of reviews',
      rest({
        required_pull_request_reviews: {
          ...rest().required_pull_request_reviews,
          require_extra_approval: true,
        },
      }),
    ],
    ['with a setting of another form', rest({ enforce_admins: { enabled: 'everyone' } })],
  ])('is asked of REST by the last look: %s', (_, looked) => {
    expect(taken(wire(), looked)).toBeNull();
  });

  test('a check that no App is told of may be anybody’s, or an App’s that isn’t shown to us: REST is asked', () => {
    const checks = {
      required_status_checks: { strict: true, contexts: ['ci'], checks: [{ context: 'ci', app_id: null }] },
    };
    expect(taken(wire({ requiredStatusChecks: [{ context: 'ci', app: null }] }), rest(checks))).toBeNull();
  });

  test.each([[null], [undefined]])('there is none, or it isn’t shown: %p', (rule) => {
    expect(taken(rule)).toBeNull();
  });
});
