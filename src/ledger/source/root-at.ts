import { EMPTY_ROOT, HASH_SIZE } from '../format/hash.ts';
import type { LogSource } from './log-source.ts';
import { TILE_WIDTH, hashOf, tileAt } from '../format/tiles.ts';
import { rangeHash, tilesNeeded } from '../format/tree-proof.ts';

/** The root over the first `size` entries by the stored tiles, which the walk verifies; null where tiles are missing. */
export async function rootAt(live: LogSource, size: number): Promise<Uint8Array | null> {
  if (size === 0) return EMPTY_ROOT;
  const range = { from: 0, to: size };
  const tiles = new Map<string, Uint8Array>();
  for (const { level, index } of tilesNeeded([range], size)) {
    const { width } = tileAt(level, index, live.size);
    const tile = await live.tile(level, index, width);
    if (tile?.hashes.length !== width * HASH_SIZE) return null;
    tiles.set(`${level}/${index}`, tile.hashes);
  }
  return rangeHash(range, (level, index) => {
    const tile = tiles.get(`${level}/${Math.floor(index / TILE_WIDTH)}`);
    if (tile === undefined) throw new RangeError(`hash ${index} of level ${level} was not read`);
    return hashOf(tile, index % TILE_WIDTH);
  });
}
