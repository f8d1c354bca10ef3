import { expect, test } from '@jest/globals';
import type { ControlSubject, NamedControl } from '../../../../src/domain/control-facts.ts';
import { namesChanges } from '../../../../src/policy/control/names-changes.ts';

const change = (setting: string) => ({ setting, before: '1', after: '2' });
const main: ControlSubject = { kind: 'branch', name: 'main' };
const ruleOf = (pattern: string): NamedControl => ({ kind: 'branch_rule', pattern });
const ruleset = (id: number): NamedControl => ({ kind: 'ruleset', id });

const CLASSIC = ['branch protection: enabled', 'branch protection: allow_force_pushes.enabled'];
const OF_NINE = ['rules: ruleset 9 deletion.type', 'rulesets: ruleset 9.enforcement'];

test.each<[string, NamedControl | null, ControlSubject, readonly string[], boolean]>([
  ['the branch’s own rule', ruleOf('main'), main, CLASSIC, true],
  ['another branch’s rule', ruleOf('release'), main, CLASSIC, false],
  ['a rule of many branches, which this one’s own may go before', ruleOf('*'), main, CLASSIC, false],
  ['a branch whose name begins like it', ruleOf('mai'), main, CLASSIC, false],
  ['the branch’s rule, where a ruleset changed', ruleOf('main'), main, OF_NINE, false],
  ['the branch’s rule, where a ruleset changed too', ruleOf('main'), main, [...CLASSIC, ...OF_NINE], false],
  ['the ruleset', ruleset(9), main, OF_NINE, true],
  ['another ruleset', ruleset(8), main, OF_NINE, false],
  ['one with a longer id', ruleset(90), main, OF_NINE, false],
  ['one with a shorter id', ruleset(9), main, ['rules: ruleset 90 deletion.type'], false],
  [
    'the ruleset, where another changed too',
    ruleset(9),
    main,
    [...OF_NINE, 'rulesets: ruleset 8.name'],
    false,
  ],
  ['the ruleset, where classic protection changed', ruleset(9), main, CLASSIC, false],
  ['nothing', null, main, CLASSIC, false],
  ['a rule, where nothing changed', ruleOf('main'), main, [], false],
  ['a ruleset, where nothing changed', ruleset(9), main, [], false],
  [
    'a branch, where an environment of that name changed',
    ruleOf('main'),
    { kind: 'environment', name: 'main' },
    CLASSIC,
    false,
  ],
])('a delivery that names %s', (_, named, subject, settings, expected) => {
  expect(namesChanges(named, subject, settings.map(change))).toBe(expected);
});
