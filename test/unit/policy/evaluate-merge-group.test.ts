import { describe, expect, test } from '@jest/globals';
import { evaluateMergeGroup } from '../../../src/policy/evaluate-merge-group.ts';
import { explain } from '../../../src/policy/explain.ts';
import { mendsOfGroup } from '../../../src/policy/merge-group/mends-of-group.ts';
import { waitsForChecks } from '../../../src/policy/merge-group/waits-for-checks.ts';
import { unknown } from '../../../src/domain/known.ts';
import type { MergeGroupFacts } from '../../../src/domain/merge-group-facts.ts';
import {
  all,
  makeChangeFacts,
  makeCheck,
  makeGroupCommit,
  makeMergeGroupFacts,
  makeStep,
  policyOf,
  sha,
} from '../../support/make-facts.ts';
import { allMergeGroupCases } from './all-cases.ts';

const valid = { kind: 'valid', policy: policyOf() } as const;

describe.each(allMergeGroupCases)('the gate on merge groups: %s', (_, rows) => {
  test.each(rows.map((row) => [row.name, row] as const))('%s', (_name, row) => {
    const decision = evaluateMergeGroup(
      row.reading ?? { kind: 'valid', policy: row.policy ?? policyOf() },
      row.facts,
    );
    const gate = decision.gates.find(({ gate }) => gate === row.gate);

    expect({ outcome: gate?.outcome, codes: gate?.reasons.map(({ code }) => code) }).toEqual({
      outcome: row.outcome,
      codes: row.codes,
    });
    expect(decision.verdict).toBe(row.verdict);
    expect(gate?.reasons.map(explain)).toMatchSnapshot();
  });
});

test('a decision says what it is of, and what was decided on each pull request', () => {
  expect(evaluateMergeGroup(valid, makeMergeGroupFacts())).toMatchObject({
    schema: 'decision/v1',
    subject: 'merge_group',
    mode: 'enforce',
    verdict: 'approved',
    changes: [{ pullRequest: 12, decision: { subject: 'change', verdict: 'approved' } }],
  });
});

test('what a pull request of the group lacks is said with its number', () => {
  const facts = makeMergeGroupFacts({ changes: [makeChangeFacts({ reviews: all() })] });
  expect(mendsOfGroup(evaluateMergeGroup(valid, facts), facts)).toMatchObject([
    {
      what: expect.stringMatching(/^#12: 1 approval of [0-9a-f]{7} is missing$/),
      who: ['@acme/maintainers'],
    },
  ]);
});

describe('a group that is held waits only', () => {
  const pending = all(makeCheck({ state: 'pending' }));
  test.each([
    ['while a check on it runs', makeMergeGroupFacts({ checks: pending }), true],
    ['while a check on it isn’t there yet', makeMergeGroupFacts({ checks: all() }), true],
    [
      'and not once a check on it failed',
      makeMergeGroupFacts({ checks: all(makeCheck({ state: 'failure' })) }),
      false,
    ],
    [
      'and not where an approval is missing too',
      makeMergeGroupFacts({ checks: pending, changes: [makeChangeFacts({ reviews: all() })] }),
      false,
    ],
    ['and not where nothing is missing', makeMergeGroupFacts(), false],
  ])('%s', (_, facts, expected) => {
    expect(waitsForChecks(evaluateMergeGroup(valid, facts))).toBe(expected);
  });
});

describe('whatever is taken away from an approved batch, it isn’t approved any more', () => {
  const first = makeStep({ commits: [makeGroupCommit('first', { parents: [sha('base'), sha('head')] })] });
  const second = makeStep({
    pullRequest: 13,
    commits: [makeGroupCommit('group', { parents: [sha('first'), sha('head')] })],
  });
  const changes = [makeChangeFacts(), makeChangeFacts({ pullRequest: { number: 13 } })];
  const batch = makeMergeGroupFacts({ steps: all(first, second), changes });
  const without = <T>(items: readonly T[], index: number) => items.filter((_, each) => each !== index);
  const replaced = <T>(items: readonly T[], index: number, by: T) => items.with(index, by);

  test('it is approved to begin with', () => {
    expect(evaluateMergeGroup(valid, batch).verdict).toBe('approved');
  });

  const taken = [0, 1].flatMap((index): readonly (readonly [string, MergeGroupFacts])[] => {
    const [step = first, change = makeChangeFacts()] = [batch.steps.items[index], changes[index]];
    const [commit = makeGroupCommit('none')] = step.commits;
    const steps = (over: Partial<typeof step>) => ({
      ...batch,
      steps: all(...replaced(batch.steps.items, index, { ...step, ...over })),
    });
    return [
      [`step ${index}`, { ...batch, steps: all(...without(batch.steps.items, index)) }],
      [`the pull request of step ${index}`, steps({ pullRequest: null })],
      [`the commit of step ${index}`, steps({ commits: [] })],
      [`the tree of step ${index}`, steps({ commits: [{ ...commit, tree: unknown('not told') }] })],
      [`what step ${index} should be`, steps({ commits: [{ ...commit, expected: unknown('not told') }] })],
      [`GitHub’s signature on step ${index}`, steps({ commits: [{ ...commit, signedByGitHub: false }] })],
      [`the parents of step ${index}`, steps({ commits: [{ ...commit, parents: [] }] })],
      [`change ${index}`, { ...batch, changes: without(changes, index) }],
      [
        `the approval of change ${index}`,
        { ...batch, changes: replaced(changes, index, { ...change, reviews: all() }) },
      ],
      [
        `the pushers of change ${index}`,
        { ...batch, changes: replaced(changes, index, { ...change, pushers: unknown('not told') }) },
      ],
    ];
  });
  test.each<readonly [string, MergeGroupFacts]>([
    ...taken,
    ['the end of its commits', { ...batch, steps: { ...batch.steps, complete: false } }],
    ['the end of its checks', { ...batch, checks: { ...batch.checks, complete: false } }],
    ['its checks', { ...batch, checks: all() }],
    ['how it stands to the branch', { ...batch, status: 'unknown' }],
    ['the branch’s tip', { ...batch, tip: '' }],
  ])('%s', (_, facts) => {
    expect(evaluateMergeGroup(valid, facts).verdict).not.toBe('approved');
  });

  test('in whatever order its pull requests were read, the verdict is the same', () => {
    const turned = evaluateMergeGroup(valid, { ...batch, changes: changes.toReversed() });
    expect(turned.verdict).toBe('approved');
  });
});
