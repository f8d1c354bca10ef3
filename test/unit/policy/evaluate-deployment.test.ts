import { describe, expect, test } from '@jest/globals';
import { evaluateDeployment } from '../../../src/policy/evaluate-deployment.ts';
import { explain } from '../../../src/policy/explain.ts';
import { makeDeploymentFacts, policyOf } from '../../support/make-facts.ts';
import { allDeploymentCases } from './all-cases.ts';

describe.each(allDeploymentCases)('the gate on deployments: %s', (_, rows) => {
  test.each(rows.map((row) => [row.name, row] as const))('%s', (_name, row) => {
    const decision = evaluateDeployment(
      row.reading ?? { kind: 'valid', policy: row.policy ?? policyOf() },
      row.facts,
    );
    const gate = decision.gates.find(({ gate, askedBy }) => gate === row.gate && askedBy === row.askedBy);

    expect({ outcome: gate?.outcome, codes: gate?.reasons.map(({ code }) => code) }).toEqual({
      outcome: row.outcome,
      codes: row.codes,
    });
    expect(decision.verdict).toBe(row.verdict);
    expect(gate?.reasons.map(explain)).toMatchSnapshot();
  });
});

test('a decision says what it is of, and in which mode', () => {
  const decision = evaluateDeployment({ kind: 'valid', policy: policyOf() }, makeDeploymentFacts());
  expect(decision).toMatchObject({
    schema: 'decision/v1',
    subject: 'deployment',
    mode: 'enforce',
    verdict: 'approved',
  });
  expect(decision.gates.map(({ gate }) => gate)).toEqual([
    'environment',
    'requester',
    'branch',
    'range',
    'environment_approvals',
    'identity',
    'order',
    'freeze',
    'lock',
    'emergency_reviews',
    'completeness',
    'emergency',
  ]);
});

test('a freeze of the organisation holds what the repository would let through, and says when it ends', () => {
  const freeze = [{ name: 'year end', from: '2026-12-20', until: '2027-01-04', timezone: 'Europe/London' }];
  const policy = {
    ...policyOf(),
    baseline: { version: 1 as const, environments: { production: { freeze } } },
  };
  const facts = makeDeploymentFacts({ gatheredAt: '2026-12-25T12:00:00.000Z' });
  expect(evaluateDeployment({ kind: 'valid', policy: policyOf() }, facts).verdict).toBe('approved');
  expect(evaluateDeployment({ kind: 'valid', policy }, facts)).toMatchObject({
    verdict: 'held',
    lookAgainAt: '2027-01-04T00:00:00.000Z',
  });
});
