import { expect, test } from '@jest/globals';
import { sourcesOf } from '../../../../src/policy/control/sources-of.ts';

const change = (setting: string) => ({ setting, before: '1', after: '2' });
const part = (settings: Record<string, string> | null) => ({ settings, known: settings !== null });

const rules = part({
  'ruleset 7 deletion.ruleset_source': '"acme"',
  'ruleset 7 deletion.ruleset_source_type': '"Organization"',
  'ruleset 70 deletion.ruleset_source': '"acme/shop"',
  'ruleset 70 deletion.ruleset_source_type': '"Repository"',
});
const rulesets = part({ 'ruleset 8.source': '"acme"', 'ruleset 8.source_type': '"Organization"' });

test.each<[string, string[], Parameters<typeof sourcesOf>[1], Record<string, string>]>([
  ['a rule of the organisation', ['rules: ruleset 7 deletion.type'], [{ rules }], { 7: 'Organization acme' }],
  [
    'a rule of the repository',
    ['rules: ruleset 70 deletion.type'],
    [{ rules }],
    { 70: 'Repository acme/shop' },
  ],
  ['a ruleset', ['rulesets: ruleset 8.enforcement'], [{ rules, rulesets }], { 8: 'Organization acme' }],
  [
    'one that is gone, and one that is new',
    ['rules: ruleset 7 deletion.type', 'rulesets: ruleset 8.rules'],
    [{ rules }, { rules: part({}), rulesets }],
    { 7: 'Organization acme', 8: 'Organization acme' },
  ],
  ['what is no ruleset’s', ['branch protection: enforce_admins.enabled'], [{ rules }], {}],
  ['one whose source isn’t told', ['rules: ruleset 9 deletion.type'], [{ rules }], {}],
  ['what can’t be read', ['rules: ruleset 7 deletion.type'], [null, { rules: part(null) }], {}],
])('%s', (_, settings, looks, sources) => {
  expect(sourcesOf(settings.map(change), looks)).toEqual(sources);
});
