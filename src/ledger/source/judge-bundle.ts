/**
 * Judges a full bundle of an exported directory with all that belongs to it: its entries, its tile, their documents. It
 * waits for the disk, so a thread of its own is the place for it, and it holds no more than one bundle.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { digestBundle } from './digest-bundle.ts';
import { fingerprint } from '../format/fingerprints.ts';
import { readPlainFileSync } from './plain-file.ts';
import { commitmentOf } from '../format/seal.ts';
import { TILE_WIDTH, tilePath } from '../format/tiles.ts';

/** A bundle in which nothing is wrong. */
export interface JudgedBundle {
  /** The hash over its leaf hashes, which are its tile's. */
  readonly root: Uint8Array;
  /** The `who` of its entries as JSON, save for those that this judge named before. */
  readonly who: readonly string[];
  readonly documents: {
    readonly held: number;
    readonly gone: readonly string[];
    /** Fingerprints of all that they seal. */
    readonly sealed: BigUint64Array;
  };
}

/** Full bundles `from` up to, not including, `until`. */
export interface BundleRange {
  readonly from: number;
  readonly until: number;
}

/** How many `who` are remembered; one that is named twice is only looked up twice. */
const MOST_REMEMBERED = 10_000;

export class BundleJudge {
  readonly #directory: string;
  readonly #key: string;
  readonly #named = new Set<string>();
  /** Grows to the largest bundle there is: 16 MB at most. */
  #buffer = Buffer.alloc(1 << 18);

  /** `key`: by which documents are fingerprinted. */
  constructor(directory: string, key: string) {
    this.#directory = directory;
    this.#key = key;
  }

  /** Null where something is wrong with it or can't be read: whoever asked looks for themselves. */
  judge(index: number): JudgedBundle | null {
    try {
      const tile = this.#readIfThere(tilePath(0, index, TILE_WIDTH));
      if (tile === null) return null;
      const digest = digestBundle(this.#read(tilePath('entries', index, TILE_WIDTH)), tile);
      const documents = digest === null ? null : this.#documents(digest.documents.flatMap(commitmentsIn));
      if (digest === null || documents === null) return null;
      return { root: digest.root, who: this.#unnamed(digest.who), documents };
    } catch {
      return null;
    }
  }

  #unnamed(all: ReadonlySet<string>): string[] {
    const unnamed = [...all].filter((who) => !this.#named.has(who));
    if (this.#named.size + unnamed.length > MOST_REMEMBERED) this.#named.clear();
    for (const who of unnamed) this.#named.add(who);
    return unnamed;
  }

  #documents(commitments: readonly string[]): JudgedBundle['documents'] | null {
    const gone: string[] = [];
    const sealed = new BigUint64Array(commitments.length);
    for (const [at, commitment] of commitments.entries()) {
      const hex = Buffer.from(commitment, 'base64url').toString('hex');
      sealed[at] = fingerprint(this.#key, hex);
      const [body, salt] = [
        this.#readIfThere(`documents/${hex}`),
        this.#readIfThere(`documents/${hex}.salt`),
      ];
      if (body === null || salt === null) gone.push(commitment);
      else if (commitmentOf(salt, body).toString('hex') !== hex) return null;
    }
    return { held: commitments.length - gone.length, gone, sealed };
  }

  #readIfThere(path: string): Buffer | null {
    return readPlainFileSync(join(this.#directory, path));
  }

  /** Into the one buffer: a new one for each bundle is what the memory would grow by. */
  #read(path: string): Buffer {
    const file = openSync(join(this.#directory, path), constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const { size } = fstatSync(file);
      if (size > this.#buffer.length) this.#buffer = Buffer.alloc(Math.min(size, LARGEST));
      let length = 0;
      for (let read = -1; read !== 0 && length < this.#buffer.length; length += read)
        read = readSync(file, this.#buffer, length, this.#buffer.length - length, null);
      return this.#buffer.subarray(0, length);
    } finally {
      closeSync(file);
    }
  }
}

/** 256 entries and their lengths, and a byte more: what is longer is no bundle. */
const LARGEST = TILE_WIDTH * (2 + 65_535) + 1;

/** Of documents in the JSON of a plain entry. */
function commitmentsIn(documents: string): string[] {
  return (JSON.parse(documents) as { commitment: string }[]).map(({ commitment }) => commitment);
}
