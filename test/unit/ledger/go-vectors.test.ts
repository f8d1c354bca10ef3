/** Everything that another implementation computed, from the same entries and the same seed, is what we compute. */
import { describe, expect, test } from '@jest/globals';
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openCheckpoint } from '../../../src/ledger/format/checkpoint.ts';
import { GrowingTree } from '../../../src/ledger/format/growing-tree.ts';
import { leafHash, sha256 } from '../../../src/ledger/format/hash.ts';
import { parseNote, parseVerifierKey, signedBy } from '../../../src/ledger/format/note.ts';
import { formatProof, verifyProof } from '../../../src/ledger/format/proof.ts';
import { createSigner } from '../../../src/ledger/sequence/signer.ts';
import type { FullTile } from '../../../src/ledger/format/tiles.ts';
import { hashOf, tilePath, tilesOf } from '../../../src/ledger/format/tiles.ts';
import type { HashReader, LeafRange } from '../../../src/ledger/format/tree-proof.ts';
import {
  consistencyRanges,
  inclusionRanges,
  rangeHash,
  verifyConsistency,
} from '../../../src/ledger/format/tree-proof.ts';

interface Vectors {
  readonly origin: string;
  readonly seed: string;
  readonly vkey: string;
  readonly keyId: string;
  readonly note: string;
  readonly trees: readonly {
    readonly size: number;
    readonly root: string;
    readonly checkpoint: string;
    readonly tiles: Readonly<Record<string, string>>;
    readonly allTiles: string;
  }[];
  readonly inclusion: readonly { index: number; size: number; hashes: string[] }[];
  readonly consistency: readonly { earlier: number; size: number; hashes: string[] }[];
}

const vectors = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../fixtures/ledger/go-vectors.json'), 'utf8'),
) as Vectors;

/** DER of an Ed25519 private key up to its 32 bytes of seed. */
const PKCS8 = '302e020100300506032b657004220420';
const signer = createSigner({
  origin: vectors.origin,
  privateKey: createPrivateKey({
    key: Buffer.from(PKCS8 + vectors.seed, 'hex'),
    format: 'der',
    type: 'pkcs8',
  })
    .export({ format: 'pem', type: 'pkcs8' })
    .toString(),
});
const key = parseVerifierKey(vectors.vkey);

const entry = (index: number): Buffer => Buffer.from(`entry ${index}`);
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

interface Grown {
  readonly tree: GrowingTree;
  /** The contents of a tile, partial ones included. */
  readonly tile: (level: number, index: number) => Uint8Array;
  readonly hashes: (ranges: readonly LeafRange[]) => string[];
}

/** One tree that grows through all sizes, as ours does. */
const grown = new Map<number, Grown>();
const growing = new GrowingTree();
const full = new Map<string, FullTile>();
for (const { size } of vectors.trees) {
  while (growing.size < size) growing.append(leafHash(entry(growing.size)));
  for (const tile of growing.takeFinished()) full.set(`${tile.level}/${tile.index}`, tile);
  const tree = growing.copy();
  const tile = (level: number, index: number): Uint8Array =>
    full.get(`${level}/${index}`)?.hashes ?? Buffer.concat(tree.edge(level));
  const read: HashReader = (level, index) => hashOf(tile(level, Math.floor(index / 256)), index % 256);
  grown.set(size, {
    tree,
    tile,
    hashes: (ranges) => ranges.map((range) => base64(rangeHash(range, read))),
  });
}
const at = (size: number): Grown => grown.get(size)!;

test('the vectors reach over three levels of tiles', () => {
  expect(vectors.trees.map(({ size }) => size)).toEqual([
    0, 1, 2, 3, 255, 256, 257, 511, 512, 1000, 65_536, 70_000,
  ]);
  expect(vectors.inclusion).toHaveLength(46);
  expect(vectors.consistency).toHaveLength(55);
});

describe("Go's key and ours", () => {
  test('are one, made from one seed', () => {
    expect(signer.vkey).toBe(vectors.vkey);
    expect(hex(key.id)).toBe(vectors.keyId);
  });

  test('sign a note alike, whose text may itself have a blank line', () => {
    const { text, signatures } = parseNote(vectors.note);
    expect(text).toBe('Who signs this\n\nsigns both paragraphs.\n');
    expect(signatures).toHaveLength(1);
    expect(signedBy({ text, signatures }, key)).toBe(true);
    expect(signedBy({ text: text.replace('both', 'some'), signatures }, key)).toBe(false);
  });
});

describe.each(vectors.trees)('the tree of $size entries', ({ size, root, checkpoint, tiles, allTiles }) => {
  test('has the root that Go computes', () => {
    expect(base64(at(size).tree.root())).toBe(root);
  });

  test('is signed to the byte as Go signs it, and opens', () => {
    expect(signer.sign({ size, root: at(size).tree.root() })).toBe(checkpoint);
    expect(openCheckpoint(checkpoint, key)).toEqual({
      origin: vectors.origin,
      size,
      root: Buffer.from(root, 'base64'),
    });
  });

  test('is cut into the tiles that Go cuts it into', () => {
    const ours = [...tilesOf(size)].map(({ level, index, width }) => ({
      path: tilePath(level, index, width),
      content: at(size)
        .tile(level, index)
        .subarray(0, width * 32),
    }));
    const digests = new Map(ours.map(({ path, content }) => [path, hex(sha256(content))]));
    for (const [path, digest] of Object.entries(tiles))
      expect(`${path} ${digests.get(path)}`).toBe(`${path} ${digest}`);
    expect(hex(sha256(Buffer.concat(ours.map(({ content }) => content))))).toBe(allTiles);
    if (size <= 1000) expect([...digests.keys()].sort()).toEqual(Object.keys(tiles).sort());
  });
});

describe('a proof', () => {
  test.each(vectors.inclusion)('that entry $index is among $size is the one Go makes', (vector) => {
    const { index, size, hashes } = vector;
    expect(at(size).hashes(inclusionRanges(index, size))).toEqual(hashes);
    const text = formatProof({
      index,
      hashes: hashes.map((hash) => Buffer.from(hash, 'base64')),
      checkpoint: vectors.trees.find((tree) => tree.size === size)!.checkpoint,
      extra: null,
    });
    expect(verifyProof(text, leafHash(entry(index)), vectors.vkey)).toMatchObject({ index });
  });

  test.each(vectors.consistency)('that $size entries begin with $earlier is the one Go makes', (vector) => {
    const { earlier, size, hashes } = vector;
    expect(at(size).hashes(consistencyRanges(earlier, size))).toEqual(hashes);
    const proof = hashes.map((hash) => Buffer.from(hash, 'base64'));
    const roots = [at(earlier).tree.root(), at(size).tree.root()] as const;
    expect(verifyConsistency(earlier, size, ...roots, proof)).toBe(true);
  });
});
