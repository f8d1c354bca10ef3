import { describe, expect, test } from '@jest/globals';
import { evaluateMergeGroup } from '../../../src/policy/evaluate-merge-group.ts';
import { explain } from '../../../src/policy/explain.ts';
import { mendsOfGroup } from '../../../src/policy/merge-group/mends-of-group.ts';
import { waitsForChecks } from '../../../src/policy/merge-group/waits-for-checks.ts';
import { all, makeChangeFacts, makeCheck, makeMergeGroupFacts, policyOf } from '../../support/make-facts.ts';
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
