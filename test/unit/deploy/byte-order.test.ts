import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { byBytes } from '../../../src/deploy/byte-order.ts';
import { manifestDigest } from '../../../src/deploy/manifest-digest.ts';

/** Near each other, and around where UTF-16's order leaves UTF-8's. */
const unit = fc.constantFrom('', 'a', 'b', '/', '.', '\u007f', 'é', '\ud7ff', '\ue000', '\uffff', '😀', '𝒳');
const name = fc.array(unit, { maxLength: 6 }).map((units) => units.join(''));

test('names are in the order of their UTF-8 bytes', () => {
  fc.assert(
    fc.property(name, name, (a, b) => {
      expect(Math.sign(byBytes(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
  );
});

test('a manifest’s digest is over its lines in that order, however many and however they come', () => {
  const entryOf = (path: string) => ({
    path,
    mode: '100644' as const,
    oid: 'b'.repeat(40),
    sha256: 'c'.repeat(64),
    size: path.length,
  });
  const paths = Array.from({ length: 1_203 }, (_, index) => `d${index % 7}/f${index}`);
  const lines = paths
    .toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map((path) => `100644 ${'b'.repeat(40)} ${'c'.repeat(64)} ${path.length}\t${path}\0`);
  expect(manifestDigest(paths.toReversed().map(entryOf))).toBe(
    createHash('sha256').update(lines.join('')).digest('hex'),
  );
});
