import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { coAuthorsIn, principalsIn } from '../../../src/facts/co-authors.ts';

describe('who a commit message names as co-author', () => {
  test.each([
    ['nobody', 'Fix the till\n\nSigned-off-by: Alice <alice@acme.test>', []],
    ['a trailer', 'Fix\n\nCo-authored-by: Bob <bob@acme.test>', [['Bob', 'bob@acme.test']]],
    ['in any case', 'Fix\n\nco-AUTHORED-BY:Bob <bob@acme.test>', [['Bob', 'bob@acme.test']]],
    [
      'with blanks about',
      'Fix\n\n  Co-authored-by :   Bob B.   < bob@acme.test >  ',
      [['Bob B.', 'bob@acme.test']],
    ],
    [
      'in the middle of the text',
      'Fix\n\nCo-authored-by: Bob <bob@acme.test>\n\nMore text.',
      [['Bob', 'bob@acme.test']],
    ],
    ['as the first line', 'Co-authored-by: Bob <bob@acme.test>', [['Bob', 'bob@acme.test']]],
    ['quoted', 'Squash\n\n> Co-authored-by: Bob <bob@acme.test>', [['Bob', 'bob@acme.test']]],
    ['in a list', '* one\n* Co-authored-by: Bob <bob@acme.test>', [['Bob', 'bob@acme.test']]],
    [
      'with lines that end as in Windows',
      'Fix\r\n\r\nCo-authored-by: Bob <bob@acme.test>\r\n',
      [['Bob', 'bob@acme.test']],
    ],
    [
      'twice, with another case of the e-mail',
      'Fix\n\nCo-authored-by: Bob <bob@acme.test>\nCo-authored-by: Bob <BOB@acme.test>',
      [['Bob', 'bob@acme.test']],
    ],
    [
      'two on one line',
      'Fix\n\nCo-authored-by: Bob <bob@acme.test>, Carol <carol@acme.test>',
      [
        ['Bob', 'bob@acme.test'],
        ['Carol', 'carol@acme.test'],
      ],
    ],
    ['without an e-mail: somebody, whom nobody can match', 'Fix\n\nCo-authored-by: Bob', [['Bob', '']]],
    ['an unfinished e-mail', 'Fix\n\nCo-authored-by: Bob <bob@acme.test', [['Bob <bob@acme.test', '']]],
    ['an empty one: somebody, whom nobody can match', 'Fix\n\nCo-authored-by:', [['', '']]],
    ['folded', 'Fix\n\nCo-authored-by:\n Bob <bob@acme.test>\nmore', [['Bob', 'bob@acme.test']]],
    ['folded within', 'Fix\n\nCo-authored-by: Bob\n\t<bob@acme.test>', [['Bob', 'bob@acme.test']]],
    [
      'indented, one after the other',
      'Fix\n\n  Co-authored-by: Bob <bob@acme.test>\n  Co-authored-by: Carol <carol@acme.test>',
      [
        ['Bob', 'bob@acme.test'],
        ['Carol', 'carol@acme.test'],
      ],
    ],
    [
      'one readable and one not',
      'Fix\n\nCo-authored-by: Alice <alice@acme.test>, bob@acme.test',
      [
        ['Alice', 'alice@acme.test'],
        ['bob@acme.test', ''],
      ],
    ],
    ['in a numbered list', '1. Co-authored-by: Bob <bob@acme.test>', [['Bob', 'bob@acme.test']]],
    ['after an old line end', 'Fix\u0085Co-authored-by: Bob <bob@acme.test>', [['Bob', 'bob@acme.test']]],
    [
      'after a blank of no width',
      'Fix\n\u200bCo-authored-by: Bob <bob@acme.test>',
      [['Bob', 'bob@acme.test']],
    ],
    ['mentioned within a line', 'Take the Co-authored-by: line out', []],
  ])('%s', (_, message, expected) => {
    expect(coAuthorsIn(message).map(({ name, email }) => [name, email])).toEqual(expected);
  });

  const word = fc
    .stringMatching(/^[^\s<>,;][^<>\n\r\v\f\u0085\u2028\u2029]{0,20}$/)
    .map((text) => text.trim());
  const email = fc.emailAddress({ size: 'small' });

  test('property: a trailer is found whatever stands around it', () => {
    fc.assert(
      fc.property(
        word,
        email,
        fc.string({ unit: 'binary' }),
        fc.string({ unit: 'binary' }),
        (name, address, before, after) => {
          const message = `${before}\nCo-Authored-By: ${name} <${address}>\n${after}`;
          expect(
            coAuthorsIn(message).some((each) => each.email.toLowerCase() === address.toLowerCase()),
          ).toBe(true);
        },
      ),
    );
  });

  test('property: nothing that a message holds breaks it, and each e-mail comes once', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('Co-authored-by: ', '<', '>', '\n')),
        ),
        (parts) => {
          const emails = coAuthorsIn(parts.join('')).flatMap((each) =>
            each.email === '' ? [] : [each.email.toLowerCase()],
          );
          expect(new Set(emails).size).toBe(emails.length);
        },
      ),
    );
  });

  test.each([
    ['blanks', `Co-authored-by: a${' '.repeat(200_000)}`],
    ['brackets', `Co-authored-by: ${'<'.repeat(200_000)}`],
    ['lines that go on', `Co-authored-by: a\n${' Co-authored-by\n'.repeat(20_000)}`],
    ['trailers that go on', ' Co-authored-by: a\n b\n'.repeat(20_000)],
    ['quotes', `${'> '.repeat(100_000)}Co-authored-by`],
  ])('a message made to take long (%s) takes no longer than its length', (_, message) => {
    const start = process.cpuUsage();
    coAuthorsIn(message);
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(5_000);
  });
});

describe('for whom a commit message says that it was made', () => {
  test.each([
    ['nobody', 'Bump\n\nSigned-off-by: Robot <robot@acme.test>', []],
    ['a trailer', 'Bump\n\non-behalf-of: @alice <alice@acme.test>', [['@alice', 'alice@acme.test']]],
    ['in any case', 'Bump\n\nOn-Behalf-Of: @alice <alice@acme.test>', [['@alice', 'alice@acme.test']]],
    ['without an e-mail', 'Bump\n\non-behalf-of: @alice', [['@alice', '']]],
    [
      'beside a co-author',
      'Bump\n\nCo-authored-by: Bob <b@x>\n on-behalf-of: @alice <a@x>',
      [['@alice', 'a@x']],
    ],
  ])('%s', (_, message, expected) => {
    expect(principalsIn(message).map(({ name, email }) => [name, email])).toEqual(expected);
  });
});
