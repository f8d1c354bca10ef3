import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { ChangeFacts } from '../../../src/domain/change-facts.ts';
import type { Decision } from '../../../src/domain/decision.ts';
import type { DeploymentFacts } from '../../../src/domain/deployment-facts.ts';
import { unknown } from '../../../src/domain/known.ts';
import { evaluateChange } from '../../../src/policy/evaluate-change.ts';
import { evaluateDeployment } from '../../../src/policy/evaluate-deployment.ts';
import { changeFacts, deploymentFacts } from '../../support/arbitrary-facts.ts';
import {
  alice,
  bob,
  carol,
  dave,
  erin,
  frank,
  identity,
  makeFile,
  policyOf,
  withChanges,
  withProduction,
} from '../../support/make-facts.ts';

const RUNS = { numRuns: 150 };
const PEOPLE = [alice, bob, carol, dave, erin, frank];
const payments = { required: 1, from: { teams: ['payments'] } };
const onBilling = { paths: ['billing/**'] };
const policies = [
  policyOf(),
  withChanges({
    approvals: { required: 2, from: { teams: ['maintainers'] } },
    protection: { admins: 'included' },
  }),
  withProduction({ approvals: { required: 2, from: 'environment' } }),
  withProduction({ approvals: undefined }),
  withChanges({
    rules: [
      { name: 'payments', when: onBilling, approvals: payments },
      { name: 'contractors', when: { authors: { teams: ['contractors'], bots: true } }, approvals: payments },
      { name: 'large', when: { size: { lines_over: 500 } }, checks: ['ci/lint'] },
      { name: 'told', when: { labels: ['billing'], title: ['*hotfix*'] }, approvals: payments },
    ],
    block: { labels: ['do not merge'], by: { teams: ['payments'], users: ['frank'] } },
  }),
  withChanges({
    rules: [
      { name: 'a', when: onBilling, approvals: payments },
      { name: 'b', when: onBilling, approvals: { required: 2, from: { teams: ['maintainers'] } } },
      { name: 'c', when: { title: ['*hotfix*'] }, approvals: { required: 1, from: { users: ['carol'] } } },
    ],
    require: { all: ['c', { any: ['a', { all: ['b'] }] }] },
  }),
];
const policy = fc.constantFrom(...policies);

type Facts = ChangeFacts | DeploymentFacts;
const gates = {
  change: {
    facts: changeFacts as fc.Arbitrary<Facts>,
    evaluate: (policy: (typeof policies)[number], facts: Facts): Decision =>
      evaluateChange({ kind: 'valid', policy }, facts as ChangeFacts),
  },
  deployment: {
    facts: deploymentFacts as fc.Arbitrary<Facts>,
    evaluate: (policy: (typeof policies)[number], facts: Facts): Decision =>
      evaluateDeployment({ kind: 'valid', policy }, facts as DeploymentFacts),
  },
};

/** Every way to change one place of the facts: `visit` answers what to put there instead, or nothing. */
function variants(
  value: unknown,
  visit: (value: unknown, path: string) => readonly unknown[],
  path = '',
): unknown[] {
  const own = [...visit(value, path)];
  if (typeof value !== 'object' || value === null) return own;
  const inner = Object.entries(value).flatMap(([key, each]) =>
    variants(each, visit, `${path}.${key}`).map((changed) =>
      Array.isArray(value) ? value.with(Number(key), changed) : { ...value, [key]: changed },
    ),
  );
  return [...own, ...inner];
}

const has = (value: unknown, key: string): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key);

/** What may never help: each takes something away from what is known, or adds somebody who made it. */
const harms: Readonly<Record<string, (value: unknown, path: string) => readonly unknown[]>> = {
  'removing any approval': (value, path) =>
    path.endsWith('.items') && Array.isArray(value)
      ? value.flatMap((item, index) =>
          has(item, 'state') && item['state'] === 'approved' ? [value.toSpliced(index, 1)] : [],
        )
      : [],
  'marking any list incomplete': (value) => (has(value, 'complete') ? [{ ...value, complete: false }] : []),
  'making anything known unknown, or forgetting it': (value, path) => {
    if (has(value, 'known') && value['known'] === true) return [unknown('GitHub answered 403')];
    if (path.endsWith('.dismissals.items') && Array.isArray(value))
      return value.map((_, index) => value.toSpliced(index, 1));
    return /\.(?:dismissals\.items\.\d+\.by|previousPath)$/.test(path) ? [null] : [];
  },
  'adding any co-author': (value, path) =>
    path.endsWith('.coAuthors') && Array.isArray(value)
      ? [...PEOPLE, null].map((person) => [...(value as unknown[]), identity(person)])
      : [],
  'adding any file': (value, path) =>
    path.endsWith('.files.items') && Array.isArray(value)
      ? ['billing/new.ts', 'src/new.ts', 'docs/new.md'].map((each) => [
          ...(value as unknown[]),
          makeFile(each),
        ])
      : [],
  'adding any label': (value, path) =>
    path.endsWith('.labels.items') && Array.isArray(value)
      ? ['docs', 'BILLING', 'do not merge'].map((each) => [...(value as unknown[]), each])
      : [],
  'adding any pusher': (value, path) =>
    path.endsWith('.pushers.value') && Array.isArray(value)
      ? PEOPLE.map((person) => [...(value as unknown[]), person])
      : [],
  'making a person nobody in a commit': (_, path) =>
    /\.commits\.items\.\d+(?:\.commit)?\.(?:author|committer)$/.test(path) && !path.includes('merged')
      ? [identity(null)]
      : [],
  'taking a signature away': (value) =>
    has(value, 'signedByGitHub') ? [{ ...value, signedByGitHub: false }] : [],
  'putting other files into a merge': (_, path) =>
    /\.(?:tree|expected)\.value$/.test(path) ? ['other files', 'and others'] : [],
  'forgetting a merge of the base, or what landed': (value, path) => {
    if (path.endsWith('.baseMerges') && Array.isArray(value))
      return [[], ...value.map((_, index) => value.toSpliced(index, 1))];
    if (path.endsWith('.landing') && has(value, 'value'))
      return [undefined, { ...value, value: { ...(value['value'] as object), commits: [] } }];
    return [];
  },
  // Whoever is known to be no contractor needs what nobody asks of them: that team is one of those who are asked more of.
  'emptying any team': (value, path) =>
    /\.teams\.(?!contractors)[a-z]+\.value$/.test(path) && Array.isArray(value) ? [[]] : [],
};

describe.each(Object.entries(gates))('of any %s', (name, { facts, evaluate }) => {
  test('what is drawn is approved often enough to mean something', () => {
    const drawn = fc
      .sample(facts, { numRuns: 400, seed: 7 })
      .map((each) => evaluate(policies[0]!, each).verdict);
    const approved = drawn.filter((verdict) => verdict === 'approved').length;
    expect(approved).toBeGreaterThan(40);
    expect(approved).toBeLessThan(360);
  });

  test.each(Object.entries(harms))('%s never turns what is not approved into an approval', (harm, visit) => {
    const worseOf = (policy: (typeof policies)[number], facts: Facts): readonly unknown[] => {
      if (evaluate(policy, facts).verdict === 'approved') return [];
      // An emptied team makes its objector a stranger: a veto needs the role. Nothing else may help.
      if (harm === 'emptying any team' && vetoed(facts)) return [];
      return variants(facts, visit);
    };
    fc.assert(
      fc.property(policy, facts, (policy, facts) => {
        for (const worse of worseOf(policy, facts)) {
          if (evaluate(policy, worse as Facts).verdict === 'approved') throw new Error(JSON.stringify(worse));
        }
      }),
      { numRuns: 60 },
    );
    // Some harms can't happen to a change alone or a deployment alone, but none is idle for both. Counted of what is always the
    // same: of what is drawn anew there are too few now and then.
    if (name === 'deployment') {
      const drawn = fc.sample(fc.tuple(policy, facts), { numRuns: 60, seed: 7 });
      expect(drawn.flatMap((each) => worseOf(...each)).length).toBeGreaterThan(100);
    }
  });

  test('deleting somebody’s account never turns what is not approved into an approval', () => {
    fc.assert(
      fc.property(policy, facts, fc.constantFrom(...PEOPLE), (policy, facts, person) => {
        if (evaluate(policy, facts).verdict === 'approved') return;
        const gone: unknown = JSON.parse(JSON.stringify(facts), (_, value: unknown) =>
          has(value, 'login') && value['id'] === person.id ? null : value,
        );
        expect(evaluate(policy, withoutNulls(gone) as Facts).verdict).not.toBe('approved');
      }),
      RUNS,
    );
  });

  test('the order of lists makes no difference', () => {
    fc.assert(
      fc.property(policy, facts, fc.infiniteStream(fc.nat()), (policy, facts, random) => {
        const shuffled = shuffle(facts, () => random.next().value as number);
        expect(evaluate(policy, shuffled as Facts)).toEqual(evaluate(policy, facts));
      }),
      RUNS,
    );
  });

  test('the same facts and policy give the same decision, which is plain data, and neither is changed', () => {
    fc.assert(
      fc.property(policy, facts, (policy, facts) => {
        const frozen = deepFreeze(structuredClone(facts));
        const decision = evaluate(deepFreeze(structuredClone(policy)), frozen);
        expect(evaluate(policy, structuredClone(facts))).toEqual(decision);
        expect(JSON.parse(JSON.stringify(decision))).toEqual(decision);
      }),
      RUNS,
    );
  });

  test('approved means that no gate waits or failed, and that one at least passed', () => {
    fc.assert(
      fc.property(policy, facts, (policy, facts) => {
        const { verdict, gates } = evaluate(policy, facts);
        const open = gates.filter(({ outcome }) => outcome === 'pending' || outcome === 'failed');
        expect(verdict === 'approved').toBe(open.length === 0);
        for (const { reasons } of open) expect(reasons.length).toBeGreaterThan(0);
        if (verdict === 'approved') expect(gates.some(({ outcome }) => outcome === 'passed')).toBe(true);
      }),
      RUNS,
    );
  });
});

/** A list of people has no nulls in it: who is deleted is simply not there. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((each) => each !== null).map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withoutNulls(each)]));
}

function vetoed(facts: Facts): boolean {
  return /"(?:state|was)":"(?:changes_requested|rejected|dismissed)"/.test(JSON.stringify(facts));
}

function shuffle(value: unknown, random: () => number): unknown {
  if (Array.isArray(value)) {
    const items = value.map((each) => shuffle(each, random));
    // A commit's parents have their order.
    if (items.every((each) => typeof each === 'string')) return items;
    for (let last = items.length - 1; last > 0; last -= 1) {
      const other = random() % (last + 1);
      [items[last], items[other]] = [items[other], items[last]];
    }
    return items;
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, shuffle(each, random)]));
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const each of Object.values(value)) deepFreeze(each);
    Object.freeze(value);
  }
  return value;
}

describe('rules and what blocks', () => {
  const ruled = policies.slice(-2);

  test('the order of files, labels and dismissals makes no difference', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ruled), changeFacts, (each, facts) => {
        const turned: ChangeFacts = {
          ...facts,
          files: { ...facts.files, items: facts.files.items.toReversed() },
          labels: { ...facts.labels, items: facts.labels.items.toReversed() },
          dismissals: { ...facts.dismissals, items: facts.dismissals.items.toReversed() },
        };
        expect(evaluateChange({ kind: 'valid', policy: each }, turned)).toEqual(
          evaluateChange({ kind: 'valid', policy: each }, facts),
        );
      }),
      RUNS,
    );
  });

  test('the order of the rules makes no difference to the verdict', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ruled), changeFacts, (each, facts) => {
        const turned = withChanges({ rules: each.changes.rules?.toReversed() }, each);
        expect(evaluateChange({ kind: 'valid', policy: turned }, facts).verdict).toBe(
          evaluateChange({ kind: 'valid', policy: each }, facts).verdict,
        );
      }),
      RUNS,
    );
  });

  test('they only ever add demands: what is approved with them is approved without', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ruled), changeFacts, (each, facts) => {
        if (evaluateChange({ kind: 'valid', policy: each }, facts).verdict !== 'approved') return;
        const plain = withChanges({ rules: undefined, require: undefined, block: undefined }, each);
        expect(evaluateChange({ kind: 'valid', policy: plain }, facts).verdict).toBe('approved');
      }),
      RUNS,
    );
  });
});
