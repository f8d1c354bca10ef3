/** Compares the tiles that a log's entries make up with those that are stored. */
import type { Findings } from '../source/finding.ts';
import type { GrowingTree } from '../format/growing-tree.ts';
import { sameHash } from '../format/hash.ts';
import type { LogSource, SourceTile } from '../source/log-source.ts';
import type { FullTile } from '../format/tiles.ts';
import { TILE_WIDTH, levelWidth } from '../format/tiles.ts';

/** That one of level 0 is gone was found with its entries. */
export function verifyFullTile(tile: FullTile, stored: SourceTile | null, findings: Findings): void {
  if (stored === null && tile.level === 0) return;
  const holds =
    stored !== null &&
    sameHash(stored.hashes, tile.hashes) &&
    (stored.root === null || sameHash(stored.root, tile.root));
  if (!holds && tile.level > 0) {
    findings.add(
      'tile_altered',
      null,
      `Tile ${tile.index} of level ${tile.level} ${stored === null ? 'is gone' : 'was altered'}; the entries beneath it hold.`,
    );
  } else if (!holds && stored?.root !== null && stored !== null && !sameHash(stored.root, tile.root)) {
    findings.add(
      'tile_altered',
      null,
      `The root of tile ${tile.index} of level 0 was altered; the entries beneath it hold.`,
    );
  }
}

/** Those above level 0 that aren't full yet; `tree` holds all of the log's entries. */
export async function verifyEdges(tree: GrowingTree, source: LogSource, findings: Findings): Promise<void> {
  const { size } = source;
  for (let level = 1; levelWidth(level, size) > 0; level += 1) {
    const edge = tree.edge(level);
    if (edge.length === 0) continue;
    const index = Math.floor(levelWidth(level, size) / TILE_WIDTH);
    const stored = await source.tile(level, index, edge.length);
    if (stored === null || !sameHash(stored.hashes, Buffer.concat(edge))) {
      findings.add(
        'tile_altered',
        null,
        `Tile ${index} of level ${level} ${stored === null ? 'is gone' : 'was altered'}; the entries beneath it hold.`,
      );
    }
  }
}
