import { spawnSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { SCRIPT_READER, quote, scriptLine } from '../../../src/deploy/quote.ts';

const isThere = (shell: readonly string[]): boolean =>
  spawnSync(shell[0] ?? '', [...shell.slice(1), '-c', ':']).status === 0;
const ALL_SHELLS = [['sh'], ['bash'], ['dash'], ['busybox', 'sh']];
const SHELLS = ALL_SHELLS.filter(isThere);
const absent = ALL_SHELLS.filter((shell) => !SHELLS.includes(shell)).map((shell) => shell.join(' '));
const leftOut = `LEFT OUT: quoting was not tested for ${absent.join(', ')}, which ${absent.length === 1 ? 'is' : 'are'} not installed.`;
if (absent.length > 0 && process.env['CI'] !== 'true') console.warn(leftOut);

const text = fc
  .oneof(
    fc.string({ unit: 'binary' }),
    fc.string({
      unit: fc.constantFrom(
        "'",
        '"',
        '\\',
        '$',
        '`',
        '!',
        '\n',
        ' ',
        '-',
        '*',
        '~',
        '#',
        'é',
        '𝄞',
        '\x7f',
        '%',
      ),
    }),
  )
  .filter((value) => !value.includes('\0') && value.isWellFormed());

describe.each(SHELLS)('quote, for %s %s', (...shell) => {
  const program = shell.filter((word) => typeof word === 'string');
  const say = (script: string, input = ''): Buffer =>
    spawnSync(program[0] ?? '', [...program.slice(1), '-c', script], { input }).stdout;

  test('every text comes out as it went in', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 40 }), (texts) => {
        expect(say(`printf '%s\\0' ${texts.map(quote).join(' ')}`).toString('utf8')).toBe(
          texts.map((value) => `${value}\0`).join(''),
        );
      }),
      { numRuns: 60 },
    );
  });

  test('also nested: what is quoted may hold what was quoted', () => {
    fc.assert(
      fc.property(text, (value) => {
        expect(say(`eval ${quote(`printf %s ${quote(value)}`)}`).toString('utf8')).toBe(value);
      }),
      { numRuns: 30 },
    );
  });

  test('the script is taken up to its line break, and the data after it arrives whole', () => {
    fc.assert(
      fc.property(
        text.filter((value) => !/[\n\r]/.test(value)),
        fc.string({ unit: 'binary' }),
        (value, data) => {
          const line = scriptLine([`printf %s ${quote(value)}`, 'cat']);
          // The reader starts `sh`, whichever that is; the shell under test is the login shell that reads the reader.
          expect(say(SCRIPT_READER, line + data).toString('utf8')).toBe(
            Buffer.from(value + data).toString('utf8'),
          );
        },
      ),
      { numRuns: 30 },
    );
  });

  test('a script that was cut before its line break does not run', () => {
    const cut = spawnSync(program[0] ?? '', [...program.slice(1), '-c', SCRIPT_READER], {
      input: 'echo half',
    });
    expect({ status: cut.status, stdout: cut.stdout.toString() }).toEqual({ status: 74, stdout: '' });
  });
});

test('the shells are there to test with, or it is plain which are not', () => {
  expect(SHELLS.length).toBeGreaterThan(0);
  if (absent.length > 0 && process.env['CI'] === 'true') throw new Error(leftOut);
});

test.each([
  ['a NUL byte', 'a\0b'],
  ['half of a surrogate pair', 'a\ud800b'],
])('%s cannot be quoted', (_, value) => {
  expect(() => quote(value)).toThrow(RangeError);
});

test.each(['echo a\necho b', 'echo a\rb', 'a\0'])('%j is no script line', (statement) => {
  expect(() => scriptLine([statement])).toThrow(/one line/);
});
