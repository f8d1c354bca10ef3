import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { compareReadBack, parseReadBack, requireExact } from '../../../src/deploy/read-back.ts';
import type { ManifestEntry } from '../../../src/domain/deploy.ts';

const NONCE = 'n0nce';
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const entry = (path: string, text: string, mode: ManifestEntry['mode'] = '100644'): ManifestEntry => ({
  path,
  mode,
  oid: '0'.repeat(40),
  sha256: sha256(text),
  size: Buffer.byteLength(text),
});

const MANIFEST = [entry('a', 'A'), entry('d/run', 'R', '100755'), entry('l', 'a', '120000')];

interface Said {
  files?: readonly string[];
  modes?: readonly string[];
  folders?: readonly string[];
  links?: readonly string[];
  others?: readonly string[];
}

const RIGHT: Required<Said> = {
  files: [`${sha256('A')}  ./a`, `${sha256('R')}  ./d/run`],
  modes: ['644 1 ./a', '755 1 ./d/run'],
  folders: ['755 .', '755 ./d'],
  links: ['./l', 'a'],
  others: [],
};

const output = (said: Said, ending = `${NONCE} section end\n`): string => {
  const { files, modes, folders, links, others } = { ...RIGHT, ...said };
  // As `stat -c '%f %s %n'` says it: the type is in the mode's bits.
  const typed = (type: number, permissions: string, rest: string): string =>
    `${(type | Number.parseInt(permissions, 8)).toString(16)} ${rest}`;
  const entries = [
    ...modes.map((line) =>
      line.replace(/^([0-7]+) (.*)$/, (_, mode: string, rest: string) => typed(0o100000, mode, rest)),
    ),
    ...folders.map((line) =>
      line.replace(/^([0-7]+) (.*)$/, (_, mode: string, rest: string) => typed(0o040000, mode, `40 ${rest}`)),
    ),
    ...links.filter((_, at) => at % 2 === 0).map((name) => typed(0o120000, '777', `1 ${name}`)),
    ...others.map((name) => typed(0o140000, '755', `0 ${name}`)),
  ];
  const sections = Object.entries({ entries, links, files }).map(([name, lines]) =>
    [`${NONCE} section ${name}`, ...lines].join('\n'),
  );
  return `login noise\n${sections.join('\n')}\n${ending}`;
};

const compare = (said: Said) => compareReadBack(parseReadBack(output(said), NONCE), MANIFEST);

test('what is right is verified, every file of it', () => {
  expect(compare({})).toEqual({ missing: [], altered: [], extra: [], verified: 3 });
});

describe('what is found wrong', () => {
  test.each<[string, Said, object]>([
    ['other bytes', { files: [`${sha256('B')}  ./a`, RIGHT.files[1]!] }, { altered: ['a'] }],
    ['another size', { modes: ['644 2 ./a', RIGHT.modes[1]!] }, { altered: ['a'] }],
    ['a lost executable bit', { modes: [RIGHT.modes[0]!, '644 1 ./d/run'] }, { altered: ['d/run'] }],
    ['a setuid bit', { modes: [RIGHT.modes[0]!, '4755 1 ./d/run'] }, { altered: ['d/run'] }],
    ['a missing file', { files: [RIGHT.files[1]!], modes: [RIGHT.modes[1]!] }, { missing: ['a'] }],
    [
      'an extra file',
      { files: [...RIGHT.files, `${sha256('X')}  ./x`], modes: [...RIGHT.modes, '644 1 ./x'] },
      { extra: ['x'] },
    ],
    ['an extra, empty folder', { folders: [...RIGHT.folders, '755 ./e'] }, { extra: ['e'] }],
    ['another target', { links: ['./l', '/etc/passwd'] }, { altered: ['l'] }],
    ['an extra link', { links: [...RIGHT.links, './m', 'a'] }, { extra: ['m'] }],
    [
      'a file where a link belongs',
      { links: [], files: [...RIGHT.files, `${sha256('a')}  ./l`], modes: [...RIGHT.modes, '644 1 ./l'] },
      { altered: ['l'] },
    ],
    [
      'a folder where a file belongs',
      { files: [RIGHT.files[1]!], modes: [RIGHT.modes[1]!], folders: [...RIGHT.folders, '755 ./a'] },
      { altered: ['a'] },
    ],
    ['a socket', { others: ['./s'] }, { extra: ['s'] }],
    ['a folder that others may write to', { folders: ['755 .', '777 ./d'] }, { altered: ['d'] }],
  ])('%s', (_, said, expected) => expect(compare(said)).toMatchObject(expected));

  test('a folder that hands its group on is as good', () => {
    expect(compare({ folders: ['2755 .', '2755 ./d'] }).altered).toEqual([]);
  });
});

test('a host that lists very many things which are no files costs a look at each, and one for each file', () => {
  const many = Array.from({ length: 2000 }, (_, n) => n);
  let looks = 0;
  class Counted extends Set<string> {
    override has(value: string): boolean {
      looks += 1;
      return super.has(value);
    }
    override *[Symbol.iterator](): SetIterator<string> {
      for (const value of super[Symbol.iterator]()) {
        looks += 1;
        yield value;
      }
    }
  }
  const found = parseReadBack(output({ others: many.map((n) => `./s${n}`) }), NONCE);
  const manifest = many.map((n) => entry(`f${n}`, 'F'));
  const { missing, extra } = compareReadBack({ ...found, others: new Counted(found.others) }, manifest);
  expect([missing.length, extra.filter((path) => path.startsWith('s')).length]).toEqual([2000, 2000]);
  expect(looks).toBeLessThanOrEqual(4000);
});

describe('a list that cannot be trusted is refused whole', () => {
  test.each<[string, string]>([
    ['cut short', output({}, '')],
    ['empty', ''],
    ['of another run', output({}).replaceAll(NONCE, 'other')],
    ['a name with a line break', output({ modes: ['644 1 ./a', 'b', '755 1 ./d/run'] })],
    ['a name twice', output({ files: [...RIGHT.files, RIGHT.files[0]!] })],
    ['a mode without a hash', output({ modes: [...RIGHT.modes, '644 1 ./x'] })],
    ['a hash without a mode', output({ modes: [RIGHT.modes[0]!] })],
    ['a name that climbs', output({ others: ['./../x'] })],
    ['a name from elsewhere', output({ others: ['/etc/passwd'] })],
    ['a link without a target', output({ links: ['./l'] })],
    ['a target without a link', output({}).replace(/^a1ff 1 \.\/l\n/m, '')],
    [
      'a folder with a hash',
      output({ folders: [...RIGHT.folders, '755 ./x'], files: [...RIGHT.files, `${sha256('X')}  ./x`] }),
    ],
    ['a thing that comes as a file and as a folder', output({ folders: [...RIGHT.folders, '755 ./a'] })],
    ['a mode that is none', output({}).replace('81a4', 'rw-r')],
    ['a complaint among the hashes', output({ files: ['sha256sum: ./a: Permission denied'] })],
  ])('%s', (_, stdout) => {
    expect(() => parseReadBack(stdout, NONCE)).toThrow(
      expect.objectContaining({ code: 'verification_failed' }),
    );
  });
});

test('GNU writes a backslash in a name as two, and marks the line', () => {
  const found = parseReadBack(
    output({ files: [`\\${sha256('A')}  ./a\\\\b`], modes: ['644 1 ./a\\b'] }),
    NONCE,
  );
  expect([...found.files.keys()]).toEqual(['a\\b']);
});

test('BusyBox does neither', () => {
  const found = parseReadBack(output({ files: [`${sha256('A')}  ./a\\b`], modes: ['644 1 ./a\\b'] }), NONCE);
  expect([...found.files.keys()]).toEqual(['a\\b']);
});

test('the refusal names what is wrong', () => {
  const comparison = { missing: ['m1'], altered: ['a1', 'a2'], extra: ['x\n1'], verified: 0 };
  expect(() => requireExact(comparison, 'web1')).toThrow(
    /web1.*missing: m1; different: a1, a2; not in the commit: x\\u\{a\}1/,
  );
});
