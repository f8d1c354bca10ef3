import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import picomatch from 'picomatch';
import { branchGlobProblem, matchesBranch } from '../../../src/policy/branch-glob.ts';

test.each<[string, string, boolean]>([
  ['main', 'main', true],
  ['main', 'Main', false],
  ['main', 'main2', false],
  ['release/*', 'release/1', true],
  ['release/*', 'release/1/hot', false],
  ['release/*', 'release', false],
  ['release/**', 'release/1/hot', true],
  ['**/hot', 'release/1/hot', true],
  ['**', 'any/thing', true],
  ['*', 'main', true],
  ['*', 'a/b', false],
  ['v?.x', 'v2.x', true],
  ['v?.x', 'v10.x', false],
  ['*-stable', '1-2-stable', true],
  ['*', '.hidden', true],
])('%s means %s: %s', (glob, branch, expected) => {
  expect(matchesBranch([glob], branch)).toBe(expected);
});

test('no pattern means no branch', () => {
  expect(matchesBranch([], 'main')).toBe(false);
});

test('it agrees with picomatch', () => {
  // After a part with signs, picomatch lets a final /** stand for one part at least; after a plain part, for none too.
  const inconsistent = /[*?][^/]*\/\*\*$/;
  const part = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), minLength: 1, maxLength: 5 });
  const glob = fc
    .array(fc.oneof({ weight: 3, arbitrary: part }, fc.constant('**')), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.join('/'))
    .filter((each) => branchGlobProblem(each) === null && !inconsistent.test(each));
  const branch = fc
    .array(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 5 }), {
      minLength: 1,
      maxLength: 4,
    })
    .map((parts) => parts.join('/'));
  fc.assert(
    fc.property(glob, branch, (glob, branch) => {
      expect(matchesBranch([glob], branch)).toBe(picomatch.isMatch(branch, glob, { dot: true }));
    }),
    { numRuns: 1_500 },
  );
});

describe('a pattern made to take for ever', () => {
  test('takes no time', () => {
    const start = process.cpuUsage();
    expect(matchesBranch([`${'*a'.repeat(120)}b`], 'a'.repeat(250))).toBe(false);
    expect(matchesBranch([`${'**/'.repeat(80)}b`], 'a/'.repeat(120))).toBe(false);
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(500);
  });
});

test.each<[string, string | null]>([
  ['main', null],
  ['release/*', null],
  ['**', null],
  ['', 'is empty'],
  ['a'.repeat(256), 'is longer'],
  ['a b', 'has a blank'],
  ['a\u200bb', 'has a blank'],
  ['!a', 'starts with !'],
  ['[ab]', 'has a sign'],
  ['{a,b}', 'has a sign'],
  ['(a|b)', 'has a sign'],
  ['refs/heads/a', 'is a full ref'],
  ['/a', 'has an empty part'],
  ['a//b', 'has an empty part'],
  ['a**', 'has ** inside'],
])('%s as a pattern: %s', (glob, problem) => {
  const found = branchGlobProblem(glob);
  if (problem === null) expect(found).toBeNull();
  else expect(found).toContain(problem);
});
