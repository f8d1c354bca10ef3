import { describe, expect, test } from '@jest/globals';
import { known } from '../../../src/domain/known.ts';
import { evaluateChange } from '../../../src/policy/evaluate-change.ts';
import { evaluateDeployment } from '../../../src/policy/evaluate-deployment.ts';
import { shownReviews } from '../../../src/policy/shown-reviews.ts';
import { shownApprovals } from '../../../src/policy/shown-approvals.ts';
import { whoCanMend } from '../../../src/policy/who-can-mend.ts';
import {
  all,
  alice,
  bob,
  carol,
  dave,
  erin,
  identity,
  makeChangeFacts,
  makeCheck,
  makeCommit,
  makeDeploymentFacts,
  makeDeploymentReview,
  makeMergedFacts,
  makeProtection,
  makeReview,
  policyOf,
  sha,
  withChanges,
} from '../../support/make-facts.ts';
import { allDeploymentCases } from './all-cases.ts';
import { changeCases } from './change-cases.ts';
import { deploymentCases } from './deployment-cases.ts';

const said = (missing: ReturnType<typeof whoCanMend>) =>
  missing.map(({ what, who }) => `${what} <- ${who.join(', ')}`);
const ofChange = (facts: ReturnType<typeof makeChangeFacts>, policy = policyOf()) =>
  said(whoCanMend(evaluateChange({ kind: 'valid', policy }, facts), facts));
const ofDeployment = (facts: ReturnType<typeof makeDeploymentFacts>, policy = policyOf()) =>
  said(whoCanMend(evaluateDeployment({ kind: 'valid', policy }, facts), facts));
const head = sha('head').slice(0, 7);
const target = sha('merge').slice(0, 7);

describe('what is missing, and who can give it', () => {
  test('nothing, where it is approved', () => {
    expect(ofChange(makeChangeFacts())).toEqual([]);
    expect(ofDeployment(makeDeploymentFacts())).toEqual([]);
  });

  test('the decision of a person first, what only has to finish last', () => {
    const facts = makeChangeFacts({
      reviews: all(),
      checks: all(makeCheck({ state: 'pending', name: 'ci/test' })),
      pullRequest: { draft: true },
    });
    expect(ofChange(facts, withChanges({ checks: undefined }))).toEqual([
      `1 approval of ${head} is missing <- @acme/maintainers`,
      'the pull request is a draft: mark it ready for review <- alice',
      'ci/test is still running <- ',
    ]);
  });

  test('one who made a part of it is not asked', () => {
    const policy = withChanges({ approvals: { required: 1, from: { users: ['alice', 'Bob', 'carol'] } } });
    const facts = makeChangeFacts({
      reviews: all(),
      commits: all(makeCommit('head', { coAuthors: [identity(bob)] })),
    });
    expect(ofChange(facts, policy)).toEqual([`1 approval of ${head} is missing <- carol`]);
  });

  test('and where nobody else is named, that is said', () => {
    const policy = withChanges({ approvals: { required: 1, from: { users: ['alice'] } } });
    expect(ofChange(makeChangeFacts({ reviews: all() }), policy)).toEqual([
      `1 approval of ${head} is missing, and nobody whom the policy names can give it <- `,
    ]);
  });

  test('a permission is asked of anyone who has it', () => {
    const policy = withChanges({ approvals: { required: 2, from: { permission: 'maintain' } } });
    expect(ofChange(makeChangeFacts({ reviews: all() }), policy)).toEqual([
      `2 approvals of ${head} are missing <- anyone with maintain permission`,
    ]);
  });

  test('each of several things once', () => {
    const none = makeChangeFacts({ protection: makeProtection({ classic: known(null) }) });
    const missing = ofChange(none);
    expect(missing).toHaveLength(5);
    expect(missing[0]).toBe('the protection of main lacks pull_request <- an administrator of acme/shop');
    expect(new Set(missing).size).toBe(5);
  });

  test('of a deployment: its reviewers, without those who made or asked for it', () => {
    const environment = known({
      name: 'production',
      reviewers: { users: [alice, dave, erin], teams: ['operators'], preventSelfReview: true },
      adminsCanBypass: false,
      guardedByUs: known(true),
    });
    expect(ofDeployment(makeDeploymentFacts({ environment, reviews: all() }))).toEqual([
      `1 approval of ${target} is missing <- @acme/operators, erin`,
    ]);
  });

  test('of a deployment: the change that holds it', () => {
    const facts = makeDeploymentFacts({ changes: [makeMergedFacts({ reviews: all() })] });
    expect(ofDeployment(facts)).toEqual(['#12: 1 approval is missing <- @acme/maintainers']);
  });

  test('of a rejected deployment: only why, for no approval would help', () => {
    const facts = makeDeploymentFacts({
      reviews: all(),
      range: { status: 'behind', commits: all(), running: sha('newer') },
    });
    expect(ofDeployment(facts)).toEqual([
      `${target} doesn't contain what runs there (${sha('newer').slice(0, 7)}) <- `,
    ]);
    // Nothing runs there yet: then the policy's baseline is what it was compared with.
    const first = makeDeploymentFacts({
      reviews: all(),
      range: { status: 'behind', commits: all(), running: null, baseline: sha('newer') },
    });
    expect(ofDeployment(first)).toEqual([
      `${target} doesn't contain the baseline (${sha('newer').slice(0, 7)}) <- `,
    ]);
  });

  test('of a refused request: who may', () => {
    expect(ofDeployment(makeDeploymentFacts({ request: { requester: carol } }))).toEqual([
      'carol may not ask for this: somebody who may has to <- @acme/leads',
    ]);
  });
});

test('whatever is not approved names something that is missing', () => {
  for (const [, rows] of changeCases) {
    for (const { name, reading, policy, facts } of rows) {
      const decision = evaluateChange(reading ?? { kind: 'valid', policy: policy ?? policyOf() }, facts);
      if (['approved', 'not_guarded'].includes(decision.verdict)) continue;
      expect({ name, missing: whoCanMend(decision, facts).length > 0 }).toEqual({ name, missing: true });
    }
  }
  for (const [, rows] of deploymentCases) {
    for (const { name, reading, policy, facts } of rows) {
      const decision = evaluateDeployment(reading ?? { kind: 'valid', policy: policy ?? policyOf() }, facts);
      if (['approved', 'not_guarded'].includes(decision.verdict)) continue;
      expect({ name, missing: whoCanMend(decision, facts).length > 0 }).toEqual({ name, missing: true });
    }
  }
});

test('the ways out of a commit that is on the branch and shouldn’t be have a short form that a title has room for', () => {
  const shorts = allDeploymentCases.flatMap(([, rows]) =>
    rows.flatMap(({ reading, policy, facts }) => {
      const decision = evaluateDeployment(reading ?? { kind: 'valid', policy: policy ?? policyOf() }, facts);
      return whoCanMend(decision, facts).flatMap(({ code, short }) =>
        short === undefined ? [] : [[code, short] as const],
      );
    }),
  );
  const of = new Map(shorts);
  expect(of.get('commit_unreviewed')).toMatch(
    /^commit [0-9a-f]{7} was pushed past review: accept it by the baseline, or take it off the branch$/,
  );
  expect([...of.keys()].toSorted()).toEqual([
    'commit_unreviewed',
    'commit_untraced',
    'landing_differs',
    'merge_not_by_github',
    'policy_unreviewed',
  ]);
  for (const [, short] of shorts) expect(short.length).toBeLessThanOrEqual(110);
});

test('approvals as they are shown', () => {
  const facts = makeChangeFacts({
    commits: all(makeCommit('head', { coAuthors: [identity(carol)] })),
    reviews: all(
      makeReview({ author: null }),
      makeReview(),
      makeReview({ author: carol }),
      makeReview({ author: dave }),
      makeReview({ author: erin, commit: sha('older') }),
    ),
  });
  expect(shownApprovals(policyOf(), facts).map(({ login, counted, why }) => [login, counted, why])).toEqual([
    ['bob', true, 'given on the head, by somebody the policy asks for'],
    ['carol', false, `disqualified because they are a co-author of commit ${head}`],
    ['dave', false, 'not one of those the policy asks: team maintainers'],
    ['erin', false, `given on ${sha('older').slice(0, 7)}, which is not the head: approve again`],
    [null, false, 'its account is deleted'],
  ]);
});

test('approvals of a deployment as they are shown: a rejection is none', () => {
  const environment = known({
    name: 'production',
    reviewers: { users: [alice, dave, erin, bob], teams: [], preventSelfReview: true },
    adminsCanBypass: false,
    guardedByUs: known(true),
  });
  const facts = makeDeploymentFacts({
    environment,
    reviews: all(
      ...[alice, carol, dave, erin].map((reviewer) => makeDeploymentReview({ reviewer })),
      makeDeploymentReview({ reviewer: bob, sha: sha('older') }),
      makeDeploymentReview({ reviewer: bob, state: 'rejected' }),
    ),
  });
  expect(shownReviews(policyOf(), facts).map(({ login, counted, why }) => [login, counted, why])).toEqual([
    ['alice', false, `disqualified because commit ${head} is theirs`],
    ['bob', false, `given for ${sha('older').slice(0, 7)}, which is another commit`],
    ['carol', false, 'not one of the reviewers: alice, bob, dave, erin'],
    ['dave', false, 'disqualified because they asked for it'],
    ['erin', true, 'given by a reviewer, for this commit'],
  ]);
  expect(
    shownReviews(policyOf(), { ...facts, request: { ...facts.request, environment: 'staging' } }),
  ).toEqual([]);
});
