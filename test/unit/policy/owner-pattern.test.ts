import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { matchesOwnerPattern, ownerPattern, ownerPatternProblem } from '../../../src/policy/owner-pattern.ts';

const means = (pattern: string, path: string) => matchesOwnerPattern(ownerPattern(pattern), path);

test.each<[string, string, boolean]>([
  // GitHub's own examples, from its page about code owners.
  ['*', 'README.md', true],
  ['*', 'deep/down/here.txt', true],
  ['*.js', 'index.js', true],
  ['*.js', 'src/deep/index.js', true],
  ['*.js', 'index.jsx', false],
  ['/build/logs/', 'build/logs/today.log', true],
  ['/build/logs/', 'build/logs/2026/today.log', true],
  ['/build/logs/', 'other/build/logs/today.log', false],
  ['/build/logs/', 'build/logs', false],
  ['docs/*', 'docs/getting-started.md', true],
  ['docs/*', 'docs/build-app/troubleshooting.md', false],
  ['docs/*', 'other/docs/getting-started.md', false],
  ['apps/', 'apps/shop.ts', true],
  ['apps/', 'deep/apps/shop.ts', true],
  ['apps/', 'apps', false],
  ['/docs/', 'docs/deep/down.md', true],
  ['/docs/', 'other/docs/down.md', false],
  ['**/logs', 'build/logs', true],
  ['**/logs', 'logs/today.log', true],
  ['**/logs', 'deeply/nested/logs/today.log', true],
  ['**/logs', 'deeply/nested/blogs/today.log', false],
  ['/apps/github', 'apps/github/index.ts', true],
  ['/apps/github', 'apps/github', true],
  ['/apps/github', 'apps/github.ts', false],
  // The rest of gitignore's form.
  ['package.json', 'package.json', true],
  ['package.json', 'tools/package.json', true],
  ['package.json', 'Package.json', false],
  ['src/index.ts', 'src/index.ts', true],
  ['src/index.ts', 'tools/src/index.ts', false],
  ['src/**/test', 'src/test', true],
  ['src/**/test', 'src/a/b/test/one.ts', true],
  ['src/**', 'src/a', true],
  ['src/**', 'src', false],
  ['**', 'any/thing', true],
  ['**/', 'any/thing', true],
  ['**/', 'thing', false],
  ['v?.md', 'v1.md', true],
  ['v?.md', 'v10.md', false],
  ['v?.md', 'v/.md', false],
  ['a*b', 'a/b', false],
  ['a**b', 'axxb', true],
  ['a**b', 'a/b', false],
  ['*.d/*', 'x.d/one', true],
  ['*.d/*', 'x.d/one/two', false],
  ['*', '.hidden', true],
  ['/*', 'root.txt', true],
  ['/*', 'not/root.txt', false],
  ['/', 'anything', false],
  [String.raw`my\ file.txt`, 'my file.txt', true],
  [String.raw`star\*.txt`, 'star*.txt', true],
  [String.raw`star\*.txt`, 'starry.txt', false],
  [String.raw`\[slug\].ts`, 'app/[slug].ts', true],
  ['a.b', 'axb', false],
  ['a+(b)|c', 'a+(b)|c', true],
])('%s means %s: %s', (pattern, path, expected) => {
  expect(ownerPatternProblem(pattern)).toBeNull();
  expect(means(pattern, path)).toBe(expected);
});

test.each([
  ['!src', 'negation'],
  [String.raw`\#src`, 'escaped #'],
  ['[ab].ts', 'ranges'],
  ['***/*.rb', 'two stars'],
  ['src\\', 'escape of nothing'],
])('%s is none', (pattern, why) => {
  expect(ownerPatternProblem(pattern)).toContain(why);
});

const name = fc.string({ unit: fc.constantFrom('a', 'b', '.', ' '), minLength: 1, maxLength: 3 });
/** Git takes no path with such a part, nor one with a blank at its end from a file of patterns. */
const realName = name.filter((each) => !/^\.+$/.test(each) && each.trim() === each);
const path = fc.array(realName, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'));
const part = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.string({ unit: fc.constantFrom('a', 'b', '.', '*', '?'), minLength: 1, maxLength: 3 }),
  },
  fc.constantFrom('**', '*', 'a', 'b'),
);
const pattern = fc
  .record({
    front: fc.constantFrom('', '/'),
    parts: fc.array(part, { minLength: 1, maxLength: 4 }),
    end: fc.constantFrom('', '/'),
  })
  .map(({ front, parts, end }) => `${front}${parts.join('/')}${end}`)
  .filter((each) => ownerPatternProblem(each) === null && !/(?:^|\/)\.+(?:\/|$)/.test(each));

/** The same as a regular expression, written down as plainly as can be. */
function naive(glob: string, subject: string): boolean {
  const anchored = /\/./.test(glob);
  const parts = glob.replace(/^\//, '').replace(/\/$/, '').split('/');
  const oneName = (each: string) =>
    each
      .replaceAll(/[.]/g, String.raw`\.`)
      .replaceAll(/\*+/g, '[^/]*')
      .replaceAll('?', '[^/]');
  const source = parts.map((each) => (each === '**' ? '(?:[^/]+/)*' : `${oneName(each)}/`)).join('');
  const star = parts.at(-1) === '*' || parts.at(-1) === '**';
  const below = glob.endsWith('/') || parts.at(-1) === '**' ? '(?:[^/]+/)+' : star ? '' : '(?:[^/]+/)*';
  const least = glob.endsWith('/') && parts.at(-1) === '**' ? '[^/]+/' : '';
  return new RegExp(`^${anchored ? '' : '(?:[^/]+/)*'}${source}${least}${below}$`).test(`${subject}/`);
}

test('it agrees with a regular expression', () => {
  fc.assert(
    fc.property(pattern, path, (glob, subject) => {
      expect(means(glob, subject)).toBe(naive(glob, subject));
    }),
    { numRuns: 3_000 },
  );
});

describe('beside git', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'countersign-owners-'));
    execFileSync('git', ['init', '--quiet', directory]);
  });
  afterAll(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  function ignoredByGit(glob: string, paths: readonly string[]): readonly boolean[] {
    writeFileSync(join(directory, '.gitignore'), `${glob}\n`);
    const asked = ['-C', directory, 'check-ignore', '-z', '--stdin', '-v', '-n', '--no-index'];
    // It ends with 1 where it ignores none of them.
    const told = spawnSync('git', asked, { input: paths.join('\0') });
    if (told.status !== 0 && told.status !== 1) throw new Error(told.stderr.toString());
    const cells = told.stdout.toString().split('\0');
    return paths.map((_, index) => cells[index * 4 + 2] !== '');
  }

  test('it agrees with gitignore, but for what is below `docs/*`', () => {
    // By its manual git takes two stars within a name for one; `a**/b` it matches with `ab` all the same.
    const globs = pattern.filter((each) => !/[^/]\*\*|\*\*[^/]/.test(each));
    const among = fc.uniqueArray(path, { minLength: 20, maxLength: 40 });
    fc.assert(
      fc.property(globs, among, (glob, paths) => {
        const deeperOnGit = /\/\*\/?$/.test(glob) && !glob.endsWith('/');
        const comparable = paths.filter((each) => each !== '.gitignore');
        const git = ignoredByGit(glob, comparable);
        for (const [index, each] of comparable.entries()) {
          const ours = means(glob, each);
          if (deeperOnGit && git[index] === true && !ours) continue;
          if (ours !== git[index]) throw new Error(`${glob} of ${each}: git says ${String(git[index])}`);
        }
      }),
      { numRuns: 120 },
    );
    const drawn = fc.sample(fc.tuple(globs, among), { numRuns: 120, seed: 7 });
    const meant = drawn.flatMap(([glob, paths]) => paths.filter((each) => means(glob, each)));
    expect(meant.length).toBeGreaterThan(100);
  });
});

test('a pattern of many stars takes no long time', () => {
  const started = process.cpuUsage();
  expect(means(`${'*a'.repeat(40)}b`, 'a'.repeat(4_000))).toBe(false);
  expect(means(`${'**/a/'.repeat(40)}b`, 'a/'.repeat(1_000) + 'c')).toBe(false);
  expect(process.cpuUsage(started).user / 1000).toBeLessThan(2_000);
});
