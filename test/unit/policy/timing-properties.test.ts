import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { DeploymentFacts } from '../../../src/domain/deployment-facts.ts';
import { known, unknown } from '../../../src/domain/known.ts';
import type { EnvironmentRun } from '../../../src/domain/timing-facts.ts';
import { evaluateDeployment } from '../../../src/policy/evaluate-deployment.ts';
import type { EnvironmentPolicy } from '../../../src/policy/schema.ts';
import type { FreezePolicy } from '../../../src/policy/timing-schema.ts';
import { carol, makeDeploymentFacts, sha, withProduction } from '../../support/make-facts.ts';

const RUNS = { numRuns: 80 };
const HOUR = 3_600_000;

/** A moment around the clock changes of 2026 and the end of that year. */
const moment = fc
  .oneof(
    fc.integer({ min: Date.parse('2026-03-01'), max: Date.parse('2026-04-10') }),
    fc.integer({ min: Date.parse('2026-10-20'), max: Date.parse('2027-01-10') }),
  )
  .map((time) => new Date(time).toISOString());

const timezone = fc.constantFrom(
  'Europe/London',
  'America/New_York',
  'Asia/Kathmandu',
  'Pacific/Apia',
  'Australia/Lord_Howe',
  'UTC',
);
const day = fc.constantFrom('monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday');
const two = (number: number) => String(number).padStart(2, '0');
const weekTime = fc
  .tuple(day, fc.nat(23), fc.nat(59))
  .map(([name, hour, minute]) => `${name} ${two(hour)}:${two(minute)}`);
const local = moment.map((at) => at.slice(0, 16));

const freeze: fc.Arbitrary<FreezePolicy> = fc.oneof(
  fc
    .record({ from: local, until: local, timezone, name: fc.constantFrom('a', 'b') })
    .filter(({ from, until }) => from < until),
  fc.record({
    weekly: fc.record({ from: weekTime, until: weekTime }).filter(({ from, until }) => from !== until),
    timezone,
    name: fc.constantFrom('c', 'd'),
  }),
);

const run: fc.Arbitrary<EnvironmentRun> = fc
  .record({
    order: fc.integer({ min: 1, max: 9 }),
    sha: fc.constantFrom(sha('merge'), sha('merge'), sha('next'), sha('base')),
    state: fc.constantFrom<EnvironmentRun['state']>(
      'success',
      'success',
      'success',
      'failure',
      'unknown',
      'running',
    ),
    started: fc.integer({ min: 0, max: 5 * 24 * HOUR }),
    lasted: fc.integer({ min: 1, max: HOUR }),
  })
  .map(({ started, lasted, ...rest }) => {
    const startedAt = Date.parse('2026-03-01') + started;
    return {
      ...rest,
      startedAt: new Date(startedAt).toISOString(),
      endedAt: rest.state === 'running' ? null : new Date(startedAt + lasted).toISOString(),
      ranBefore: rest.sha === sha('base'),
    };
  });
const runs = fc.uniqueArray(run, { selector: ({ order }) => order, maxLength: 5 });

const facts = fc
  .record({ runs, gatheredAt: moment, locked: fc.constantFrom(false, false, false, true) })
  .map(({ runs, gatheredAt, locked }) =>
    makeDeploymentFacts({
      gatheredAt,
      before: [{ environment: 'staging', runs: known(runs) }],
      lock: known(
        locked ? { by: carol, why: 'w', since: gatheredAt, pullRequest: null, commit: null } : null,
      ),
    }),
  );

const policyParts: fc.Arbitrary<Partial<EnvironmentPolicy>> = fc.record(
  {
    freeze: fc.array(freeze, { minLength: 1, maxLength: 4 }),
    after: fc.constantFrom({ staging: {} }, { staging: { soak: '30m' } }, { staging: { soak: '3d' } }),
  },
  { requiredKeys: [] },
);

const judge = (parts: Partial<EnvironmentPolicy>, facts: DeploymentFacts) =>
  evaluateDeployment({ kind: 'valid', policy: withProduction(parts) }, facts);
const later = (facts: DeploymentFacts, milliseconds: number): DeploymentFacts => ({
  ...facts,
  gatheredAt: new Date(Date.parse(facts.gatheredAt) + milliseconds).toISOString(),
});

test('what is drawn is approved, and held by each of these gates, often enough to mean something', () => {
  const drawn = fc
    .sample(fc.tuple(policyParts, facts), { numRuns: 500, seed: 3 })
    .map(([p, f]) => judge(p, f));
  const count = (holds: (each: (typeof drawn)[number]) => boolean) => drawn.filter(holds).length;
  expect(count(({ verdict }) => verdict === 'approved')).toBeGreaterThan(50);
  for (const gate of ['order', 'freeze', 'lock'])
    expect(
      count(({ gates }) => gates.some((each) => each.gate === gate && each.outcome === 'pending')),
    ).toBeGreaterThan(25);
});

test('time going on never rejects, and only a freeze turns an approval into a hold', () => {
  fc.assert(
    fc.property(policyParts, facts, fc.nat({ max: 90 * 24 * HOUR }), (policy, facts, passed) => {
      if (judge(policy, facts).verdict !== 'approved') return;
      const then = judge(policy, later(facts, passed));
      expect(then.verdict).not.toBe('rejected');
      expect(then.gates.filter(({ outcome }) => outcome === 'pending').map(({ gate }) => gate)).toEqual(
        then.verdict === 'held' ? ['freeze'] : [],
      );
    }),
    RUNS,
  );
});

test('at the moment that a hold names, and not before, time alone has changed what is said', () => {
  fc.assert(
    fc.property(policyParts, facts, fc.double({ min: 0, max: 1, noNaN: true }), (policy, facts, part) => {
      const { lookAgainAt, gates } = judge(policy, facts);
      if (lookAgainAt === undefined) return;
      const left = Date.parse(lookAgainAt) - Date.parse(facts.gatheredAt);
      expect(left).toBeGreaterThan(0);
      const reasons = (each: typeof gates) => JSON.stringify(each.map((gate) => gate.reasons));
      expect(reasons(judge(policy, later(facts, left)).gates)).not.toBe(reasons(gates));
      // Another freeze may begin before, which takes nothing back.
      const before = judge(policy, later(facts, Math.min(left - 1, Math.floor(left * part))));
      expect(before.verdict).toBe('held');
    }),
    RUNS,
  );
});

test('a freeze that is added never approves, and the order of freezes makes no difference', () => {
  fc.assert(
    fc.property(policyParts, freeze, fc.nat(), facts, (policy, added, place, facts) => {
      const freezes = policy.freeze ?? [];
      const more = freezes.toSpliced(place % (freezes.length + 1), 0, added);
      const before = judge(policy, facts);
      const after = judge({ ...policy, freeze: more }, facts);
      if (before.verdict !== 'approved') expect(after.verdict).not.toBe('approved');
      expect(judge({ ...policy, freeze: more.toReversed() }, facts)).toEqual(after);
    }),
    RUNS,
  );
});

test('what isn’t known never approves, and neither does the order of what ran', () => {
  fc.assert(
    fc.property(policyParts, facts, (policy, facts) => {
      const decision = judge(policy, facts);
      const runs = facts.before?.[0]?.runs;
      if (runs?.known !== true) throw new Error('they are known');
      const turned = { ...facts, before: [{ environment: 'staging', runs: known(runs.value.toReversed()) }] };
      expect(judge(policy, turned)).toEqual(decision);
      for (const worse of [
        { ...facts, before: [{ environment: 'staging', runs: unknown('no') }] },
        { ...facts, before: [] },
        { ...facts, lock: unknown('no') },
      ]) {
        if (decision.verdict !== 'approved') expect(judge(policy, worse).verdict).not.toBe('approved');
      }
      expect(judge(policy, { ...facts, lock: unknown('no') }).verdict).toBe('held');
    }),
    RUNS,
  );
});
