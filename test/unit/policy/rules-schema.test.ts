import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { namesIn } from '../../../src/policy/rules-schema.ts';
import { readingOf } from '../../../src/policy/reading-of.ts';

const read = (lines: string) =>
  readingOf({
    path: 'policy.yml',
    ref: 'main',
    commit: null,
    text: `version: 1\nchanges:\n  branches: [main]\n  approvals: { required: 1, from: { teams: [leads] } }\n${lines}`,
  });
const problems = (lines: string) => {
  const reading = read(lines);
  return reading.kind === 'invalid' ? reading.problems : [];
};
const RULE = 'approvals: { required: 1, from: { teams: [payments] } }';
const rule = (rest: string) => `  rules:\n    - { name: payments, ${rest} }\n`;
const when = (condition: string) => rule(`when: { ${condition} }, ${RULE}`);

describe('rules that are right', () => {
  test.each([
    [
      'with every condition',
      when(
        'paths: ["billing/**"], labels: [a], title: ["*fix*"], branches: [main], authors: { teams: [x], bots: true }, size: { lines_over: 500, files_over: 20 }',
      ),
    ],
    ['for every change', rule(RULE)],
    ['with checks alone', rule('checks: [ci/tax, { name: ci/b, app: 7 }]')],
    [
      'joined',
      `${rule(RULE)}    - { name: legal, ${RULE} }\n  require: { any: [payments, { all: [legal, payments] }] }\n`,
    ],
    [
      'with what blocks',
      '  block: { labels: ["do not merge"], by: { teams: [security], users: [carol] } }\n',
    ],
  ])('%s', (_, lines) => {
    expect(problems(lines)).toEqual([]);
  });
});

describe('rules that are wrong say where and how', () => {
  test.each<[string, string, readonly string[]]>([
    [
      'no name',
      `  rules:\n    - { ${RULE} }\n`,
      ['policy.yml:6:7 changes.rules[0].name: is missing; it must be text'],
    ],
    [
      'nothing asked',
      '  rules:\n    - { name: payments }\n',
      ['policy.yml:6:7 changes.rules[0]: asks for nothing; give approvals or checks'],
    ],
    [
      'an empty list of checks',
      rule('checks: []'),
      ['policy.yml:6:7 changes.rules[0]: asks for nothing; give approvals or checks'],
    ],
    [
      'a slip in a key',
      rule('aprovals: { required: 1, from: { teams: [payments] } }'),
      ['policy.yml:6:25 changes.rules[0].aprovals: unknown key; did you mean approvals?'],
    ],
    [
      'an empty condition',
      rule(`when: {}, ${RULE}`),
      [
        'policy.yml:6:31 changes.rules[0].when: asks for nothing; leave when out, and the rule holds for every change',
      ],
    ],
    [
      'a condition that is not known',
      when('path: [a]'),
      ['policy.yml:6:33 changes.rules[0].when.path: unknown key; did you mean paths?'],
    ],
    [
      'a path from the root',
      when('paths: [/billing]'),
      [
        'policy.yml:6:41 changes.rules[0].when.paths[0]: can match no path, for git has no such parts; did you mean billing?',
      ],
    ],
    [
      'a name twice',
      `${rule(RULE)}    - { name: payments, ${RULE} }\n`,
      ['policy.yml:7:15 changes.rules[1].name: is the name of changes.rules[0] too; give each rule its own'],
    ],
    [
      'a rule that is not there',
      `${rule(RULE)}  require: { all: [payments, legl] }\n`,
      ['policy.yml:7:30 changes.require.all[1]: is no rule; changes.rules has payments'],
    ],
    [
      'no rules at all',
      '  require: { all: [payments] }\n',
      ['policy.yml:5:20 changes.require.all[0]: is no rule; there are none in changes.rules'],
    ],
    [
      'a rule that is not used',
      `${rule(RULE)}    - { name: legal, ${RULE} }\n  require: { all: [payments] }\n`,
      [
        'policy.yml:7:15 changes.rules[1].name: is not in changes.require, so the rule would ask for nothing; add it there, or remove the rule',
      ],
    ],
    [
      'one any with rules for different changes',
      `${when('paths: [a]')}    - { name: legal, ${RULE} }\n  require: { any: [payments, legal] }\n`,
      [
        'policy.yml:8:19 changes.require.any: joins payments and legal, which hold for different changes; give the rules of one any the same when',
      ],
    ],
    [
      'the same, further down',
      `${when('paths: [a]')}    - { name: legal, ${RULE} }\n  require: { any: [{ all: [payments] }, { all: [legal] }] }\n`,
      [
        'policy.yml:8:19 changes.require.any: joins payments and legal, which hold for different changes; give the rules of one any the same when',
      ],
    ],
    [
      'nested too deeply',
      `${rule(RULE)}  require: { all: [{ all: [{ all: [{ all: [payments] }] }] }] }\n`,
      ['policy.yml:7:36 changes.require.all[0].all[0].all[0]: is a mapping; it must be text'],
    ],
    [
      'a block of nothing',
      '  block: {}\n',
      ['policy.yml:5:10 changes.block: asks for nothing; give labels or by'],
    ],
    [
      'a veto by nobody',
      '  block: { by: {} }\n',
      ['policy.yml:5:16 changes.block.by: names nobody; give teams or users'],
    ],
    [
      'a veto by permission',
      '  block: { by: { permission: admin } }\n',
      ['policy.yml:5:18 changes.block.by.permission: unknown key; known here: teams, users'],
    ],
    [
      'authors who are nobody',
      when('authors: {}'),
      ['policy.yml:6:42 changes.rules[0].when.authors: names nobody; give teams, users or bots'],
    ],
    [
      'a size of nothing',
      when('size: {}'),
      ['policy.yml:6:39 changes.rules[0].when.size: asks for nothing; give lines_over or files_over'],
    ],
  ])('%s', (_, lines, expected) => {
    expect(problems(lines)).toEqual(expected);
  });

  test('whatever is joined how, it is read or refused, and nothing is thrown', () => {
    const { node } = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom('payments', 'legal', 1, null),
        fc.record({ all: fc.array(tie('node'), { maxLength: 3 }) }),
        fc.record({ any: fc.array(tie('node'), { minLength: 1, maxLength: 3 }) }),
      ),
    }));
    const readOf = (value: unknown) => read(`${rule(RULE)}  require: ${JSON.stringify(value)}\n`);
    fc.assert(
      fc.property(node, (value) => {
        const reading = readOf(value);
        if (reading.kind === 'invalid') expect(reading.problems).not.toEqual([]);
        if (reading.kind === 'valid')
          expect(namesIn(reading.policy.changes.require ?? '')).toEqual(['payments']);
      }),
      { numRuns: 500 },
    );
    const drawn = fc.sample(node, { numRuns: 500, seed: 7 });
    expect(drawn.filter((value) => readOf(value).kind !== 'invalid').length).toBeGreaterThan(5);
  });
});
