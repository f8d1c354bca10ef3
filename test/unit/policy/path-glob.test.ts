import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import picomatch from 'picomatch';
import { pathGlobProblem, patternOf } from '../../../src/policy/path-glob.ts';

const matches = (glob: string, path: string) => patternOf([glob], path) !== undefined;

test.each<[string, string, boolean]>([
  ['billing/**', 'billing/invoice.ts', true],
  ['billing/**', 'billing/a/b/c', true],
  ['billing/**', 'billing', true],
  ['billing/**', 'billings/a', false],
  ['billing/**', 'src/billing/a', false],
  ['**/billing/**', 'src/billing/a', true],
  ['**/*.sql', 'a.sql', true],
  ['**/*.sql', 'db/migrations/1.sql', true],
  ['*.sql', 'db/1.sql', false],
  ['.github/**', '.github/workflows/ci.yml', true],
  ['src/?.ts', 'src/a.ts', true],
  ['src/?.ts', 'src/é.ts', true],
  ['src/?.ts', 'src/😀.ts', true],
  ['src/?.ts', 'src/ab.ts', false],
  ['src/*', 'src/(group)', true],
  ['Makefile', 'makefile', false],
  ['a b.txt', 'a b.txt', true],
  ['**', 'any/thing', true],
])('%s means %s: %s', (glob, path, expected) => {
  expect(pathGlobProblem(glob)).toBeNull();
  expect(matches(glob, path)).toBe(expected);
});

describe('a pattern that could never match is refused, with the nearest that can', () => {
  test.each([
    ['/billing/**', 'billing/**'],
    ['./billing/**', 'billing/**'],
    ['../billing', 'billing'],
    ['src/../billing/*', 'billing/*'],
    ['billing/', 'billing/**'],
    ['a//b', 'a/b'],
    ['/', '**'],
    ['.', '**'],
    ['src/**.ts', 'src/**/*.ts'],
    ['src**', 'src*/**'],
    ['**.ts', '**/*.ts'],
  ])('%s: %s', (glob, meant) => {
    expect(pathGlobProblem(glob)).toContain(`did you mean ${meant}?`);
    expect(pathGlobProblem(meant)).toBeNull();
  });

  test.each([
    ['', 'is empty'],
    ['!a', 'starts with !'],
    ['{a,b}', 'bracket or brace'],
    ['[ab]', 'bracket or brace'],
    ['a\\b', 'backslash'],
    [' a', 'blank at its start'],
    ['a ', 'blank at its end'],
    ['a\u200bb', 'invisible'],
    ['x'.repeat(2_000), 'longer'],
  ])('%j: %s', (glob, why) => {
    expect(pathGlobProblem(glob)).toContain(why);
  });

  test('what is proposed is always right', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '.', '/', '*'), minLength: 1, maxLength: 12 }),
        (glob) => {
          const meant = /did you mean (.*)\?$/.exec(pathGlobProblem(glob) ?? '')?.[1];
          if (meant !== undefined && !meant.split('/').some((part) => part !== '**' && part.includes('**'))) {
            expect(pathGlobProblem(meant)).toBeNull();
          }
        },
      ),
    );
  });
});

const part = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*', '?'), minLength: 1, maxLength: 4 });
const glob = fc
  .array(fc.oneof({ weight: 3, arbitrary: part }, fc.constant('**')), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join('/'))
  .filter((each) => pathGlobProblem(each) === null);
const path = fc
  .array(
    fc
      .string({ unit: fc.constantFrom('a', 'b', '.'), minLength: 1, maxLength: 4 })
      // Of a name that ends in a dot, picomatch's `*.*` wants more after it; git's wildmatch, as we, takes nothing there too.
      .filter((each) => !each.endsWith('.')),
    { minLength: 1, maxLength: 5 },
  )
  .map((parts) => parts.join('/'));

test('it agrees with picomatch', () => {
  // After a part with signs, picomatch lets a final /** stand for one part at least; after a plain part, for none too.
  const inconsistent = /[*?][^/]*\/\*\*$/;
  fc.assert(
    fc.property(glob, path, (pattern, each) => {
      if (inconsistent.test(pattern)) return;
      expect(matches(pattern, each)).toBe(picomatch.isMatch(each, pattern, { dot: true }));
    }),
    { numRuns: 2_000 },
  );
  const drawn = fc.sample(fc.tuple(glob, path), { numRuns: 2_000, seed: 7 });
  const meant = drawn.filter(([pattern, each]) => !inconsistent.test(pattern) && matches(pattern, each));
  expect(meant.length).toBeGreaterThan(50);
});

test('a further part never takes a path out of a folder’s pattern', () => {
  fc.assert(
    fc.property(path, path, (folder, rest) => {
      expect(matches(`${folder}/**`, `${folder}/${rest}`)).toBe(true);
    }),
  );
});

test('a hostile pattern takes no long time', () => {
  const started = process.cpuUsage().user;
  expect(matches('*a'.repeat(400), 'a'.repeat(4_000) + 'b')).toBe(false);
  expect(process.cpuUsage(undefined).user - started).toBeLessThan(2_000_000);
});
