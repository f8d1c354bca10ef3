import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { parseCodeOwners } from '../../../demo/github/rules/code-owners.ts';
import { codeOwnersOf, type Owner } from '../../../src/policy/code-owners.ts';
import { matchesOwnerPattern, ownerPattern } from '../../../src/policy/owner-pattern.ts';

const shown = (owner: Owner) =>
  owner.is === 'user' ? `@${owner.login}` : owner.is === 'team' ? `@${owner.org}/${owner.slug}` : owner.email;
const ownersOf = (text: string, path: string) => codeOwnersOf(text).of(path).owned?.owners.map(shown) ?? null;

/** GitHub's own example, from its page about code owners, in our words. */
const EXAMPLE = `# The default.
*       @global-owner1 @global-owner2

*.js    @js-owner #This is an inline comment.
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/*  docs@example.com
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @octocat
/apps/ @octocat
/apps/github
/apps/hub @doctocat
`;

test.each<[string, readonly string[] | null]>([
  ['README.md', ['@global-owner1', '@global-owner2']],
  ['src/index.js', ['@js-owner']],
  ['main.go', ['docs@example.com']],
  ['notes/a.txt', ['@octo-org/octocats']],
  // The later `**/logs` means it, too.
  ['build/logs/a.log', ['@octocat']],
  ['docs/a.md', ['@doctocat']],
  ['scripts/a.sh', ['@doctocat', '@octocat']],
  ['deep/apps/a.ts', ['@octocat']],
  ['apps/a.ts', ['@octocat']],
  ['apps/github/a.ts', []],
  ['apps/hub/a.ts', ['@doctocat']],
])('in GitHub’s example, %s is owned by %j', (path, owners) => {
  expect(ownersOf(EXAMPLE, path)).toEqual(owners);
});

describe('a line', () => {
  test.each<[string, string, string, readonly string[] | null]>([
    ['an empty file owns nothing', '', 'a', null],
    ['of blanks is none', ' \t \n', 'a', null],
    ['may end as on Windows', '* @bob\r\n/a @carol\r\n', 'a', ['@carol']],
    ['may stand behind a byte order mark', '\uFEFF* @bob', 'a', ['@bob']],
    ['may be indented', '   *   @bob   ', 'a', ['@bob']],
    ['may be parted by tabs', '*\t@bob\t@carol', 'a', ['@bob', '@carol']],
    ['may have a comment without a blank behind its sign', '* @bob #@carol', 'a', ['@bob']],
    ['may have a comment instead of owners', '* @bob\n/a # nobody', 'a', []],
    ['may have a # in its pattern', 'c#/ @bob', 'c#/a', ['@bob']],
    ['may have a blank in its pattern', String.raw`my\ docs/ @bob`, 'my docs/a', ['@bob']],
    [
      'that is later counts, even if it says less',
      '/src/billing/ @bob\n* @carol',
      'src/billing/a',
      ['@carol'],
    ],
    ['of the same pattern replaces the one before', '* @bob\n* @carol', 'a', ['@carol']],
    ['without owners takes them away', '* @bob\n*.md', 'a.md', []],
    ['may name a bot', '* @robot[bot]', 'a', ['@robot[bot]']],
    ['may name an account of an enterprise', '* @bob_acme', 'a', ['@bob_acme']],
    ['of another case means other files', '/Src/ @bob', 'src/a', null],
  ])('%s', (_, text, path, owners) => {
    expect(ownersOf(text, path)).toEqual(owners);
    expect(codeOwnersOf(text).skipped).toEqual([]);
  });

  test.each<[string, string, string]>([
    ['with a word that is nobody', '/a bob', 'its owner 1'],
    ['with one owner among others that is nobody', '/a @bob carol', 'its owner 2'],
    ['with half an e-mail', '/a docs@', 'its owner 1'],
    ['with half a team', '/a @acme/', 'its owner 1'],
    ['with a login that can’t be', '/a @-bob', 'its owner 1'],
    ['with a comment that is stuck to an owner', '/a @bob#maintainer', 'its owner 1'],
    ['that negates', '!/a @bob', 'negation'],
    ['with a range', '/[ab] @bob', 'ranges'],
    ['that escapes a #', String.raw`\#a @bob`, 'escaped #'],
    ['with three stars', '/***/a @bob', 'two stars'],
    ['that is a heading of GitLab’s', '[Docs] @bob', 'ranges'],
  ])('%s is skipped, and the lines around it count', (_, line, why) => {
    const owners = codeOwnersOf(`* @dave\n${line}\n/z @erin\n`);
    expect(owners.skipped).toEqual([{ line: 2, why: expect.stringContaining(why) }]);
    expect(owners.of('a').owned?.owners.map(shown)).toEqual(['@dave']);
    expect(owners.of('z').owned?.owners.map(shown)).toEqual(['@erin']);
  });

  test('that is skipped is told of where it seems to mean the file, and no later line does', () => {
    const owners = codeOwnersOf(
      '* @dave\n/app/[id]/ @bob\n/app/[id]/free/ @carol\n/docs/ nobody\n/docs/api/ @erin\n',
    );
    expect(owners.of('app/[id]/page.ts').skipped?.line).toBe(2);
    expect(owners.of('app/d/page.ts').skipped?.line).toBe(2);
    expect(owners.of('app/[id]/free/a').skipped?.line).toBe(3);
    expect(owners.of('other/a').skipped).toBeNull();
    expect(owners.of('docs/a').skipped?.line).toBe(4);
    expect(owners.of('docs/api/a')).toMatchObject({ owned: { line: 5 }, skipped: null });
  });

  test('that negates loses nothing by being skipped', () => {
    expect(codeOwnersOf('* @dave\n!/a @bob').of('a')).toMatchObject({ owned: { line: 1 }, skipped: null });
  });

  test('never repeats an e-mail or a name of somebody', () => {
    const { skipped } = codeOwnersOf('* secret.person@example.com.\n* some(body)@example.com\n');
    expect(JSON.stringify(skipped)).not.toContain('example');
    expect(skipped).toHaveLength(2);
  });
});

const name = fc.constantFrom('a', 'b', 'a.md', 'docs');
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
const pattern = fc
  .record({
    front: fc.constantFrom('', '/'),
    parts: fc.array(fc.oneof(name, fc.constantFrom('*', '**', '*.md', '?')), { minLength: 1, maxLength: 3 }),
    end: fc.constantFrom('', '', '/'),
  })
  .map(({ front, parts, end }) => `${front}${parts.join('/')}${end}`);
const owners = fc.subarray(['@bob', '@carol', '@acme/leads', 'docs@example.com']);
const file = fc.array(fc.tuple(pattern, owners), { maxLength: 12 });
const textOf = (lines: readonly (readonly [string, readonly string[]])[]) =>
  lines.map(([glob, names]) => [glob, ...names].join(' ')).join('\n');

test('the last line that means a file counts, in files of any size', () => {
  fc.assert(
    fc.property(file, path, (lines, subject) => {
      const last = lines.findLast(([glob]) => matchesOwnerPattern(ownerPattern(glob), subject));
      expect(ownersOf(textOf(lines), subject)).toEqual(last?.[1] ?? null);
    }),
    { numRuns: 2_000 },
  );
});

test('it reads as the stand-in for GitHub does, which was written by itself', () => {
  fc.assert(
    fc.property(file, path, (lines, subject) => {
      // The stand-in takes no star for a whole part but a lone or a leading one.
      const plain = lines.filter(([glob]) => !/\/\*\*?(?:\/|$)|^\/?\*\*$|^\*\/|^\/?\*\*\/$/.test(glob));
      const theirs = parseCodeOwners(textOf(plain)).findLast((rule) => rule.pattern.test(subject));
      expect(ownersOf(textOf(plain), subject)).toEqual(theirs?.owners ?? null);
    }),
    { numRuns: 1_000 },
  );
});

test('no text is too much for it: every line is read, skipped or empty, and nothing throws', () => {
  const junk = fc.string({
    unit: fc.constantFrom('*', '/', '\\', '[', ']', '!', '#', ' ', '@', 'a', '.', '\n', '?'),
  });
  fc.assert(
    fc.property(junk, fc.oneof(path, junk), (text, subject) => {
      const read = codeOwnersOf(text);
      const { owned } = read.of(subject);
      for (const { line } of read.skipped) expect(line).toBeLessThanOrEqual(text.split('\n').length);
      if (owned !== null) expect(read.skipped.map(({ line }) => line)).not.toContain(owned.line);
    }),
    { numRuns: 3_000 },
  );
});

test('a large file is read once, and its lines are found by their directories', () => {
  const text = Array.from({ length: 60_000 }, (_, index) => `/d${index}/sub/ @bob`).join('\n');
  const started = process.cpuUsage();
  const read = codeOwnersOf(text);
  for (let index = 0; index < 3_000; index += 1) {
    expect(read.of(`d${index}/sub/a.ts`).owned?.line).toBe(index + 1);
  }
  expect(process.cpuUsage(started).user / 1000).toBeLessThan(30_000);
});
