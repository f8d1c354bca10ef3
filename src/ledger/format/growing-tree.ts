/**
 * A Merkle tree that only grows, in memory that grows with its logarithm: what both the sequencer and the verifier run
 * leaves through. Owns the roots of the complete subtrees and the unfinished tile of each level; stores nothing.
 */
import { EMPTY_ROOT, nodeHash } from './hash.ts';
import type { FullTile } from './tiles.ts';
import { TILE_WIDTH } from './tiles.ts';

const TILE_HEIGHT = 8;

interface Subtree {
  readonly height: number;
  readonly hash: Uint8Array;
}

export class GrowingTree {
  #size = 0;
  /** Complete subtrees, left to right, each lower than the one before: the binary digits of the size. */
  #subtrees: Subtree[] = [];
  /** By level, the hashes of its unfinished tile. */
  #edges: Uint8Array[][] = [];
  #finished: FullTile[] = [];

  /** Goes on from a stored tree: `edges[level]` are the hashes of the unfinished tile of that level. */
  static resume(size: number, edges: readonly (readonly Uint8Array[])[]): GrowingTree {
    const tree = new GrowingTree();
    tree.#size = size;
    tree.#edges = edges.map((edge) => [...edge]);
    for (const [level, edge] of [...tree.#edges.entries()].reverse()) {
      const expected = Math.floor(size / TILE_WIDTH ** level) % TILE_WIDTH;
      if (edge.length !== expected)
        throw new RangeError(
          `level ${level} of ${size} leaves ends in ${expected} hashes, not ${edge.length}`,
        );
      for (const hash of edge) tree.#push({ height: level * TILE_HEIGHT, hash });
    }
    return tree;
  }

  get size(): number {
    return this.#size;
  }

  /** A second tree with the same leaves. */
  copy(): GrowingTree {
    const copy = new GrowingTree();
    copy.#size = this.#size;
    copy.#subtrees = [...this.#subtrees];
    copy.#edges = this.#edges.map((edge) => [...edge]);
    return copy;
  }

  append(leaf: Uint8Array): void {
    this.#size += 1;
    this.#edgeOf(0).push(leaf);
    this.#push({ height: 0, hash: leaf });
  }

  /** A whole tile of leaves by its root. The size must be a multiple of 256; the tile itself isn't among the finished. */
  appendTile(root: Uint8Array): void {
    if (this.#size % TILE_WIDTH !== 0) throw new RangeError(`no tile begins at ${this.#size}`);
    this.#size += TILE_WIDTH;
    this.#edgeOf(1).push(root);
    this.#push({ height: TILE_HEIGHT, hash: root });
  }

  root(): Uint8Array {
    const last = this.#subtrees.at(-1);
    if (last === undefined) return EMPTY_ROOT;
    return this.#subtrees.slice(0, -1).reduceRight((right, left) => nodeHash(left.hash, right), last.hash);
  }

  /** The hashes of a level's unfinished tile. */
  edge(level: number): readonly Uint8Array[] {
    return this.#edges[level] ?? [];
  }

  /** The tiles that became full since the last call, lower levels first. */
  takeFinished(): FullTile[] {
    const finished = this.#finished;
    this.#finished = [];
    return finished;
  }

  #push(added: Subtree): void {
    let top = added;
    for (let left = this.#subtrees.at(-1); left?.height === top.height; left = this.#subtrees.at(-1)) {
      this.#subtrees.pop();
      top = { height: top.height + 1, hash: nodeHash(left.hash, top.hash) };
      if (top.height % TILE_HEIGHT === 0) this.#finish(top.height / TILE_HEIGHT - 1, top.hash);
    }
    this.#subtrees.push(top);
  }

  /** `root` was just completed over the 256 hashes at the end of `level`. */
  #finish(level: number, root: Uint8Array): void {
    const hashes = Buffer.concat(this.#edgeOf(level));
    this.#finished.push({ level, index: this.#size / TILE_WIDTH ** (level + 1) - 1, hashes, root });
    this.#edges[level] = [];
    this.#edgeOf(level + 1).push(root);
  }

  #edgeOf(level: number): Uint8Array[] {
    return (this.#edges[level] ??= []);
  }
}
