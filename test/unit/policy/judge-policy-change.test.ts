import { expect, test } from '@jest/globals';
import type { PolicyChangeFacts } from '../../../src/domain/policy-trust.ts';
import { judgePolicyChange } from '../../../src/policy/judge-policy-change.ts';
import { evaluateDeployment } from '../../../src/policy/evaluate-deployment.ts';
import { mayProceed } from '../../../src/domain/decision.ts';
import {
  all,
  inRange,
  makeCommit,
  makeDeploymentFacts,
  makeMerge,
  makeMergedFacts,
  makeReview,
  POLICY,
  policyOf,
  repository,
  sha,
} from '../../support/make-facts.ts';

const head = makeCommit('head');
const merge = makeMerge().commit;

/** The policy was changed by the merge of alice's approved change. */
const facts = (over: Partial<PolicyChangeFacts> = {}): PolicyChangeFacts => ({
  schema: 'policy-change-facts/v1',
  gatheredAt: '2026-03-03T10:00:00.000Z',
  repository,
  branch: 'main',
  tip: merge.sha,
  since: sha('base'),
  connected: true,
  touching: [merge.sha],
  commits: [inRange(merge)],
  changes: [makeMergedFacts()],
  ...over,
});

const step = makeCommit('step');
const stepped = makeMergedFacts({ commits: all(step, makeCommit('head', { parents: [step.sha] })) });
const stray = makeCommit('stray');
const untrusted = (...commits: readonly string[]) => ({ trusted: false, since: sha('base'), commits });

test.each<[string, PolicyChangeFacts, ReturnType<typeof judgePolicyChange> | ReturnType<typeof untrusted>]>([
  ['by an approved pull request', facts(), { trusted: true }],
  [
    'by the commit of one that was merged as it was',
    facts({ touching: [head.sha], commits: [inRange(head)] }),
    { trusted: true },
  ],
  [
    'by a step inside of an approved pull request, whose end the branch has',
    facts({ touching: [step.sha], commits: [inRange(step), inRange(merge)], changes: [stepped] }),
    { trusted: true },
  ],
  [
    'by a step inside of an approved pull request, and the branch ends there',
    facts({ tip: step.sha, touching: [step.sha], commits: [inRange(step)], changes: [stepped] }),
    untrusted(step.sha),
  ],
  [
    'put back to what it was, by whomever',
    facts({ touching: [], commits: [], changes: [] }),
    { trusted: true },
  ],
  [
    'by a push past review',
    facts({ touching: [stray.sha], commits: [inRange(stray)] }),
    untrusted(stray.sha),
  ],
  [
    'by a push past review, under an approved change',
    facts({ touching: [merge.sha, stray.sha], commits: [inRange(merge), inRange(stray)] }),
    untrusted(stray.sha),
  ],
  [
    'by a pull request that nobody approved',
    facts({ changes: [makeMergedFacts({ reviews: all() })] }),
    untrusted(merge.sha),
  ],
  [
    'by a pull request that was approved before its last push',
    facts({ changes: [makeMergedFacts({ reviews: all(makeReview({ commit: sha('older') })) })] }),
    untrusted(merge.sha),
  ],
  ['by a pull request into another branch', facts({ branch: 'trunk' }), untrusted(merge.sha)],
  ['by a commit of which GitHub shows nothing', facts({ commits: [] }), untrusted(merge.sha)],
  ['by rewriting the history', facts({ connected: false }), untrusted()],
])('the policy was changed %s', (_, changed, expected) => {
  expect(judgePolicyChange(policyOf(), changed)).toEqual(expected);
});

test('its own branch is judged as guarded, whatever the policy guards', () => {
  const elsewhere = policyOf(POLICY.replace('[main, "release/*"]', '["release/*"]'));
  expect(judgePolicyChange(elsewhere, facts())).toEqual({ trusted: true });
  const unapproved = facts({ changes: [makeMergedFacts({ reviews: all() })] });
  expect(judgePolicyChange(elsewhere, unapproved)).toEqual(untrusted(merge.sha));
});

test('a policy that only observes lets nothing through while it is not reviewed', () => {
  const observing = policyOf(`mode: observe\n${POLICY}`);
  const decision = evaluateDeployment(
    { kind: 'valid', policy: observing },
    makeDeploymentFacts({ policy: { trusted: false, since: sha('base'), commits: [] } }),
  );
  expect(decision).toMatchObject({ verdict: 'held', mode: 'enforce' });
  expect(mayProceed(decision)).toBe(false);
});
