import { describe, expect, test } from '@jest/globals';
import { unknown } from '../../../src/domain/known.ts';
import { type CancelFacts, judgeCancel } from '../../../src/policy/commands/judge-cancel.ts';
import type { PolicyReading } from '../../../src/policy/policy-reading.ts';
import { alice, bob, dave, makeRoles, policyOf, robot, sha } from '../../support/make-facts.ts';

/** dave, who leads, presses it on a deployment to production that alice asked for. */
const facts = (over: Partial<CancelFacts> = {}): CancelFacts => ({
  commenter: dave,
  roles: makeRoles(),
  environment: 'production',
  requester: alice,
  trust: { trusted: true },
  ...over,
});
const valid: PolicyReading = { kind: 'valid', policy: policyOf() };
const absent: PolicyReading = { kind: 'absent' };
const unreadable: PolicyReading = { kind: 'unreadable', why: 'GitHub answered 500' };
const sneaked = { trusted: false as const, since: sha('before'), commits: [sha('sneaked')] };

describe('who may cancel', () => {
  test.each<[string, PolicyReading, Partial<CancelFacts>]>([
    ['whoever may deploy there', valid, {}],
    ['whoever may, where nobody that GitHub names asked for it', valid, { requester: null }],
    ['whoever asked for it', valid, { commenter: alice }],
    ['they, though the policy can’t be read', unreadable, { commenter: alice }],
    ['they, though it was changed without review', valid, { commenter: alice, trust: sneaked }],
    [
      'they, though the policy names the environment no more',
      valid,
      { commenter: alice, environment: 'gone' },
    ],
    ['they, though their login is another by now', valid, { commenter: { ...alice, login: 'alice-b' } }],
  ])('%s', (_, reading, over) => {
    expect(judgeCancel(reading, facts(over))).toBeNull();
  });

  test.each<[string, PolicyReading, Partial<CancelFacts>, string]>([
    ['not somebody else', valid, { commenter: bob }, 'bob may not cancel a deployment to `production`'],
    ['not a bot', valid, { commenter: robot }, 'may not cancel'],
    ['not who took over a login', valid, { commenter: { ...alice, id: 99 } }, 'may not cancel'],
    ['not where nobody asked and they may not', valid, { commenter: bob, requester: null }, 'may not cancel'],
    [
      'not where the team can’t be read',
      valid,
      { roles: makeRoles({ teams: { leads: unknown('GitHub answered 403') } }) },
      'GitHub answered 403',
    ],
    [
      'not whoever comes where the policy names the environment no more',
      valid,
      { environment: 'gone', commenter: bob },
      'names no environment `gone` any more',
    ],
    ['not who may elsewhere either', valid, { environment: 'gone' }, 'whoever asked for it may'],
    ['not without a policy', absent, {}, 'There is no'],
    ['not where it can’t be read', unreadable, {}, 'GitHub answered 500'],
    ['not where it was changed without review', valid, { trust: sneaked }, 'changed without review'],
  ])('%s', (_, reading, over, says) => {
    expect(judgeCancel(reading, facts(over))).toContain(says);
  });
});
