/**
 * Reads the tree as PostgreSQL holds it: full tiles as rows, partial ones as the newest leaf hashes and the roots of the level
 * below. What it reads is only as good as the root that it leads to, and whoever calls compares that.
 */
import { HASH_SIZE } from '../format/hash.ts';
import { GrowingTree } from '../format/growing-tree.ts';
import type { Bigint, Query } from './query.ts';
import type { TileId } from '../format/tiles.ts';
import { TILE_WIDTH, hashOf, levelWidth, tileAt } from '../format/tiles.ts';
import type { HashReader } from '../format/tree-proof.ts';

/** The stored tree of `size` leaves, ready to grow. Throws RangeError where hashes are missing. */
export async function resumeTree(query: Query, logId: number, size: number): Promise<GrowingTree> {
  const edges: Uint8Array[][] = [];
  for (let level = 0; levelWidth(level, size) > 0; level += 1) {
    const width = levelWidth(level, size);
    const tile = tileAt(level, Math.floor(width / TILE_WIDTH), size);
    const hashes = tile.width === 0 ? new Uint8Array(0) : await readPartial(query, logId, tile);
    edges.push(Array.from({ length: hashes.length / HASH_SIZE }, (_, at) => hashOf(hashes, at)));
  }
  return GrowingTree.resume(size, edges);
}

/** Reads `tiles` and answers for their hashes. `size`: that of the head, which says which tiles are stored whole. */
export async function readTiles(
  query: Query,
  logId: number,
  tiles: readonly TileId[],
  size: number,
): Promise<HashReader> {
  const isFull = (tile: TileId): boolean => (tile.index + 1) * TILE_WIDTH <= levelWidth(tile.level, size);
  const found = await readFull(query, logId, tiles.filter(isFull));
  for (const tile of tiles.filter((tile) => !isFull(tile))) {
    found.set(`${tile.level}/${tile.index}`, await readPartial(query, logId, tile));
  }
  return hashReader(found);
}

/** Answers from tiles by `level/index`; throws RangeError for a hash that none of them holds. */
export function hashReader(tiles: ReadonlyMap<string, Uint8Array>): HashReader {
  return (level, index) => {
    const tile = tiles.get(`${level}/${Math.floor(index / TILE_WIDTH)}`);
    const hash = tile === undefined ? undefined : hashOf(tile, index % TILE_WIDTH);
    if (hash?.length !== HASH_SIZE) throw new RangeError(`hash ${index} of level ${level} is not stored`);
    return hash;
  };
}

/** The hashes of full tiles, by `level/index`. */
async function readFull(
  query: Query,
  logId: number,
  tiles: readonly TileId[],
): Promise<Map<string, Uint8Array>> {
  if (tiles.length === 0) return new Map();
  const rows = await query<{ level: number; index: Bigint; hashes: Buffer }>(
    `SELECT level, index, hashes FROM ledger.tile
     WHERE log_id = $1 AND (level, index) IN (SELECT * FROM unnest($2::smallint[], $3::bigint[]))`,
    [logId, tiles.map((tile) => tile.level), tiles.map((tile) => tile.index)],
  );
  return new Map(rows.map((row) => [`${row.level}/${row.index}`, row.hashes]));
}

/** The hashes of a tile that isn't stored. */
export async function readPartial(query: Query, logId: number, tile: TileId): Promise<Uint8Array> {
  const from = tile.index * TILE_WIDTH;
  const rows =
    tile.level === 0
      ? await query<{ hash: Buffer }>(
          'SELECT leaf_hash AS hash FROM ledger.integration WHERE log_id = $1 AND index >= $2 AND index < $3 ORDER BY index',
          [logId, from, from + tile.width],
        )
      : await query<{ hash: Buffer }>(
          'SELECT root AS hash FROM ledger.tile WHERE log_id = $1 AND level = $2 AND index >= $3 AND index < $4 ORDER BY index',
          [logId, tile.level - 1, from, from + tile.width],
        );
  return Buffer.concat(rows.map((row) => row.hash));
}
