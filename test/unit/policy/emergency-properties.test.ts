import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { Actor } from '../../../src/domain/actor.ts';
import type { DeploymentFacts } from '../../../src/domain/deployment-facts.ts';
import { known, unknown } from '../../../src/domain/known.ts';
import { LIFTABLE } from '../../../src/policy/emergency-schema.ts';
import { evaluateDeployment } from '../../../src/policy/evaluate-deployment.ts';
import type { EmergencyPolicy, Policy } from '../../../src/policy/schema.ts';
import { deploymentFacts } from '../../support/arbitrary-facts.ts';
import {
  alice,
  all,
  bob,
  carol,
  dave,
  erin,
  frank,
  identity,
  makeMergedFacts,
  policyOf,
  withProduction,
} from '../../support/make-facts.ts';
import { declared, emergencyPolicy, urgent } from './emergency-cases.ts';

const RUNS = { numRuns: 150 };
const PEOPLE = [alice, bob, carol, dave, erin, frank];
const GATES = {
  approvals: 'environment_approvals',
  after: 'order',
  freeze: 'freeze',
  changes: 'range',
} as const;
const mostly = (usual: Actor) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant<Actor | null>(usual) },
    { weight: 1, arbitrary: fc.constantFrom<Actor | null>(...PEOPLE, null) },
  );
/** From when it was declared until ten minutes after its end: under one clock it isn't judged before it was declared. */
const at = fc
  .integer({ min: 0, max: 70 })
  .map((minute) => new Date(Date.UTC(2026, 2, 3, 9, 30 + minute)).toISOString());

const emergency = fc
  .record({
    declaredBy: mostly(dave),
    confirmedBy: fc.option(mostly(carol), { freq: 8, nil: undefined }),
    usedBy: fc.constantFrom(null, null, null, 'this', 'another'),
    expired: fc.constantFrom(false, false, false, true),
  })
  .map(({ declaredBy, confirmedBy, usedBy, expired }) =>
    declared({
      declaredBy,
      confirmed: confirmedBy === undefined ? null : { by: confirmedBy, at: '2026-03-03T09:40:00.000Z' },
      usedBy,
      expired,
    }),
  );

const locked = known({
  by: frank,
  why: 'moved',
  since: '2026-03-03T09:00:00.000Z',
  pullRequest: null,
  commit: null,
});
const facts: fc.Arbitrary<DeploymentFacts> = fc
  .record({
    // Drawn facts are rarely sound enough for an emergency to matter.
    base: fc.oneof(
      deploymentFacts,
      fc.constant(urgent()),
      fc.constant(urgent({ changes: [makeMergedFacts({ reviews: all() })] })),
    ),
    emergency,
    gatheredAt: at,
    lock: fc.constantFrom(known(null), known(null), known(null), locked),
    overdue: fc.constantFrom(false, false, false, true),
    source: fc.constantFrom<DeploymentFacts['request']['source']>('api', 'emergency'),
  })
  .map(({ base, emergency, gatheredAt, lock, overdue, source }) => ({
    ...base,
    gatheredAt,
    lock,
    before: [{ environment: 'staging', runs: known([]) }],
    request: { ...base.request, source, environment: 'production' },
    emergency: known({
      ...emergency,
      usedBy: emergency.usedBy === 'this' ? base.request.id : emergency.usedBy,
    }),
    openReviews: known(
      overdue
        ? [
            {
              entry: 'e',
              kind: 'bypass' as const,
              commit: base.request.sha,
              at: '2026-03-01T00:00:00.000Z',
              dueAt: '2026-03-02T00:00:00.000Z',
            },
          ]
        : [],
    ),
  }));

const terms: fc.Arbitrary<EmergencyPolicy> = fc.record({
  by: fc.constant(emergencyPolicy.by),
  confirm: fc.constant({ users: ['alice', 'bob', 'carol', 'dave', 'erin'] }),
  valid: fc.constantFrom('10m', '1h', '24h'),
  lifts: fc.subarray([...LIFTABLE], { minLength: 1 }),
  review: fc.constant(emergencyPolicy.review),
});
const asks = {
  after: { staging: {} },
  freeze: [{ name: 'year end', from: '2026-03-01', until: '2026-04-01', timezone: 'UTC' }],
};
const policyWith = (emergency: EmergencyPolicy): Policy => withProduction({ ...asks, emergency });
const judge = (policy: Policy, facts: DeploymentFacts) =>
  evaluateDeployment({ kind: 'valid', policy }, facts);
const without = (policy: Policy): Policy => {
  const { emergency: _, ...rest } = policy.environments['production'] ?? {};
  return {
    ...policy,
    environments: { ...policy.environments, production: rest as Policy['environments'][string] },
  };
};

test('what is drawn is approved by an emergency, and held in spite of one, often enough to mean something', () => {
  const verdicts = fc
    .sample(fc.tuple(terms, facts), { numRuns: 2_000, seed: 5 })
    .map(([emergency, facts]) => judge(policyWith(emergency), facts));
  expect(verdicts.filter(({ verdict }) => verdict === 'approved').length).toBeGreaterThan(40);
  expect(verdicts.filter(({ verdict }) => verdict !== 'approved').length).toBeGreaterThan(1_000);
  for (const gate of Object.values(GATES)) {
    const lifted = verdicts.flatMap(({ gates }) =>
      gates.filter((each) => each.gate === gate && each.outcome === 'lifted'),
    );
    expect(lifted.length).toBeGreaterThan(15);
  }
});

test('an emergency changes nothing but the gates that it may lift, and those only where it stands', () => {
  fc.assert(
    fc.property(terms, facts, (emergency, facts) => {
      const policy = policyWith(emergency);
      const lifted = judge(policy, facts);
      const plain = judge(without(policy), facts);
      const may = new Set<string>(emergency.lifts.map((key) => GATES[key]));
      for (const { gate, outcome, reasons } of lifted.gates) {
        if (gate === 'emergency' || gate === 'emergency_reviews') continue;
        const before = plain.gates.find((each) => each.gate === gate);
        if (outcome === 'lifted') {
          expect(may).toContain(gate);
          expect(before).toEqual({ gate, outcome: 'pending', reasons });
        } else if (gate !== 'requester') expect({ gate, outcome, reasons }).toEqual(before);
      }
      if (lifted.gates.some(({ outcome }) => outcome === 'lifted')) {
        const { value } = facts.emergency as { value: ReturnType<typeof declared> };
        const [one, two] = [value.declaredBy?.id, value.confirmed?.by?.id];
        expect(two).toBeDefined();
        expect(two).not.toBe(one);
        expect(two).not.toBe(facts.request.requester?.id);
        expect(Date.parse(facts.gatheredAt)).toBeLessThan(Date.parse(value.expiresAt));
      }
    }),
    RUNS,
  );
});

test('a lock, an overdue review, and what isn’t known are never lifted', () => {
  fc.assert(
    fc.property(facts, (facts) => {
      const policy = policyWith({ ...emergencyPolicy, lifts: [...LIFTABLE], valid: '24h' });
      const harmed: readonly DeploymentFacts[] = [
        { ...facts, lock: locked },
        { ...facts, lock: unknown('altered') },
        { ...facts, openReviews: unknown('altered') },
        { ...facts, branches: unknown('GitHub answered 403') },
        { ...facts, environment: unknown('GitHub answered 403') },
        { ...facts, before: [{ environment: 'staging', runs: unknown('altered') }] },
        { ...facts, reviews: { ...facts.reviews, complete: false } },
        { ...facts, range: { ...facts.range, commits: { ...facts.range.commits, complete: false } } },
        { ...facts, range: { ...facts.range, status: 'unknown' } },
      ];
      for (const each of harmed) expect(judge(policy, each).verdict).not.toBe('approved');
    }),
    RUNS,
  );
});

test('taking away the confirmation, or anything else that the emergency rests on, never approves', () => {
  fc.assert(
    fc.property(terms, facts, fc.constantFrom(...PEOPLE), (emergency, facts, person) => {
      const policy = policyWith(emergency);
      if (judge(policy, facts).verdict === 'approved') return;
      const { value } = facts.emergency as { value: ReturnType<typeof declared> };
      const worse: readonly DeploymentFacts[] = [
        { ...facts, emergency: known({ ...value, confirmed: null }) },
        { ...facts, emergency: known({ ...value, usedBy: 'another' }) },
        { ...facts, emergency: known({ ...value, expired: true }) },
        { ...facts, emergency: known({ ...value, declaredBy: null }) },
        { ...facts, emergency: known(null) },
        { ...facts, emergency: unknown('altered') },
        { ...facts, gatheredAt: new Date(Date.parse(facts.gatheredAt) + 60 * 60_000).toISOString() },
        addAuthor(facts, person),
      ];
      for (const each of worse) expect(judge(policy, each).verdict).not.toBe('approved');
    }),
    RUNS,
  );
});

test('whoever confirmed it and turns out to be an author lifts nothing', () => {
  fc.assert(
    fc.property(terms, facts, (emergency, facts) => {
      const { value } = facts.emergency as { value: ReturnType<typeof declared> };
      const by = value.confirmed?.by ?? carol;
      const decision = judge(policyWith(emergency), addAuthor(facts, by));
      expect(decision.gates.filter(({ outcome }) => outcome === 'lifted')).toEqual([]);
    }),
    RUNS,
  );
});

test('without an emergency in the policy none that was declared makes any difference to the verdict', () => {
  fc.assert(
    fc.property(facts, (drawn) => {
      const facts = { ...drawn, request: { ...drawn.request, source: 'api' as const } };
      const { emergency: _, ...never } = facts;
      expect(judge(withProduction(asks, policyOf()), facts).verdict).toBe(
        judge(withProduction(asks, policyOf()), never).verdict,
      );
    }),
    RUNS,
  );
});

function addAuthor(facts: DeploymentFacts, person: Actor): DeploymentFacts {
  const [first, ...rest] = facts.range.commits.items;
  if (first === undefined) return { ...facts, range: { ...facts.range, status: 'unknown' } };
  const commit = {
    ...first.commit,
    coAuthors: [...first.commit.coAuthors, identity(person)],
    signedByGitHub: false,
  };
  return {
    ...facts,
    range: { ...facts.range, commits: { ...facts.range.commits, items: [{ ...first, commit }, ...rest] } },
  };
}
