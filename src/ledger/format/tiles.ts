/**
 * Where a hash of the tree is stored: C2SP tlog-tiles. Level 0 holds leaf hashes, 256 to a tile; level L+1 holds the
 * hash over each full tile of level L. Indices and sizes are plain numbers below 2^53, so no bit operators here.
 */
import { HASH_SIZE } from './hash.ts';

export const TILE_WIDTH = 256;

export interface TileId {
  readonly level: number;
  readonly index: number;
  /** How many hashes it has: 256, or fewer for the last tile of its level. */
  readonly width: number;
}

export interface FullTile {
  readonly level: number;
  readonly index: number;
  readonly hashes: Uint8Array;
  readonly root: Uint8Array;
}

/** Hashes at `level` of a tree of `size` leaves. */
export function levelWidth(level: number, size: number): number {
  return Math.floor(size / TILE_WIDTH ** level);
}

/** How many tiles of `level` a tree of `size` leaves has, and how wide the last is; 256 where it is full. */
export function tileAt(level: number, index: number, size: number): TileId {
  return { level, index, width: Math.min(TILE_WIDTH, levelWidth(level, size) - index * TILE_WIDTH) };
}

/** Every tile of a tree of `size` leaves, level by level, partial ones included. */
export function* tilesOf(size: number): Generator<TileId> {
  for (let level = 0; levelWidth(level, size) > 0; level += 1) {
    const width = levelWidth(level, size);
    for (let index = 0; index * TILE_WIDTH < width; index += 1) yield tileAt(level, index, size);
  }
}

/** `tile/0/x001/x234/067.p/17`; `entries` in place of a level for a bundle of entries. */
export function tilePath(level: number | 'entries', index: number, width: number): string {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/\d{3}/g) ?? [];
  const number = groups.map((group, at) => (at === groups.length - 1 ? group : `x${group}`)).join('/');
  return `tile/${level}/${number}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

/** Hash number `at` of a tile. */
export function hashOf(tile: Uint8Array, at: number): Uint8Array {
  return tile.subarray(at * HASH_SIZE, (at + 1) * HASH_SIZE);
}
