import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { REASON_CODES, type Reason } from '../../../src/domain/reason.ts';
import { explain } from '../../../src/policy/explain.ts';

const KEYS = [
  'login',
  'commit',
  'head',
  'target',
  'check',
  'branch',
  'branches',
  'asked',
  'by',
  'why',
  'setting',
  'checks',
  'problems',
  'pullRequest',
  'environment',
  'role',
  'domain',
  'required',
  'given',
  'as',
  'commits',
  'list',
  'pullRequests',
  'known',
];
const code = fc.constantFrom(...REASON_CODES);
const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '<script>',
    '@acme/all',
    '`x`',
    '``` \n# head',
    '[a](https://evil.example)',
    '| a | b |',
    'https://evil.example',
    '![](x)',
    '<!--',
    '\u202eabc',
    '**x**',
    '&lt;',
  ),
);
const value = fc.oneof(hostile, fc.integer(), fc.array(hostile, { maxLength: 14 }));
const reasons: fc.Arbitrary<Reason> = fc.record({
  code,
  about: fc.dictionary(fc.constantFrom(...KEYS), value),
});

describe('whatever a reason is about', () => {
  test('there is one line, and nothing in it is more than text', () => {
    fc.assert(
      fc.property(reasons, (reason) => {
        const sentence = explain(reason);
        expect(sentence.length).toBeGreaterThan(5);
        // Out of code type, every sign of Markdown or HTML that came from outside is escaped.
        const outside = sentence.replaceAll(/`[^`]*`/g, '');
        expect(outside).not.toMatch(/(?<!\\)[<*_|[\]]|:\/\/|@(?!\u2060)/);
        for (const sign of '\n\r\u0000\u202e') expect(sentence).not.toContain(sign);
        expect((sentence.match(/`/g) ?? []).length % 2).toBe(0);
      }),
      { numRuns: 1_500 },
    );
  });
});

test.each(REASON_CODES)('%s has its own sentence, even with nothing to say it about', (each) => {
  expect(explain({ code: each, about: {} })).not.toBe(`${each.replaceAll('_', '\\_')}.`);
});

test('a code of a later version is shown as it is', () => {
  const later = JSON.parse('{"code":"moon_phase","about":{}}') as Reason;
  expect(explain(later)).toBe('moon\\_phase.');
});

test('long lists are cut', () => {
  const checks = Array.from({ length: 40 }, (_, index) => `check-${index}`);
  expect(explain({ code: 'checks_passed', about: { checks, head: 'f'.repeat(40) } })).toContain(
    '`check-8` and 31 more succeeded on',
  );
});
