import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { policySchemas } from '../../../src/policy/schema.ts';
import { readingOf } from '../../../src/policy/reading-of.ts';
import { POLICY } from '../../support/make-facts.ts';

const FILE = '.github/countersign.yml';
const read = (text: string | null) => readingOf({ path: FILE, ref: 'main', commit: null, text });
const problems = (text: string) => {
  const reading = read(text);
  return reading.kind === 'invalid' ? reading.problems : [`it was read as ${reading.kind}`];
};

describe('a policy that is right', () => {
  test('is read, with what it leaves out filled in', () => {
    expect(read(POLICY)).toMatchObject({
      kind: 'valid',
      policy: {
        version: 1,
        mode: 'enforce',
        environments: { production: { approvals: { from: 'environment' } } },
      },
    });
  });

  test('may be small, have comments, a byte order mark and Windows line ends', () => {
    const text =
      '\ufeff# ours\r\nversion: 1\r\nchanges:\r\n  branches: [main]\r\n  approvals: { required: 1, from: { users: [bob] } }\r\n';
    expect(read(text)).toMatchObject({ kind: 'valid', policy: { environments: {} } });
  });

  test('is none where there is no file', () => {
    expect(read(null)).toEqual({ kind: 'absent' });
  });
});

/** What is changed in the good policy, and everything that is said about it. */
const slips: readonly (readonly [name: string, from: string, to: string, says: readonly string[]])[] = [
  [
    'a misspelt key',
    '  approvals: { required: 1, from: { teams',
    '  aprovals: { required: 1, from: { teams',
    [':4:3 changes.aprovals: unknown key; did you mean approvals?'],
  ],
  [
    'a key that means nothing',
    'version: 1\n',
    'version: 1\ncolour: red\n',
    [':2:1 colour: unknown key; known here: version, mode, changes, environments'],
  ],
  [
    'a key deep inside',
    'by: { teams: [leads] }',
    'by: { team: [leads], users: [dave] }',
    [':13:34 environments.production.deploy.by.team: unknown key; did you mean teams?'],
  ],
  ['a missing key', 'version: 1\n', '', [':1:1 version: is missing; it must be 1']],
  ['another version', 'version: 1', 'version: 2', [':1:10 version: is 2; it must be 1']],
  [
    'a misspelt word',
    'on: merge',
    'on: marge',
    [':10:19 environments.staging.deploy.on: is "marge"; did you mean merge?'],
  ],
  [
    'a wrong word',
    'on: merge',
    'on: fridays',
    [':10:19 environments.staging.deploy.on: is "fridays"; it must be merge or request'],
  ],
  [
    'a list that is no list',
    'branches: [main, "release/*"]',
    'branches: main',
    [':3:13 changes.branches: is "main"; it must be a list: write [main]'],
  ],
  [
    'a team that stands in no list',
    'teams: [leads]',
    'teams: leads',
    [':13:41 environments.production.deploy.by.teams: is "leads"; it must be a list: write [leads]'],
  ],
  [
    'what needs quotes in its list',
    'branches: [main, "release/*"]',
    'branches: "**"',
    [':3:13 changes.branches: is "**"; it must be a list: write ["**"]'],
  ],
  [
    'what is right in no list either',
    'teams: [leads]',
    'teams: "@acme/leads"',
    [':13:41 environments.production.deploy.by.teams: is "@acme/leads"; it must be a list'],
  ],
  [
    'a list without anything',
    'teams: [leads]',
    'teams: []',
    [':13:41 environments.production.deploy.by.teams: is empty; give at least one'],
  ],
  [
    'a value left out',
    'teams: [leads]',
    'teams:',
    [':13:41 environments.production.deploy.by.teams: is empty; it must be a list'],
  ],
  [
    'nobody named',
    'by: { teams: [leads] }',
    'by: {}',
    [':13:32 environments.production.deploy.by: names nobody; give teams, users or permission'],
  ],
  [
    'no approvals at all',
    'required: 1, from: environment',
    'required: 0, from: environment',
    [':14:28 environments.production.approvals.required: is too small; it must be at least 1'],
  ],
  [
    'more approvals than anyone can give',
    '{ required: 1, from: { teams: [maintainers] } }',
    '{ required: 3, from: { users: [bob, Bob, carol] } }',
    [':4:26 changes.approvals.required: asks for 3 approvals, but only 2 people could give them'],
  ],
  [
    'a user with @',
    'from: { teams: [maintainers] }',
    'from: { users: ["@bob"] }',
    [':4:45 changes.approvals.from.users[0]: is no GitHub login; write it without @'],
  ],
  [
    'a team with its organisation',
    'teams: [leads]',
    'teams: [acme/leads]',
    [
      ':13:42 environments.production.deploy.by.teams[0]: is no team’s slug; write it as in the team’s address, lower case and without the organisation',
    ],
  ],
  [
    'a permission that anyone has',
    'from: { teams: [maintainers] }',
    'from: { permission: read }',
    [':4:49 changes.approvals.from.permission: is "read"; it must be write or maintain or admin'],
  ],
  [
    'a branch with a blank',
    '"release/*"',
    '"release 1"',
    [':3:20 changes.branches[1]: has a blank or an invisible character in it, and no branch can'],
  ],
  [
    'a branch that is excluded',
    '"release/*"',
    '"!wip"',
    [':3:20 changes.branches[1]: starts with !, which is not supported; list the branches that are meant'],
  ],
  [
    'a whole ref',
    '"release/*"',
    'refs/heads/main',
    [':3:20 changes.branches[1]: is a full ref; write the branch alone, as in main'],
  ],
  [
    'a short baseline',
    'deploy: { on: request',
    'baseline: 1a2b3c4\n    deploy: { on: request',
    [':13:15 environments.production.baseline: is no full commit id: 40 hexadecimal digits, lower case'],
  ],
  [
    'a baseline that is a number',
    'deploy: { on: request',
    'baseline: 1234567890123456789012345678901234567890\n    deploy: { on: request',
    [':13:15 environments.production.baseline: is 1.2345678901234568e+39; it must be text'],
  ],
  [
    'an app that is a name',
    'checks: [ci/test]',
    'checks: [{ name: ci/test, app: actions }]',
    [':5:34 changes.checks[0].app: is "actions"; it must be a whole number'],
  ],
  [
    'a check that is a number',
    'checks: [ci/test]',
    'checks: [4]',
    [':5:12 changes.checks[0]: is 4; it must be text, or a mapping with name, app'],
  ],
  [
    'a check of our own',
    'checks: [ci/test]',
    'checks: [{ name: "countersign/deploy (staging)", app: 1 }]',
    [
      ':5:20 changes.checks[0].name: is one of Countersign’s own, which waits for this decision; remove it, and ask for it on GitHub with protection: { checks: required }',
    ],
  ],
  [
    'approvals from a misspelt word',
    'from: environment',
    'from: enviroment',
    [':14:37 environments.production.approvals.from: is "enviroment"; did you mean environment?'],
  ],
  [
    'reviewers by permission',
    'from: environment',
    'from: { permission: write }',
    [':14:39 environments.production.approvals.from.permission: unknown key; known here: teams, users'],
  ],
  [
    'a wish that GitHub’s protection has no word for',
    'force_push: blocked',
    'force_push: allowed',
    [':6:81 changes.protection.force_push: is "allowed"; it must be blocked'],
  ],
  [
    'several at once, in the file’s order',
    'on: merge',
    'x: 1',
    [
      ':10:5 environments.staging.deploy.on: is missing; it must be merge or request',
      ':10:15 environments.staging.deploy.x: unknown key; known here: on, by',
    ],
  ],
];

test.each(slips)('%s', (_, from, to, says) => {
  expect(problems(POLICY.replaceAll(from, to))).toEqual(says.map((each) => `${FILE}${each}`));
});

describe('code owners and bots', () => {
  const withFrom = (from: string) =>
    problems(POLICY.replace('from: { teams: [maintainers] }', `from: ${from}`));
  const withBots = (bots: string) => problems(POLICY.replace('checks: [ci/test]', `bots: ${bots}`));

  test.each(['{ codeowners: true }', '{ teams: [maintainers], codeowners: true }'])(
    '%s may approve',
    (from) => {
      expect(withFrom(from)).toEqual(['it was read as valid']);
    },
  );

  test.each([
    ['{ codeowners: false }', 'codeowners'],
    ['{}', 'give teams, users, permission or codeowners'],
    ['{ codeowner: true }', 'did you mean codeowners?'],
  ])('%s may not', (from, message) => {
    expect(withFrom(from)).toEqual([expect.stringContaining(message)]);
  });

  test('code owners can be more people than the users who are named', () => {
    const more = POLICY.replace(
      '{ required: 1, from: { teams: [maintainers] } }',
      '{ required: 3, from: { users: [bob], codeowners: true } }',
    );
    expect(problems(more)).toEqual(['it was read as valid']);
  });

  test('nobody asks code owners for deployments', () => {
    const asked = POLICY.replace('by: { teams: [leads] }', 'by: { codeowners: true }');
    expect(problems(asked)).toEqual([expect.stringContaining('codeowners')]);
  });

  test.each([
    '[]',
    '[{ login: "robot[bot]", paths: [package.json, "deps/**"] }]',
    '[{ login: "Robot[bot]", id: 90, paths: ["**"] }]',
  ])('the list of bots %s', (bots) => {
    expect(withBots(bots)).toEqual(['it was read as valid']);
  });

  test.each([
    ['[{ login: robot, paths: ["**"] }]', 'write it with [bot] at its end'],
    ['[{ login: "github-actions[bot]", paths: ["**"] }]', 'everyone who can write a workflow'],
    ['[{ login: "GitHub-Actions[bot]", paths: ["**"] }]', 'everyone who can write a workflow'],
    ['[{ login: "robot[bot]", paths: [] }]', 'paths'],
    ['[{ login: "robot[bot]" }]', 'paths'],
    ['[{ login: "robot[bot]", paths: ["/package.json"] }]', 'did you mean package.json?'],
    ['[{ login: "robot[bot]", paths: ["deps/"] }]', 'did you mean deps/**?'],
    ['[{ login: "robot[bot]", paths: ["!src"] }]', 'starts with !'],
    ['[{ login: "robot[bot]", paths: ["[ab].json"] }]', 'bracket or brace'],
    ['[{ login: "robot[bot]", paths: ["a**"] }]', '** inside a part'],
    ['[{ login: "robot[bot]", paths: ["../a"] }]', 'did you mean a?'],
    ['[{ login: "robot[bot]", id: 0, paths: ["**"] }]', 'id'],
    ['[{ login: "robot[bot]", paths: [a] }, { login: "Robot[bot]", paths: [b] }]', 'is here twice'],
  ])('no list of bots: %s', (bots, message) => {
    expect(withBots(bots)).toEqual([expect.stringContaining(message)]);
  });
});

describe('keys that this version does not enforce', () => {
  const NOT = 'not supported by this version, so a policy that asks for it can’t be kept; remove the key';

  test.each([['environments.staging.deploy.with', 'on: merge,', 'on: merge, with: actions,']])(
    '%s',
    (key, from, to) => {
      expect(problems(POLICY.replace(from, to))).toEqual([expect.stringContaining(` ${key}: ${NOT}`)]);
    },
  );
});

describe('the traps of YAML', () => {
  test.each<[string, string, string]>([
    ['an empty file', '', ':1:1 the policy is empty; it needs at least version: 1 and changes:'],
    [
      'nothing but comments',
      '# later\n',
      ':1:1 the policy is empty; it needs at least version: 1 and changes:',
    ],
    ['an empty document', '---\n', ':1:1 the policy is empty; it needs at least version: 1 and changes:'],
    [
      'a list',
      '- a\n',
      ':1:1 the policy is a list; it must be a mapping with version, mode, changes, environments',
    ],
    [
      'a word',
      'hello',
      ':1:1 the policy is "hello"; it must be a mapping with version, mode, changes, environments',
    ],
    ['a key twice', 'version: 1\nmode: observe\nmode: enforce\n', ':3:1 the policy has the key mode twice'],
    [
      'a key twice inside',
      'changes:\n  checks: []\n  checks: [a]\n',
      ':3:3 changes: has the key checks twice',
    ],
    ['an alias', 'a: &x [b]\nc: *x\n', ':2:4 c: is an alias (*); write the value out'],
    ['a merge key', '<<: { version: 1 }\n', ':1:1 the policy has a key that is not allowed: <<'],
    [
      'a prototype',
      '__proto__: { version: 1 }\n',
      ':1:1 the policy has a key that is not allowed: __proto__',
    ],
    [
      'a key that is a number',
      '1: a\n',
      ':1:1 the policy has a key that is not a string: 1; put it in quotes',
    ],
    ['a key that is a list', '? [a]\n: b\n', ':1:3 the policy has a key that is not a plain string'],
    ['a tab', 'changes:\n\tbranches: []\n', ':2:1 the policy has a tab as indentation; use blanks'],
    [
      'a second document',
      'version: 1\n---\nversion: 1\n',
      ':2:1 the policy has a second document (---); a policy is one',
    ],
    ['a directive', '%YAML 1.1\n---\nversion: 1\n', ':1:1 the policy has a %YAML directive; remove it'],
    ['a tag', 'version: !!str 1\n', ':1:16 version: has a tag (!); remove it'],
    [
      'a tag that nobody knows',
      'version: !one 1\n',
      ':1:10 the policy is not valid YAML: Unresolved tag: !one',
    ],
    [
      'NUL',
      'version: 1\nmode: \0\n',
      ":2:7 the policy has a character that can't be seen (U+0000); remove it",
    ],
    [
      'an override of the reading direction',
      'version: 1\n# \u202e\n',
      ":2:3 the policy has a character that can't be seen (U+202E); remove it",
    ],
    [
      'an unclosed bracket',
      'changes: [\n',
      ':2:1 the policy is not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
  ])('%s', (_, text, says) => {
    expect(problems(text)[0]).toBe(`${FILE}${says}`);
  });

  test('words that YAML 1.1 takes for booleans are words', () => {
    expect(problems(POLICY.replace('[main, "release/*"]', '[no, on]'))).toEqual(['it was read as valid']);
  });

  test.each<[string, string]>([
    ['a file as large as it may be, all brackets', '['.repeat(65_536)],
    ['all dashes', '- '.repeat(32_768)],
    ['all quotes', '"'.repeat(65_536)],
    ['all keys', Array.from({ length: 6_000 }, (_, index) => `k${index}: 1`).join('\n')],
    ['larger than it may be', 'x'.repeat(66_000)],
    [
      'aliases of aliases',
      Array.from({ length: 30 }, (_, index) => `a${index}: &a${index} [*a${index - 1}, *a${index - 1}]`).join(
        '\n',
      ),
    ],
  ])('%s: refused, with a few problems', (_, text) => {
    const found = problems(text);
    expect(found.length).toBeLessThanOrEqual(51);
    expect(found[0]).toContain(FILE);
  });
});

describe('whatever the text', () => {
  const lines = POLICY.split('\n');
  const mangled = fc
    .tuple(fc.nat(lines.length - 1), fc.string({ unit: 'binary', maxLength: 20 }), fc.nat(60))
    .map(([at, text, column]) =>
      lines
        .map((line, index) => (index === at ? `${line.slice(0, column)}${text}${line.slice(column)}` : line))
        .join('\n'),
    );

  test.each([
    ['any text', fc.string({ unit: 'binary', maxLength: 400 })],
    [
      'signs of YAML',
      fc.string({ unit: fc.constantFrom(...'-:?[]{},&*#!|>%@`"\'\n\t  ab1'.split('')), maxLength: 200 }),
    ],
    ['the policy with something slipped in', mangled],
  ] as const)('it is read or every problem has its place: %s', (_, texts) => {
    fc.assert(
      fc.property(texts, (text) => {
        const reading = read(text);
        if (reading.kind === 'valid') return;
        if (reading.kind !== 'invalid') throw new Error(reading.kind);
        expect(reading.problems.length).toBeGreaterThan(0);
        for (const problem of reading.problems)
          expect(problem).toMatch(/^\.github\/countersign\.yml:[1-9]\d*:[1-9]\d* \S/);
      }),
      { numRuns: 150 },
    );
  });

  test('a key that is not in the schema is never passed over, wherever it stands', () => {
    const places = [
      'version: 1\n',
      'changes:\n  ',
      '{ required: 1, ',
      '{ pull_request: required, ',
      'staging:\n    ',
      '{ on: merge, ',
      'by: { ',
    ];
    for (const place of places) {
      const inline = place.includes('{');
      const text = POLICY.replace(
        place,
        inline ? `${place}zzz: 1, ` : `${place}zzz: 1\n${/ *$/.exec(place)?.[0] ?? ''}`,
      );
      expect(problems(text).join()).toContain('zzz: unknown key');
    }
  });
});

test.each(Object.entries(policySchemas()))('docs/%s is what `npm run docs` writes', async (name, schema) => {
  const text = await readFile(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');
  expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(schema)));
});

test('the JSON Schema has every key of the policy, and allows no other', () => {
  const schema = policySchemas()['countersign.schema.json'];
  expect(schema).toMatchObject({
    additionalProperties: false,
    required: ['version', 'changes'],
    properties: { changes: { additionalProperties: false, required: ['branches', 'approvals'] } },
  });
});
