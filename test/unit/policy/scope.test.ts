import { expect, test } from '@jest/globals';
import { allowedBranches, allowsBranch } from '../../../src/policy/allows-branch.ts';
import { environmentsOnMerge } from '../../../src/policy/environments-on-merge.ts';
import { guards } from '../../../src/policy/guards.ts';
import { rolesAsked } from '../../../src/policy/roles-asked.ts';
import { policyOf, withChanges, withProduction } from '../../support/make-facts.ts';

const policy = policyOf();

test('which branches are guarded', () => {
  expect(['main', 'release/2', 'release/2/fix', 'sketch'].map((branch) => guards(policy, branch))).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test('which branches may be deployed where', () => {
  expect(allowedBranches(policy, 'production')).toEqual(['main']);
  expect(allowedBranches(policy, 'toString')).toEqual([]);
  expect(allowsBranch(policy, 'production', 'main')).toBe(true);
  expect(allowsBranch(policy, 'production', 'release/2')).toBe(false);
  expect(allowsBranch(policy, 'nowhere', 'main')).toBe(false);
});

test('which environments a merge asks a deployment for', () => {
  expect(environmentsOnMerge(policy, 'main')).toEqual(['staging']);
  expect(environmentsOnMerge(policy, 'release/2')).toEqual([]);
});

test('which roles are looked up', () => {
  expect(rolesAsked(policy, 'change')).toEqual({ teams: ['maintainers'], permissions: false });
  expect(rolesAsked(policy, { environment: 'production' })).toEqual({
    teams: ['leads', 'maintainers'],
    permissions: false,
  });
  expect(rolesAsked(policy, { environment: 'nowhere' })).toEqual({
    teams: ['maintainers'],
    permissions: false,
  });
  const named = withProduction({ approvals: { required: 1, from: { teams: ['operators', 'leads'] } } });
  expect(rolesAsked(named, { environment: 'production' }).teams).toEqual([
    'leads',
    'maintainers',
    'operators',
  ]);
  const anyone = withChanges({ approvals: { required: 1, from: { permission: 'write' } } });
  expect(rolesAsked(anyone, 'change')).toEqual({ teams: [], permissions: true });
  const somebody = withChanges({ approvals: { required: 1, from: { users: ['bob'] } } });
  expect(rolesAsked(somebody, 'change')).toEqual({ teams: [], permissions: true });
});
