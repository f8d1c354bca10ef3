import { describe, expect, test } from '@jest/globals';
import { branchRule, classicProtection, classicRules, rulesetsOf } from '../../../src/facts/protection-of.ts';

const classic = (wire: object) => classicRules(classicProtection.parse(wire));
const rulesets = (...rules: object[]) =>
  rulesetsOf(rules.map((rule) => branchRule.parse({ ruleset_id: 1, ...rule })));

const NOTHING = {
  pullRequestRequired: false,
  requiredApprovals: 0,
  dismissesStaleApprovals: false,
  requiredChecks: [],
  forcePushBlocked: false,
  deletionBlocked: false,
};

describe('classic protection', () => {
  test.each([
    ['says nothing', {}, NOTHING],
    ['asks for a pull request', { required_pull_request_reviews: {} }, { pullRequestRequired: true }],
    [
      'asks for approvals',
      { required_pull_request_reviews: { required_approving_review_count: 2, dismiss_stale_reviews: true } },
      { pullRequestRequired: true, requiredApprovals: 2, dismissesStaleApprovals: true },
    ],
    [
      'asks for checks, of an App or of anyone',
      {
        required_status_checks: {
          contexts: ['build', 'test', 'old'],
          checks: [
            { context: 'build', app_id: 7 },
            { context: 'test', app_id: -1 },
          ],
        },
      },
      {
        requiredChecks: [
          { name: 'build', appId: 7 },
          { name: 'test', appId: null },
          { name: 'old', appId: null },
        ],
      },
    ],
    ['forbids force pushes', { allow_force_pushes: { enabled: false } }, { forcePushBlocked: true }],
    ['allows force pushes', { allow_force_pushes: { enabled: true } }, { forcePushBlocked: false }],
    ['forbids deletion', { allow_deletions: { enabled: false } }, { deletionBlocked: true }],
    [
      'holds for admins',
      { enforce_admins: { enabled: true } },
      { adminsIncluded: { known: true, value: true } },
    ],
    [
      'spares admins',
      { enforce_admins: { enabled: false } },
      { adminsIncluded: { known: true, value: false } },
    ],
    [
      'asks for more of a pull request',
      {
        required_pull_request_reviews: {
          require_last_push_approval: true,
          require_code_owner_reviews: true,
          bypass_pull_request_allowances: { users: [], teams: [], apps: [] },
        },
        required_conversation_resolution: { enabled: true },
      },
      {
        lastPushApproved: true,
        codeOwnersRequired: true,
        conversationsResolved: true,
        pullRequestBypassed: false,
      },
    ],
    [
      'lets a team do without a pull request',
      { required_pull_request_reviews: { bypass_pull_request_allowances: { teams: [{ slug: 'ops' }] } } },
      { pullRequestRequired: true, pullRequestBypassed: true },
    ],
    [
      'asks for a linear and signed history',
      { required_linear_history: { enabled: true }, required_signatures: { enabled: true } },
      { linearHistory: true, signaturesRequired: true },
    ],
    [
      'asks for a head with the newest base in it',
      { required_status_checks: { strict: true, contexts: ['build'] } },
      { upToDate: true },
    ],
    [
      'asks for the newest base, but for no check',
      { required_status_checks: { strict: true, contexts: [] } },
      { upToDate: false },
    ],
    ['never says of a merge queue', {}, { mergeQueue: { known: false } }],
    ['does not say of admins', {}, { adminsIncluded: { known: false, why: expect.any(String) } }],
  ])('%s', (_, wire, expected) => {
    expect(classic(wire)).toMatchObject(expected);
  });

  test('what we do not know yet is kept', () => {
    expect(classic({ lock_branch: { enabled: true } }).raw).toEqual({ lock_branch: { enabled: true } });
  });
});

describe('rulesets', () => {
  test.each([
    ['nothing', [], []],
    [
      'one that asks for everything',
      [
        {
          type: 'pull_request',
          ruleset_source: 'acme/shop',
          parameters: { required_approving_review_count: 2, dismiss_stale_reviews_on_push: true },
        },
        {
          type: 'required_status_checks',
          parameters: {
            required_status_checks: [{ context: 'build', integration_id: 7 }, { context: 'test' }],
          },
        },
        { type: 'non_fast_forward' },
        { type: 'deletion' },
      ],
      [
        {
          id: 1,
          source: 'acme/shop',
          pullRequestRequired: true,
          requiredApprovals: 2,
          dismissesStaleApprovals: true,
          requiredChecks: [
            { name: 'build', appId: 7 },
            { name: 'test', appId: null },
          ],
          forcePushBlocked: true,
          deletionBlocked: true,
        },
      ],
    ],
    [
      'two, each with its own',
      [{ type: 'deletion' }, { type: 'non_fast_forward', ruleset_id: 2 }],
      [
        { id: 1, deletionBlocked: true, forcePushBlocked: false },
        { id: 2, deletionBlocked: false, forcePushBlocked: true },
      ],
    ],
    [
      'an organisation’s, with all the rest',
      [
        {
          type: 'pull_request',
          ruleset_source: 'acme',
          ruleset_source_type: 'Organization',
          parameters: {
            require_last_push_approval: true,
            require_code_owner_review: true,
            required_review_thread_resolution: true,
          },
        },
        {
          type: 'required_status_checks',
          parameters: {
            strict_required_status_checks_policy: true,
            required_status_checks: [{ context: 'build' }],
          },
        },
        { type: 'required_linear_history' },
        { type: 'required_signatures' },
        { type: 'merge_queue', parameters: { merge_method: 'SQUASH' } },
      ],
      [
        {
          source: 'acme',
          owner: 'organization',
          lastPushApproved: true,
          codeOwnersRequired: true,
          conversationsResolved: true,
          upToDate: true,
          linearHistory: true,
          signaturesRequired: true,
          mergeQueue: { known: true, value: true },
        },
      ],
    ],
    ['a kind that we do not judge', [{ type: 'a_kind_of_tomorrow', parameters: { x: 1 } }], [NOTHING]],
  ])('%s', (_, rules, expected) => {
    expect(rulesets(...rules)).toMatchObject(expected);
  });

  test("who may bypass them isn't told to an App", () => {
    expect(rulesets({ type: 'deletion' })[0]?.adminsIncluded.known).toBe(false);
  });

  test('unknown parameters are kept', () => {
    const rule = { type: 'pull_request', ruleset_id: 1, parameters: { required_reviewers: [1] } };
    expect(rulesets(rule)[0]?.raw).toEqual([rule]);
  });

  test('a rule that we judge, in a form we do not know, is not taken for one that we do not judge', () => {
    const wire = {
      ruleset_id: 1,
      type: 'required_status_checks',
      parameters: { required_status_checks: 'all' },
    };
    expect(branchRule.safeParse(wire).success).toBe(false);
  });
});
