import { expect, test } from '@jest/globals';
import { promotionsOf } from '../../../src/policy/promotions-of.ts';
import { policyOf } from '../../support/make-facts.ts';

const policy = policyOf(`version: 1
changes:
  branches: [main]
  approvals: { required: 1, from: { teams: [maintainers] } }
environments:
  staging: { branches: [main], deploy: { on: merge, by: { teams: [developers] } } }
  qa: { branches: [main], deploy: { on: merge, by: { teams: [developers] } }, after: { staging: {} } }
  us: { branches: [main], deploy: { on: request, by: { teams: [leads] } }, after: { staging: { soak: 30m } } }
  eu: { branches: [main], deploy: { on: request, by: { teams: [leads] } }, after: { staging: {}, qa: {} } }
  lab: { branches: [main], deploy: { on: request, by: { teams: [leads] } } }
`);

test.each([
  ['staging', ['eu', 'us']],
  ['qa', ['eu']],
  ['us', []],
  ['lab', []],
  ['constructor', []],
])('from %s', (environment, next) => {
  expect(promotionsOf(policy, environment)).toEqual(next);
});

test('the organisation’s order counts too', () => {
  const baseline = { version: 1, environments: { lab: { after: { staging: {} } } } } as const;
  expect(promotionsOf({ ...policy, baseline }, 'staging')).toEqual(['eu', 'lab', 'us']);
});
