import { expect, test } from '@jest/globals';
import { array, assert, property, string } from 'fast-check';
import { Fingerprints, fingerprint } from '../../../../src/ledger/format/fingerprints.ts';

test('a name is there exactly if it was added, in whatever order and however often', () => {
  const names = array(string(), { maxLength: 600 });
  assert(
    property(names, names, (added, others) => {
      const all = new Fingerprints();
      for (const name of added) all.add(fingerprint('key', name));
      for (const name of [...added, ...others])
        expect(all.has(fingerprint('key', name))).toBe(added.includes(name));
    }),
    { numRuns: 50 },
  );
});

test('what is added after it was asked is there too', () => {
  const all = new Fingerprints();
  expect(all.has(0n)).toBe(false);
  for (const one of [5n, 3n, 0n, 2n ** 64n - 1n]) {
    all.add(one);
    expect(all.has(one)).toBe(true);
  }
  expect(all.has(4n)).toBe(false);
});

test('another key makes another fingerprint', () => {
  expect(fingerprint('one', 'name')).not.toBe(fingerprint('two', 'name'));
});
