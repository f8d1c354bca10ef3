import { expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { REASON_CODES } from '../../../src/domain/reason.ts';
import { evaluateChange } from '../../../src/policy/evaluate-change.ts';
import { evaluateDeployment } from '../../../src/policy/evaluate-deployment.ts';
import { evaluateMergeGroup } from '../../../src/policy/evaluate-merge-group.ts';
import { readingOf } from '../../../src/policy/reading-of.ts';
import { withoutFacts } from '../../../src/policy/without-policy.ts';
import { decisionsPage } from '../../support/decisions-page.ts';
import { policyOf } from '../../support/make-facts.ts';
import { allChangeCases, allDeploymentCases, allMergeGroupCases } from './all-cases.ts';

const manual = await readFile(new URL('../../../docs/policy.md', import.meta.url), 'utf8');

test('every code is yielded by a row of the tables', () => {
  const decisions = [
    ...allChangeCases.flatMap(([, rows]) =>
      rows.map(({ reading, policy, facts }) =>
        evaluateChange(reading ?? { kind: 'valid', policy: policy ?? policyOf() }, facts),
      ),
    ),
    ...allMergeGroupCases.flatMap(([, rows]) =>
      rows.map(({ reading, policy, facts }) =>
        evaluateMergeGroup(reading ?? { kind: 'valid', policy: policy ?? policyOf() }, facts),
      ),
    ),
    ...allDeploymentCases.flatMap(([, rows]) =>
      rows.map(({ reading, policy, facts }) =>
        evaluateDeployment(reading ?? { kind: 'valid', policy: policy ?? policyOf() }, facts),
      ),
    ),
    withoutFacts('change', 'GitHub answered 502'),
  ];
  const yielded = new Set(
    decisions.flatMap(({ gates }) => gates.flatMap(({ reasons }) => reasons.map(({ code }) => code))),
  );
  expect([...yielded].toSorted()).toEqual(REASON_CODES.toSorted());
});

test('facts that could not be read are an error, and nothing is approved', () => {
  expect(withoutFacts('deployment', 'GitHub answered 502')).toMatchObject({
    subject: 'deployment',
    verdict: 'error',
    gates: [{ outcome: 'pending' }],
  });
});

test('docs/decisions.md is what `npm run docs` writes, of at least 300 cases', async () => {
  const page = await readFile(new URL('../../../docs/decisions.md', import.meta.url), 'utf8');
  expect(page).toBe(decisionsPage());
  const cases = [...allChangeCases, ...allDeploymentCases].flatMap(([, rows]) =>
    rows.map(({ name }) => name),
  );
  expect(cases.length).toBeGreaterThanOrEqual(300);
});

test('the manual’s example is a valid policy', () => {
  const [, example = ''] = /```yaml\n(.*?)```/s.exec(manual) ?? [];
  expect(readingOf({ path: 'docs/policy.md', ref: '', commit: null, text: example })).toMatchObject({
    kind: 'valid',
  });
});
