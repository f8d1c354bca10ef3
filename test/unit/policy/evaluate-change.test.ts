import { describe, expect, test } from '@jest/globals';
import { evaluateChange } from '../../../src/policy/evaluate-change.ts';
import { explain } from '../../../src/policy/explain.ts';
import { makeChangeFacts, policyOf } from '../../support/make-facts.ts';
import { allChangeCases } from './all-cases.ts';

describe.each(allChangeCases)('the gate on changes: %s', (_, rows) => {
  test.each(rows.map((row) => [row.name, row] as const))('%s', (_name, row) => {
    const decision = evaluateChange(
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

test('a decision says what it is of, and in which mode', () => {
  const policy = { ...policyOf(), mode: 'observe' } as const;
  const decision = evaluateChange({ kind: 'valid', policy }, makeChangeFacts());
  expect(decision).toMatchObject({
    schema: 'decision/v1',
    subject: 'change',
    mode: 'observe',
    verdict: 'approved',
  });
  expect(decision.gates.map(({ gate }) => gate)).toEqual([
    'pull_request',
    'approvals',
    'rules',
    'changes_requested',
    'block',
    'identity',
    'checks',
    'protection',
    'completeness',
  ]);
});
