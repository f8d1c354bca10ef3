import { describe, expect, test } from '@jest/globals';
import { CommandOutput } from '../../../src/deploy/command-output.ts';
import { mask } from '../../../src/deploy/mask.ts';

const KEY =
  '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU\nAAAACmFlczI1Ni1jdHI\n-----END OPENSSH PRIVATE KEY-----\n';

describe('mask', () => {
  test.each([
    ['a token', 'fetch ghs_0123456789 failed', ['ghs_0123456789'], 'fetch [masked] failed'],
    ['twice', 's3cretword s3cretword', ['s3cretword'], '[masked] [masked]'],
    ['one line of a key', 'saw AAAACmFlczI1Ni1jdHI here', [KEY], 'saw [masked] here'],
    ['a secret with characters of a pattern', 'x a.*+?$b y', ['a.*+?$b'], 'x [masked] y'],
    ['the longer of two that overlap', 'password123', ['password', 'password123'], '[masked]'],
    ['nothing where there is none', 'plain', [''], 'plain'],
    ['no ordinary words', 'a b c', ['a'], 'a b c'],
    ['a line of .env', 'DB_PASSWORD=hunter2 x', [], 'DB_PASSWORD=[masked] x'],
    ['one in quotes', 'export API_KEY="a b"\nB=1', [], 'export API_KEY=[masked]\nB=1'],
    ['one of JSON', '{"secret": "s", "n": 1}', [], '{"secret": [masked], "n": 1}'],
    ['a password in an address', 'postgres://app:pw@db/x', [], 'postgres://app:[masked]@db/x'],
    ['a header', 'Authorization: Bearer abcdefghij0123456789', [], 'Authorization: Bearer [masked]'],
    ['GitHub’s', `x ghp_${'a1'.repeat(18)} y`, [], 'x [masked] y'],
    ['Amazon’s', 'id AKIAABCDEFGHIJKLMNOP', [], 'id [masked]'],
    ['a web token', 'eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl', [], '[masked]'],
    ['a key that nobody told us', `a ${KEY} b`, [], 'a [masked]\n b'],
    [
      'no plain words',
      'tokens: 3 files; secretary: no; http://host:80/x',
      [],
      'tokens: 3 files; secretary: no; http://host:80/x',
    ],
  ])('%s', (_, text, secrets, expected) => expect(mask(text, secrets)).toBe(expected));

  test.each([
    ['a name of a secret again and again', 'token_'.repeat(10_000)],
    ['dots', 'a.'.repeat(32_768)],
    ['beginnings of web tokens', 'eyJ-'.repeat(16_384)],
    ['beginnings of addresses', 'a://b:'.repeat(10_000)],
    ['blanks after a name', `token${' '.repeat(60_000)}`],
  ])('looks at %s no longer than at anything else', (_, text) => {
    const began = process.cpuUsage();
    mask(text, []);
    expect(process.cpuUsage(began).user / 1000).toBeLessThan(1000);
  });

  test('a whole key leaves nothing of itself', () => {
    const masked = mask(`before\n${KEY}after`, [KEY]);
    expect(masked).not.toMatch(/b3Blbn|AAAACm/);
    expect(masked).toMatch(/^before\n\[masked\]/);
  });
});

describe('output that is kept to a size', () => {
  test('keeps the beginning and the end, and says what it left out', () => {
    const output = new CommandOutput(10);
    for (const chunk of ['abc', 'defgh', 'ijklm', 'nopqrstuvwxyz']) output.add(Buffer.from(chunk));
    expect(output.truncated).toBe(true);
    expect(output.masked([])).toBe('abcde\n[… 16 bytes left out …]\nvwxyz');
  });

  test.each([1, 2, 3, 7, 26, 100])('by chunks of %d bytes it is the same', (size) => {
    const output = new CommandOutput(10);
    const text = Buffer.from('abcdefghijklmnopqrstuvwxyz');
    for (let at = 0; at < text.length; at += size) output.add(text.subarray(at, at + size));
    expect(output.masked([])).toBe('abcde\n[… 16 bytes left out …]\nvwxyz');
  });

  test('a byte at a time costs no more than it has to', () => {
    const output = new CommandOutput(1 << 20);
    const began = process.cpuUsage();
    const byte = Buffer.from('x');
    for (let sent = 0; sent < 1_500_000; sent += 1) output.add(byte);
    expect(output.truncated).toBe(true);
    expect(process.cpuUsage(began).user / 1000).toBeLessThan(5000);
  });

  test('what fits is whole', () => {
    const output = new CommandOutput(26);
    output.add(Buffer.from('abcdefghijklmnopqrstuvwxyz'));
    expect([output.truncated, output.whole()]).toEqual([false, 'abcdefghijklmnopqrstuvwxyz']);
  });

  test('a character that comes in two chunks stays one', () => {
    const output = new CommandOutput(100);
    const bytes = Buffer.from('grüße');
    output.add(bytes.subarray(0, 3));
    output.add(bytes.subarray(3));
    expect(output.masked([])).toBe('grüße');
  });

  test('a secret that the cut runs through is masked on both sides', () => {
    const output = new CommandOutput(20);
    output.add(Buffer.from(`12345SECRETWORD${'.'.repeat(30)}SECRETWORD12345`));
    expect(output.masked(['SECRETWORD'])).not.toMatch(/SECR|WORD/);
  });
});
