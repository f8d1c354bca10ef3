/** The proof that the log only grew, from the tree as PostgreSQL holds it. */
import type { Query } from '../store/query.ts';
import { readTiles } from '../store/stored-tree.ts';
import { consistencyRanges, rangeHash, tilesNeeded } from '../format/tree-proof.ts';

/**
 * The hashes that show the tree of `size` leaves to begin with the one of `earlier`; `size` may be any up to the head's.
 * Throws RangeError where hashes are missing. Whether they lead to the two roots is for `verifyConsistency` to say.
 */
export async function consistencyProof(
  query: Query,
  logId: number,
  earlier: number,
  size: number,
): Promise<Uint8Array[]> {
  const ranges = consistencyRanges(earlier, size);
  // What is a full tile of the smaller tree is a row whatever has grown since, and the rest is made of rows that stay.
  const read = await readTiles(query, logId, tilesNeeded(ranges, size), size);
  return ranges.map((range) => rangeHash(range, read));
}
