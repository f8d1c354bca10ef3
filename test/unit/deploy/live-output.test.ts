import { describe, expect, test } from '@jest/globals';
import { array, assert, constantFrom, integer, property } from 'fast-check';
import { LiveOutput } from '../../../src/deploy/live-output.ts';

const KEY = [
  '-----BEGIN OPENSSH PRIVATE KEY-----',
  'b3BlbnNzaC1rZXktdjEAAAAA',
  '-----END OPENSSH PRIVATE KEY-----',
];

function linesOf(chunks: readonly Buffer[], secrets: readonly string[] = []): string[] {
  const lines: string[] = [];
  const output = new LiveOutput(secrets, (line) => lines.push(line));
  for (const chunk of chunks) output.add(chunk);
  output.end();
  return lines;
}

/** The same bytes in chunks of a size. */
function inChunks(text: string, size: number): Buffer[] {
  const bytes = Buffer.from(text);
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
    bytes.subarray(n * size, (n + 1) * size),
  );
}

describe('what a command prints, as it comes', () => {
  test.each([
    ['whole lines', 'a\nb\n', ['a', 'b']],
    ['a last line without an end', 'a\nb', ['a', 'b']],
    ['empty lines between', 'a\n\nb\n', ['a', '', 'b']],
    ['nothing', '', []],
    ['a progress bar', '10 %\r50 %\r100 %\r\n', ['100 %']],
    ['a secret', 'DB_PASSWORD=hunter2\n', ['DB_PASSWORD=[masked]']],
    ['a private key', `a\n${KEY.join('\n')}\nb\n`, ['a', '[masked]', 'b']],
    ['a private key that never ends', `${KEY.slice(0, 2).join('\n')}\nmore of it\n`, ['[masked]']],
    [
      'a line that is too long',
      `${'x'.repeat(4_097)}\nb\n`,
      ['[… a line of more than 4096 characters …]', 'b'],
    ],
    ['the longest line', `${'x'.repeat(4_096)}\n`, ['x'.repeat(4_096)]],
    ['UTF-8', 'ünd 𝄞\n', ['ünd 𝄞']],
  ])('%s', (_, text, expected) => {
    for (const size of [1, 2, 3, 5, 64, 1_000_000]) expect(linesOf(inChunks(text, size))).toEqual(expected);
  });

  test('of very many lines the first are told, and that there were more', () => {
    const lines = linesOf([Buffer.from('y\n'.repeat(2_000_000)), Buffer.from('y\n')]);
    expect(lines).toHaveLength(10_001);
    expect(lines.slice(-2)).toEqual(['y', '[… more than 10000 lines: the rest isn’t shown …]']);
  });

  test('however it is cut, what we were given as a secret shows nowhere', () => {
    const secret = 's3cret-Value/9';
    const text = array(constantFrom('a', '\n', '\r', secret, `x${secret}y`, '-'), { maxLength: 40 });
    assert(
      property(text, integer({ min: 1, max: 30 }), (parts, size) => {
        expect(linesOf(inChunks(parts.join(''), size), [secret]).join('\n')).not.toContain(secret);
      }),
    );
  });
});
