import { describe, expect, test } from '@jest/globals';
import { array, assert, nat, property } from 'fast-check';
import { IndexRanges } from '../../../../src/ledger/format/index-ranges.ts';

const indices = array(nat(60));

describe('indices as text', () => {
  test('are read back as they were', () => {
    assert(
      property(indices, (some) => {
        const ranges = IndexRanges.of(some);
        expect(IndexRanges.parse(ranges.toString())).toEqual(ranges);
        const all = Array.from({ length: 62 }, (_, index) => index);
        expect(all.filter((index) => ranges.has(index))).toEqual(
          [...new Set(some)].toSorted((a, b) => a - b),
        );
        expect(ranges.end).toBe(Math.max(-1, ...some) + 1);
      }),
    );
  });

  test('are found within any bounds', () => {
    assert(
      property(indices, nat(60), nat(60), (some, first, last) => {
        const found = IndexRanges.of(some)
          .within(first, last)
          .flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, at) => from + at));
        const wanted = [...new Set(some)].filter((index) => index >= first && index <= last);
        expect(found).toEqual(wanted.toSorted((a, b) => a - b));
      }),
    );
  });

  test.each(['5', '5,17,300-302', '', '0', '0-1'])('%j', (text) => {
    expect(String(IndexRanges.parse(text))).toBe(text);
  });

  test.each([
    '5,',
    ',5',
    '5,5',
    '5,6',
    '5-5',
    '5-4',
    '7,5',
    '05',
    '5 ',
    '-5',
    '1e3',
    '5-6-7',
    '0-0',
    'x',
    '1-2,3',
  ])('not %j', (text) => {
    expect(IndexRanges.parse(text)).toBeNull();
  });
});
