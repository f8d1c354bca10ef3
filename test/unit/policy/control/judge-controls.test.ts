import { describe, expect, test } from '@jest/globals';
import type { ControlStanding } from '../../../../src/domain/control-facts.ts';
import type { EnvironmentFacts } from '../../../../src/domain/deployment-facts.ts';
import { known, type Known, unknown } from '../../../../src/domain/known.ts';
import type { ProtectionFacts } from '../../../../src/domain/protection-facts.ts';
import {
  judgeBranchControls,
  judgeEnvironmentControls,
  standingAfter,
} from '../../../../src/policy/control/judge-controls.ts';
import {
  erin,
  makeProtection,
  makeRules,
  policyOf,
  withChanges,
  withProduction,
} from '../../../support/make-facts.ts';

const refused = unknown('GitHub answered 403');

describe('a branch', () => {
  const rows: readonly (readonly [string, Partial<ProtectionFacts>, ControlStanding, readonly string[]])[] = [
    ['has all that is demanded', {}, 'whole', []],
    [
      'lets itself be force-pushed',
      { classic: known(makeRules({ forcePushBlocked: false })) },
      'gap',
      ['force_push'],
    ],
    [
      'has none',
      { classic: known(null) },
      'gap',
      ['checks', 'deletion', 'force_push', 'pull_request', 'stale_approvals'],
    ],
    [
      'lets administrators pass',
      { classic: known(makeRules({ adminsIncluded: known(false) })) },
      'gap',
      ['admins'],
    ],
    [
      'can’t be seen',
      { classic: refused },
      'unknown',
      ['checks', 'deletion', 'force_push', 'pull_request', 'stale_approvals'],
    ],
  ];
  test.each(rows)('that %s', (_, over, standing, unmet) => {
    expect(judgeBranchControls(policyOf(), makeProtection(over))).toEqual({ standing, unmet });
  });

  test('of which nothing is demanded', () => {
    const policy = withChanges({ protection: undefined });
    expect(judgeBranchControls(policy, makeProtection({ classic: known(null) }))).toEqual({
      standing: 'not_demanded',
      unmet: [],
    });
  });
});

describe('an environment', () => {
  const environment = (over: Partial<EnvironmentFacts> = {}): Known<EnvironmentFacts> =>
    known({
      name: 'production',
      reviewers: { users: [erin], teams: [], preventSelfReview: true },
      adminsCanBypass: false,
      guardedByUs: known(true),
      ...over,
    });
  const rows: readonly (readonly [
    string,
    Known<EnvironmentFacts>,
    boolean,
    ControlStanding,
    readonly string[],
  ])[] = [
    ['has both', environment(), true, 'whole', []],
    ['lost its reviewers', environment({ reviewers: null }), true, 'gap', ['reviewers']],
    ['lost our rule', environment({ guardedByUs: known(false) }), true, 'gap', ['our_rule']],
    ['never had our rule', environment({ guardedByUs: known(false) }), false, 'whole', []],
    ['doesn’t show our rule', environment({ guardedByUs: refused }), true, 'unknown', ['our_rule']],
    ['can’t be seen', refused, true, 'unknown', ['our_rule', 'reviewers']],
  ];
  test.each(rows)('that %s', (_, seen, guarded, standing, unmet) => {
    expect(judgeEnvironmentControls(policyOf(), 'production', { environment: seen, guarded })).toEqual({
      standing,
      unmet,
    });
  });

  test('of which the policy asks no reviewers, and which never had our rule', () => {
    const policy = withProduction({ approvals: undefined });
    const seen = environment({ reviewers: null, guardedByUs: known(false) });
    expect(
      judgeEnvironmentControls(policy, 'production', { environment: seen, guarded: false }).standing,
    ).toBe('not_demanded');
  });
});

test.each<readonly [ControlStanding | null, ControlStanding, ControlStanding]>([
  [null, 'gap', 'gap'],
  [null, 'unknown', 'unknown'],
  ['whole', 'gap', 'gap'],
  ['whole', 'unknown', 'unknown'],
  ['unknown', 'whole', 'whole'],
  ['gap', 'whole', 'whole'],
  ['gap', 'unknown', 'gap'],
  ['gap', 'not_demanded', 'not_demanded'],
])('after %s, %s stands as %s', (before, now, expected) => {
  const last = before === null ? null : { standing: before, unmet: ['force_push'] };
  expect(standingAfter(last, { standing: now, unmet: ['deletion'] }).standing).toBe(expected);
});
