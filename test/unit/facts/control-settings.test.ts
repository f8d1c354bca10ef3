import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { controlSettings } from '../../../src/facts/control-settings.ts';

test.each<readonly [string, unknown, Record<string, string>]>([
  ['a value', { allow_deletions: { enabled: true } }, { 'allow_deletions.enabled': 'true' }],
  ['one that we don’t know', { tomorrow: { strength: 3 } }, { 'tomorrow.strength': '3' }],
  [
    'no addresses, times or node ids',
    { id: 1, url: 'x', html_url: 'x', node_id: 'x', updated_at: 'x', _links: {}, name: 'main' },
    { id: '1', name: '"main"' },
  ],
  [
    'an environment, which has an id of its own',
    { id: 9, node_id: 'x', url: 'x', name: 'production', can_admins_bypass: true },
    { id: '9', name: '"production"', can_admins_bypass: 'true' },
  ],
  [
    'an account by its id and name',
    { users: [{ id: 4, login: 'dave', node_id: 'x', url: 'x', type: 'User', site_admin: false }] },
    { users: '[{"id":4,"login":"dave"}]' },
  ],
  ['an empty list and an empty part', { users: [], reviews: {} }, { users: '[]', reviews: '{}' }],
  ['nothing', null, { value: 'null' }],
])('%s', (_, raw, expected) => {
  expect(controlSettings(raw)).toEqual(expected);
});

test('the order of keys and of lists means nothing', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ context: fc.string(), app_id: fc.nat() })), (checks) => {
      const turned = checks.toReversed().map(({ context, app_id }) => ({ app_id, context }));
      expect(controlSettings({ checks: turned })).toEqual(controlSettings({ checks }));
    }),
  );
});
