import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { GrowingTree } from '../../../src/ledger/format/growing-tree.ts';
import { EMPTY_ROOT, leafHash, nodeHash } from '../../../src/ledger/format/hash.ts';
import type { FullTile } from '../../../src/ledger/format/tiles.ts';
import { TILE_WIDTH, hashOf, tileAt, tilePath, tilesOf } from '../../../src/ledger/format/tiles.ts';
import type { HashReader } from '../../../src/ledger/format/tree-proof.ts';
import {
  consistencyRanges,
  inclusionRanges,
  rangeHash,
  tilesNeeded,
  verifyConsistency,
  verifyInclusion,
} from '../../../src/ledger/format/tree-proof.ts';

/** The leaves and roots of the Certificate Transparency reference implementation's test of RFC 6962. */
const LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
];
const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

const leaf = (number: number): Uint8Array => leafHash(Buffer.from(`entry ${number}`));
const leaves = Array.from({ length: 70_000 }, (_, number) => leaf(number));

/** RFC 6962 section 2.1, as it is written there. */
function definition(hashes: readonly Uint8Array[]): Uint8Array {
  const [first] = hashes;
  if (first === undefined) return EMPTY_ROOT;
  if (hashes.length === 1) return first;
  let split = 1;
  while (split * 2 < hashes.length) split *= 2;
  return nodeHash(definition(hashes.slice(0, split)), definition(hashes.slice(split)));
}

const grown = new Map<number, { tree: GrowingTree; tiles: FullTile[] }>();

function grow(size: number): { tree: GrowingTree; tiles: FullTile[] } {
  const there = grown.get(size);
  if (there !== undefined) return there;
  // From the largest that is there and smaller: seventy thousand leaves need not be hashed for each test.
  const below = Math.max(0, ...[...grown.keys()].filter((other) => other < size));
  const tree = grown.get(below)?.tree.copy() ?? new GrowingTree();
  for (let at = below; at < size; at += 1) tree.append(leaves[at]!);
  const made = { tree, tiles: [...(grown.get(below)?.tiles ?? []), ...tree.takeFinished()] };
  grown.set(size, made);
  return made;
}

const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex');

/** Reads what a store of tiles would hold of a tree of `size`, and only what `tilesNeeded` named. */
function readerOf(
  size: number,
  stored: { tree: GrowingTree; tiles: FullTile[] },
  needed: readonly { level: number; index: number }[],
): HashReader {
  const tiles = new Map<string, Uint8Array>();
  for (const { level, index } of needed) {
    const { width } = tileAt(level, index, size);
    const full = stored.tiles.find((tile) => tile.level === level && tile.index === index);
    tiles.set(`${level}/${index}`, full?.hashes ?? Buffer.concat(stored.tree.edge(level).slice(0, width)));
  }
  return (level, index) =>
    hashOf(tiles.get(`${level}/${Math.floor(index / TILE_WIDTH)}`)!, index % TILE_WIDTH);
}

function inclusion(index: number, size: number): { proof: Uint8Array[]; root: Uint8Array } {
  const stored = grow(size);
  const ranges = inclusionRanges(index, size);
  const read = readerOf(size, stored, tilesNeeded(ranges, size));
  return { proof: ranges.map((range) => rangeHash(range, read)), root: stored.tree.root() };
}

function consistency(
  earlier: number,
  size: number,
): { proof: Uint8Array[]; earlierRoot: Uint8Array; root: Uint8Array } {
  const stored = grow(size);
  const ranges = consistencyRanges(earlier, size);
  const read = readerOf(size, stored, tilesNeeded(ranges, size));
  return {
    proof: ranges.map((range) => rangeHash(range, read)),
    earlierRoot: grow(earlier).tree.root(),
    root: stored.tree.root(),
  };
}

const flipped = (bytes: Uint8Array, bit: number): Uint8Array => {
  const copy = Uint8Array.from(bytes);
  copy[Math.floor(bit / 8)]! ^= 1 << (bit % 8);
  return copy;
};

describe('the tree', () => {
  test.each(ROOTS.map((root, size) => ({ size, root })))(
    'of $size reference leaves has the reference root',
    ({ size, root }) => {
      const tree = new GrowingTree();
      for (const hex of LEAVES.slice(0, size)) tree.append(leafHash(Buffer.from(hex, 'hex')));
      expect(Buffer.from(tree.root()).toString('hex')).toBe(root);
    },
  );

  test('has the root of the definition at every size', () => {
    const tree = new GrowingTree();
    for (let size = 0; size <= 1100; size += 1) {
      if (size % 7 === 0 || size % 256 < 2)
        expect(hex(tree.root())).toBe(hex(definition(leaves.slice(0, size))));
      tree.append(leaves[size]!);
    }
  });

  test('is the same when whole tiles are taken by their roots', () => {
    const { tree, tiles } = grow(66_000);
    const tree2 = new GrowingTree();
    for (const tile of tiles.filter(({ level }) => level === 0)) tree2.appendTile(tile.root);
    expect(tree2.takeFinished()).toEqual(tiles.filter(({ level }) => level === 1));
    for (let size = tree2.size; size < 66_000; size += 1) tree2.append(leaves[size]!);
    expect(hex(tree2.root())).toBe(hex(tree.root()));
    expect(() => tree2.appendTile(leaves[0]!)).toThrow(RangeError);
  });

  test('finishes each tile once, in order, with the hashes of its level', () => {
    const { tiles } = grow(66_000);
    expect(tiles.filter((tile) => tile.level === 0).map((tile) => tile.index)).toEqual([
      ...Array(257).keys(),
    ]);
    expect(tiles.filter((tile) => tile.level > 0).map(({ level, index }) => [level, index])).toEqual([
      [1, 0],
    ]);
    for (const tile of tiles.filter((tile) => tile.level === 0 && tile.index % 50 === 0)) {
      const under = leaves.slice(tile.index * 256, (tile.index + 1) * 256);
      expect(hex(tile.hashes)).toBe(hex(Buffer.concat(under)));
      expect(hex(tile.root)).toBe(hex(definition(under)));
    }
    const roots = tiles
      .filter((tile) => tile.level === 0)
      .slice(0, 256)
      .map((tile) => tile.root);
    expect(hex(tiles.find((tile) => tile.level === 1)?.hashes)).toBe(hex(Buffer.concat(roots)));
  });

  test.each([0, 1, 255, 256, 257, 512, 65_535, 65_536, 65_537, 65_792])(
    'goes on from its stored edges at %i',
    (size) => {
      const tree = grow(size).tree.copy();
      const edges = [0, 1, 2].map((level) => tree.edge(level));
      const resumed = GrowingTree.resume(size, edges);
      expect(hex(resumed.root())).toBe(hex(tree.root()));
      for (const next of leaves.slice(size, size + 300)) {
        tree.append(next);
        resumed.append(next);
      }
      tree.takeFinished();
      expect(hex(resumed.root())).toBe(hex(tree.root()));
      expect(resumed.size).toBe(tree.size);
    },
  );

  test('refuses stored edges that are too short or too long', () => {
    expect(() => GrowingTree.resume(3, [[leaf(0), leaf(1)]])).toThrow('ends in 3 hashes, not 2');
    expect(() => GrowingTree.resume(0, [[leaf(0)]])).toThrow(RangeError);
  });

  test('a copy grows by itself', () => {
    const { tree } = grow(300);
    const copy = tree.copy();
    copy.append(leaf(1));
    expect(copy.root()).not.toEqual(tree.root());
    expect(tree.root()).toEqual(definition(leaves.slice(0, 300)));
  });
});

describe('inclusion proofs', () => {
  test('hold for every leaf of every small tree, and have the length RFC 6962 says', () => {
    for (let size = 1; size <= 40; size += 1) {
      for (let index = 0; index < size; index += 1) {
        const { proof, root } = inclusion(index, size);
        expect(verifyInclusion(leaves[index]!, index, size, proof, root)).toBe(true);
      }
    }
  });

  test.each([
    [0, 256],
    [255, 256],
    [256, 257],
    [700, 1000],
    [65_535, 65_536],
    [0, 65_537],
    [65_536, 65_537],
    [69_999, 70_000],
    [12_345, 70_000],
  ])('hold for leaf %i of %i, from no more tiles than needed', (index, size) => {
    const { proof, root } = inclusion(index, size);
    expect(verifyInclusion(leaves[index]!, index, size, proof, root)).toBe(true);
    expect(tilesNeeded(inclusionRanges(index, size), size).length).toBeLessThanOrEqual(6);
    expect(verifyInclusion(leaves[index]!, index === 0 ? 1 : index - 1, size, proof, root)).toBe(false);
  });

  test('fail when any bit of leaf, proof or root is another, or any hash is missing or too many', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 600 }), fc.nat(), fc.nat(), (size, seed, bit) => {
        const index = seed % size;
        const { proof, root } = inclusion(index, size);
        const at = bit % proof.length;
        const changed = proof.with(at, flipped(proof[at]!, bit % 256));
        expect(verifyInclusion(leaves[index]!, index, size, changed, root)).toBe(false);
        expect(verifyInclusion(flipped(leaves[index]!, bit % 256), index, size, proof, root)).toBe(false);
        expect(verifyInclusion(leaves[index]!, index, size, proof, flipped(root, bit % 256))).toBe(false);
        expect(verifyInclusion(leaves[index]!, index, size, proof.slice(1), root)).toBe(false);
        expect(verifyInclusion(leaves[index]!, index, size, [...proof, root], root)).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  test.each([
    [-1, 1],
    [1, 1],
    [0.5, 1],
    [0, Number.NaN],
    [2 ** 53, 2 ** 54],
  ])('never hold for leaf %d of %d', (index, size) => {
    expect(verifyInclusion(leaf(0), index, size, [], leaf(0))).toBe(false);
  });

  test('there is none for a leaf that is not in the tree', () => {
    expect(() => inclusionRanges(5, 5)).toThrow(RangeError);
  });
});

describe('the tiles that an inclusion proof is made of', () => {
  test('are those above the entry and those at the edge of the tree, which is what entry-proof.ts reads', () => {
    const anywhere = fc
      .integer({ min: 0, max: 2 ** 52 })
      .chain((last) => fc.tuple(fc.nat({ max: last }), fc.constant(last + 1)));
    fc.assert(
      fc.property(
        fc.oneof(
          anywhere,
          fc.nat({ max: 200_000 }).chain((last) => fc.tuple(fc.nat({ max: last }), fc.constant(last + 1))),
        ),
        ([index, size]) => {
          for (const { level, index: tile } of tilesNeeded(inclusionRanges(index, size), size)) {
            const leaves = 256 ** (level + 1);
            expect([Math.floor(index / leaves), Math.floor(size / leaves)]).toContain(tile);
          }
        },
      ),
    );
  });
});

describe('consistency proofs', () => {
  test('hold for every two sizes of a small tree', () => {
    for (let size = 0; size <= 33; size += 1) {
      for (let earlier = 0; earlier <= size; earlier += 1) {
        const { proof, earlierRoot, root } = consistency(earlier, size);
        expect(verifyConsistency(earlier, size, earlierRoot, root, proof)).toBe(true);
      }
    }
  });

  test.each([
    [255, 256],
    [256, 70_000],
    [1000, 1024],
    [65_536, 65_537],
    [66_001, 70_000],
  ])('hold from %i to %i', (earlier, size) => {
    const { proof, earlierRoot, root } = consistency(earlier, size);
    expect(verifyConsistency(earlier, size, earlierRoot, root, proof)).toBe(true);
    expect(verifyConsistency(earlier, size, leaf(1), root, proof)).toBe(false);
  });

  test('fail when the earlier tree was another, or any bit differs', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 400 }), fc.nat(), fc.nat(), (size, seed, bit) => {
        const earlier = 1 + (seed % (size - 1));
        const { proof, earlierRoot, root } = consistency(earlier, size);
        expect(verifyConsistency(earlier, size, flipped(earlierRoot, bit % 256), root, proof)).toBe(false);
        expect(verifyConsistency(earlier, size, earlierRoot, flipped(root, bit % 256), proof)).toBe(false);
        expect(verifyConsistency(earlier, size, earlierRoot, root, proof.slice(1))).toBe(false);
        expect(verifyConsistency(earlier, size, earlierRoot, root, [...proof, root])).toBe(false);
        const at = bit % proof.length;
        expect(
          verifyConsistency(earlier, size, earlierRoot, root, proof.with(at, flipped(proof[at]!, bit % 256))),
        ).toBe(false);
      }),
      { numRuns: 60 },
    );
  });
});

test.each([
  ['no proof has a hash that was cut', (hash: Uint8Array) => hash.subarray(0, -1)],
  ['no proof has a hash with more behind it', (hash: Uint8Array) => Buffer.concat([hash, Buffer.alloc(1)])],
])('%s', (_, change) => {
  // A sibling that ends in zero, so that filling up what was cut would make it whole again.
  const sibling = new Uint8Array(32).fill(7, 0, 31);
  const root = nodeHash(leaf(0), sibling);
  expect(verifyInclusion(leaf(0), 0, 2, [sibling], root)).toBe(true);
  expect(verifyInclusion(leaf(0), 0, 2, [change(sibling)], root)).toBe(false);
  expect(verifyConsistency(1, 2, leaf(0), root, [sibling])).toBe(true);
  expect(verifyConsistency(1, 2, leaf(0), root, [change(sibling)])).toBe(false);
});

describe('tiles', () => {
  test.each([
    [0, 0, 256, 'tile/0/000'],
    [0, 273, 112, 'tile/0/273.p/112'],
    [1, 1, 17, 'tile/1/001.p/17'],
    [2, 1234067, 256, 'tile/2/x001/x234/067'],
    ['entries', 999, 256, 'tile/entries/999'],
    ['entries', 1000, 1, 'tile/entries/x001/000.p/1'],
  ] as const)('level %s, index %i, width %i is %s', (level, index, width, path) => {
    expect(tilePath(level, index, width)).toBe(path);
  });

  test('of 70,000 entries are those that C2SP gives as its example', () => {
    const tiles = [...tilesOf(70_000)];
    expect(tiles.filter((tile) => tile.level === 0)).toHaveLength(274);
    expect(
      tiles
        .filter((tile) => tile.width < 256)
        .map(({ level, index, width }) => tilePath(level, index, width)),
    ).toEqual(['tile/0/273.p/112', 'tile/1/001.p/17', 'tile/2/000.p/1']);
  });
});
