/**
 * Inclusion and consistency proofs (RFC 6962 section 2.1, checked as RFC 9162 section 2.1.3 and 2.1.4 do). Making one asks
 * for the hashes of leaf ranges; `tilesNeeded` says which tiles to read for them, so that they come in one query.
 */
import { HASH_SIZE, nodeHash, sameHash } from './hash.ts';
import type { TileId } from './tiles.ts';
import { TILE_WIDTH, tileAt } from './tiles.ts';

/** Leaves `from` up to, not including, `to`. */
export interface LeafRange {
  readonly from: number;
  readonly to: number;
}

/** Reads the stored hash number `index` of a tile level. */
export type HashReader = (level: number, index: number) => Uint8Array;

/** The ranges whose hashes prove that leaf `index` is in the tree of `size` leaves, the leaf's sibling first. */
export function inclusionRanges(index: number, size: number): LeafRange[] {
  if (!Number.isSafeInteger(size) || !(index >= 0 && index < size))
    throw new RangeError(`no leaf ${index} in a tree of ${size}`);
  const ranges: LeafRange[] = [];
  let [from, to] = [0, size];
  while (to - from > 1) {
    const middle = from + splitOf(to - from);
    if (index < middle) {
      ranges.push({ from: middle, to });
      to = middle;
    } else {
      ranges.push({ from, to: middle });
      from = middle;
    }
  }
  return ranges.reverse();
}

/** The ranges whose hashes prove that the tree of `size` leaves begins with the tree of `earlier` leaves. */
export function consistencyRanges(earlier: number, size: number): LeafRange[] {
  if (!Number.isSafeInteger(size) || !(earlier >= 0 && earlier <= size))
    throw new RangeError(`no tree of ${earlier} in one of ${size}`);
  if (earlier === 0 || earlier === size) return [];
  const ranges: LeafRange[] = [];
  let [from, to] = [0, size];
  while (earlier !== to) {
    const middle = from + splitOf(to - from);
    if (earlier <= middle) {
      ranges.push({ from: middle, to });
      to = middle;
    } else {
      ranges.push({ from, to: middle });
      from = middle;
    }
  }
  // The whole earlier tree: its hash is known to whoever asks.
  if (from > 0) ranges.push({ from, to });
  return ranges.reverse();
}

/** The tiles of a tree of `size` leaves that hold what the hashes of `ranges` are made of. */
export function tilesNeeded(ranges: readonly LeafRange[], size: number): TileId[] {
  const needed = new Map<string, TileId>();
  for (const range of ranges) {
    for (const { level, first } of subtrees(range)) {
      const tile = tileAt(level, Math.floor(first / TILE_WIDTH), size);
      needed.set(`${tile.level}/${tile.index}`, tile);
    }
  }
  return [...needed.values()];
}

/** The hash over a range of leaves, from stored hashes. */
export function rangeHash(range: LeafRange, read: HashReader): Uint8Array {
  const hashes = subtrees(range).map(({ level, first, count }) => complete(level, first, count, read));
  return hashes.reduceRight((right, left) => nodeHash(left, right));
}

/** Whether `proof` leads from the leaf to the root. Every argument may come from a stranger. */
export function verifyInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return false;
  if (!areHashes(proof)) return false;
  let hash = leaf;
  let [node, last] = [index, size - 1];
  for (const sibling of proof) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash);
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      hash = nodeHash(hash, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && sameHash(hash, root);
}

/** Whether `proof` shows that the tree of `size` with `root` begins with the tree of `earlier` with `earlierRoot`. */
export function verifyConsistency(
  earlier: number,
  size: number,
  earlierRoot: Uint8Array,
  root: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  if (!Number.isSafeInteger(earlier) || !Number.isSafeInteger(size) || earlier < 0 || earlier > size)
    return false;
  if (!areHashes(proof)) return false;
  if (earlier === size) return proof.length === 0 && sameHash(earlierRoot, root);
  if (earlier === 0) return proof.length === 0;
  const path = isPowerOfTwo(earlier) ? [earlierRoot, ...proof] : proof;
  const [seed, ...rest] = path;
  if (seed === undefined) return false;
  let [node, last] = [earlier - 1, size - 1];
  while (node % 2 === 1) [node, last] = [half(node), half(last)];
  let [hash, earlierHash] = [seed, seed];
  for (const sibling of rest) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      earlierHash = nodeHash(sibling, earlierHash);
      hash = nodeHash(sibling, hash);
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      hash = nodeHash(hash, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && sameHash(earlierHash, earlierRoot) && sameHash(hash, root);
}

/** A shorter one would pass for itself with zeros behind it. */
function areHashes(proof: readonly Uint8Array[]): boolean {
  return proof.every((hash) => hash.length === HASH_SIZE);
}

interface Subtree {
  readonly level: number;
  /** Number of its first hash among those of the level, and how many make it up: 1 to 128. */
  readonly first: number;
  readonly count: number;
}

/** A range as complete subtrees, each within one tile. Ranges of proofs begin at a multiple of their largest subtree. */
function subtrees(range: LeafRange): Subtree[] {
  const found: Subtree[] = [];
  for (let from = range.from; from < range.to;) {
    let leaves = 1;
    while (from % (leaves * 2) === 0 && from + leaves * 2 <= range.to) leaves *= 2;
    let [level, first, count] = [0, from, leaves];
    while (count >= TILE_WIDTH) [level, first, count] = [level + 1, first / TILE_WIDTH, count / TILE_WIDTH];
    found.push({ level, first, count });
    from += leaves;
  }
  return found;
}

function complete(level: number, first: number, count: number, read: HashReader): Uint8Array {
  if (count === 1) return read(level, first);
  return nodeHash(
    complete(level, first, count / 2, read),
    complete(level, first + count / 2, count / 2, read),
  );
}

/** The largest power of two below `size`: where RFC 6962 splits a tree. */
function splitOf(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

function half(value: number): number {
  return Math.floor(value / 2);
}

function isPowerOfTwo(value: number): boolean {
  let power = 1;
  while (power < value) power *= 2;
  return power === value;
}
