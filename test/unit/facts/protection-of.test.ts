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
