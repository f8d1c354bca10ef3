/**
 * Judges a full bundle of entries against its tile in one go, without an object for each entry: that every entry is one of
 * ours, that its hash is the stored one, and what they come to. It only ever says yes; whoever gets no looks entry by
 * entry, to say which one and why.
 */
import { HASH_SIZE, sameHash, writeSha256 } from '../format/hash.ts';
import { plainEntry } from '../format/plain-entry.ts';
import { TILE_WIDTH } from '../format/tiles.ts';

export interface BundleDigest {
  /** The hash over the leaf hashes, which are the tile's. */
  readonly root: Uint8Array;
  /** Those that there are of the entries' `who`, and of their `documents`, each once, as JSON. */
  readonly who: ReadonlySet<string>;
  readonly documents: readonly string[];
}

const TILE_SIZE = TILE_WIDTH * HASH_SIZE;
const NO_DOCUMENTS = '[]';

/** One level of the tree and the next, in turns. */
interface Level {
  /** A byte, for the first node's prefix, and up to 256 hashes. */
  readonly hashes: Buffer;
  /** Each two neighbouring hashes with the byte before them: what a node is the hash of. */
  readonly pairs: readonly Buffer[];
}

const first = newLevel();
const second = newLevel();

/** Null where anything needs a closer look. `bundle` is written to: a leaf's prefix takes the place of its length. */
export function digestBundle(bundle: Buffer, tile: Uint8Array): BundleDigest | null {
  const who = new Set<string>();
  const documents: string[] = [];
  let last = '';
  const leaves = first.hashes;
  let at = 0;
  for (let number = 0; number < TILE_WIDTH; number += 1) {
    if (at + 2 > bundle.length) return null;
    const from = at + 2;
    at = from + bundle.readUInt16BE(at);
    if (at > bundle.length) return null;
    const entry = plainEntry(bundle.toString('latin1', from, at));
    if (entry === null) return null;
    // Hashing the text costs more than comparing it.
    if (entry.who !== last) who.add(entry.who);
    last = entry.who;
    if (entry.documents !== NO_DOCUMENTS) documents.push(entry.documents);
    bundle[from - 1] = 0;
    writeSha256(bundle.subarray(from - 1, at), leaves, 1 + number * HASH_SIZE);
  }
  if (at !== bundle.length || !sameHash(leaves.subarray(1), tile)) return null;
  return { root: rootOfLevel(), who, documents };
}

/** The hash over the 256 in `first`, which it overwrites. */
function rootOfLevel(): Uint8Array {
  let [from, to] = [first, second];
  for (let width = TILE_WIDTH; width > 1; width /= 2) {
    for (const [at, pair] of from.pairs.slice(0, width / 2).entries()) {
      // Over the last byte of the pair before, which was hashed by now.
      pair[0] = 1;
      writeSha256(pair, to.hashes, 1 + at * HASH_SIZE);
    }
    [from, to] = [to, from];
  }
  return Uint8Array.from(from.hashes.subarray(1, 1 + HASH_SIZE));
}

function newLevel(): Level {
  const hashes = Buffer.alloc(1 + TILE_SIZE);
  const pairs = Array.from({ length: TILE_WIDTH / 2 }, (_, at) =>
    hashes.subarray(at * 2 * HASH_SIZE, (at + 1) * 2 * HASH_SIZE + 1),
  );
  return { hashes, pairs };
}
