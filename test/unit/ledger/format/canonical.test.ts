import { describe, expect, test } from '@jest/globals';
import canonicalize from 'canonicalize';
import * as fc from 'fast-check';
import { canonicalBytes, canonicalText } from '../../../../src/ledger/format/canonical.ts';

const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: 'grapheme' }),
    fc.maxSafeInteger(),
    fc.boolean(),
    tie('list'),
    tie('object'),
  ),
  list: fc.array(tie('value'), { maxLength: 5 }),
  object: fc.dictionary(fc.string({ unit: 'grapheme' }), tie('value'), { maxKeys: 6 }),
})).value;

describe('canonical bytes', () => {
  test.each([
    [{ b: 1, a: 'x' }, '{"a":"x","b":1}'],
    [
      { '\u20ac': 1, '\r': 2, '1': 3, '': 4, '\u00f6': 5, '\u{1f602}': 6, '\ufb33': 7 },
      '{"":4,"\\r":2,"1":3,"\u00f6":5,"\u20ac":1,"\u{1f602}":6,"\ufb33":7}',
    ],
    [['\u0000\b\t\n\f\r\u001f"\\/\u007f'], '["\\u0000\\b\\t\\n\\f\\r\\u001f\\"\\\\/\u007f"]'],
    [[true, false, [], {}], '[true,false,[],{}]'],
    [[0, -1, 9007199254740991, -9007199254740991], '[0,-1,9007199254740991,-9007199254740991]'],
  ])('of %j', (input, expected) => {
    expect(canonicalText(input)).toBe(expected);
    expect(Buffer.from(canonicalBytes(input)).toString()).toBe(expected);
  });

  test('are what another implementation of RFC 8785 makes', () => {
    fc.assert(fc.property(value, (input) => expect(canonicalText(input)).toBe(canonicalize(input))));
  });

  test('do not depend on the order of keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.integer()), (input) => {
        expect(canonicalText(Object.fromEntries(Object.entries(input).reverse()))).toBe(canonicalText(input));
      }),
    );
  });

  test('keep NFC and NFD apart', () => {
    expect(canonicalText('é'.normalize('NFC'))).not.toBe(canonicalText('é'.normalize('NFD')));
  });

  test.each([
    ['a fraction', { a: { b: 1.5 } }, '$.a.b'],
    ['more than 2^53', [9007199254740992], '$[0]'],
    ['a number that was rounded when it was read', JSON.parse('{"n":9007199254740993}'), '$.n'],
    ['what is written with an exponent', [1e21], '$[0]'],
    ['minus zero', { n: -0 }, '$.n'],
    ['NaN', Number.NaN, '$'],
    ['infinity', [[-Infinity]], '$[0][0]'],
    ['a bigint', { n: 1n }, '$.n'],
    ['null', { a: null }, '$.a'],
    ['undefined', { a: undefined }, '$.a'],
    ['a hole in a list', Object.assign([1], { 2: 2 }), '$[1]'],
    ['a function', { f: () => 1 }, '$.f'],
    ['a date', { d: new Date(0) }, '$.d'],
    ['a map', new Map(), '$'],
    ['a symbol key', { [Symbol('s')]: 1 }, '$'],
    ['half a surrogate pair', { a: 'x\ud800' }, '$.a'],
    ['half a surrogate pair in a key', { '\udc00': 1 }, '$'],
  ])('refuse %s', (_, input, place) => {
    expect(() => canonicalBytes(input)).toThrow(
      expect.objectContaining({ code: 'not_canonical', message: expect.stringContaining(`${place} `) }),
    );
  });

  test('refuse what holds itself', () => {
    const loop: unknown[] = [];
    loop.push(loop);
    expect(() => canonicalBytes(loop)).toThrow('nested deeper');
  });
});
