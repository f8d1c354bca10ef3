/** Roots of a log at sizes that somebody asks for, from its stored tiles, which must have been verified. Cheap as long as the sizes rise. */
import { GrowingTree } from '../format/growing-tree.ts';
import { HASH_SIZE } from '../format/hash.ts';
import type { LogSource } from './log-source.ts';
import { TILE_WIDTH, hashOf, tileAt } from '../format/tiles.ts';

export class RootsBySize {
  readonly #source: LogSource;
  #tree = new GrowingTree();
  /** By level, the tile that was read last: rising sizes need each but once. */
  readonly #tiles = new Map<number, { readonly index: number; readonly hashes: Uint8Array }>();

  constructor(source: LogSource) {
    this.#source = source;
  }

  /** Null where a tile is missing. `size`: at most the source's. */
  async at(size: number): Promise<Uint8Array | null> {
    if (size < this.#tree.size) this.#tree = new GrowingTree();
    while (this.#tree.size < size) {
      const at = this.#tree.size;
      const whole = at % TILE_WIDTH === 0 && size - at >= TILE_WIDTH;
      const hash = await (whole ? this.#hash(1, at / TILE_WIDTH) : this.#hash(0, at));
      if (hash === null) return null;
      if (whole) this.#tree.appendTile(hash);
      else this.#tree.append(hash);
      // Nobody wants the tiles themselves.
      this.#tree.takeFinished();
    }
    return this.#tree.root();
  }

  async #hash(level: number, number: number): Promise<Uint8Array | null> {
    const index = Math.floor(number / TILE_WIDTH);
    let tile = this.#tiles.get(level);
    if (tile?.index !== index) {
      const { width } = tileAt(level, index, this.#source.size);
      const read = await this.#source.tile(level, index, width);
      if (read?.hashes.length !== width * HASH_SIZE) return null;
      tile = { index, hashes: read.hashes };
      this.#tiles.set(level, tile);
    }
    return hashOf(tile.hashes, number % TILE_WIDTH);
  }
}
