import { posix } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { linkProblem, pathProblem, printable, refuseTree } from '../../../src/deploy/refuse-paths.ts';

const OID = 'a'.repeat(40);

describe('paths', () => {
  test.each([
    'index.html',
    '.env',
    '.well-known/security.txt',
    '-rf',
    'a b/c\'d"e',
    'ünï/𝄞',
    '...',
    '..a/b..',
    '.gitignore',
    '.github/workflows/ci.yml',
    'git~10',
    'back\\slash',
    '$(id)',
    'a;b',
  ])('%j is deployed', (path) => expect(pathProblem(path)).toBeNull());

  test.each([
    ['', /empty/],
    ['/etc/passwd', /absolute/],
    ['a/../b', /component "\.\."/],
    ['..', /component "\.\."/],
    ['./a', /component "\."/],
    ['a//b', /empty component/],
    ['a/', /empty component/],
    ['line\nbreak', /control/],
    ['tab\there', /control/],
    ['bell\x07', /control/],
    ['del\x7f', /control/],
    ['.git/config', /git's own/],
    ['a/.GIT/hooks/post-checkout', /git's own/],
    ['.Git', /git's own/],
    ['git~1', /git's own/],
    ['GIT~1/x', /git's own/],
    ['.git ', /git's own/],
    ['.git...', /git's own/],
    ['.g\u200cit/x', /git's own/],
    ['．ｇｉｔ/x', /git's own/],
    ['bad\ud800', /UTF-8/],
    ['bad\ufffd', /UTF-8/],
    ['x'.repeat(256), /longer than 255/],
    [`${'x/'.repeat(600)}y`, /longer than 1024/],
  ])('%j is refused', (path, why) => expect(pathProblem(path)).toMatch(why));

  test('whatever passes stays below the folder it is joined to', () => {
    const name = fc.oneof(
      fc.constantFrom('..', '.', '', 'a', '.git', ' ', '~', '\\'),
      fc.string({ maxLength: 5 }),
    );
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 6 }), (names) => {
        const path = names.join('/');
        fc.pre(pathProblem(path) === null);
        expect(posix.normalize(`/release/${path}`)).toBe(`/release/${path}`);
      }),
    );
  });
});

describe('links', () => {
  test.each([
    ['link', 'file'],
    ['a/b/link', '../../file'],
    ['a/b/link', '../c'],
    ['a/link', '..'],
    ['link', './file'],
    ['link', 'ünï code'],
  ])('%s -> %s is deployed', (path, target) => expect(linkProblem(path, target)).toBeNull());

  test.each([
    ['link', '/etc/passwd', /outside/],
    ['link', '..', /outside/],
    ['link', '../x', /outside/],
    ['a/link', '../../x', /outside/],
    ['a/link', './.././../x', /outside/],
    // Where it leads through another link, the text's own climbing isn't where it goes.
    ['a/b/link', 'other/../../x', /after a name/],
    ['link', 'a/..', /after a name/],
    ['link', '', /nothing/],
    ['link', 'a\nb', /control/],
    ['link', 'x'.repeat(1025), /longer/],
  ])('%s -> %j is refused', (path, target, why) => expect(linkProblem(path, target)).toMatch(why));
});

describe('trees', () => {
  const tree = (...entries: readonly [mode: string, path: string][]) =>
    entries.map(([mode, path]) => ({ mode, path, oid: OID }));

  test('files, executables and links pass', () => {
    expect(refuseTree(tree(['100644', 'a'], ['100755', 'b'], ['120000', 'c']))).toHaveLength(3);
  });

  test.each([
    ['submodule', tree(['160000', 'vendor/lib']), /vendor\/lib/],
    ['path_refused', tree(['100664', 'old']), /its mode is 100664/],
    ['path_refused', tree(['100644', 'twice'], ['100644', 'twice']), /twice/],
    ['path_refused', tree(['120000', 'd'], ['100644', 'd/f']), /"d" is both a file and a folder/],
    ['path_refused', tree(['100644', 'a\nb']), /a\\u\{a\}b/],
  ])('%s: %j', (code, entries, message) => {
    expect(() => refuseTree(entries)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });
});

test('a message spells control and direction characters out', () => {
  expect(printable('a\x1b[31m\u202eb')).toBe('a\\u{1b}[31m\\u{202e}b');
});
