import type { ManifestEntry } from '../domain/deploy.ts';
import type { Manifest } from './manifest.ts';

/**
 * What was found out about blobs when their bytes were read and hashed to their ids, kept in this process and nowhere else: two
 * releases share most of their files, and nobody who can write to the disk can put another hash here. An id means the same bytes
 * in every repository, so it is kept once.
 */
export interface HashedBlob {
  readonly sha256: string;
  readonly size: number;
  /** Its text, where it was read as the target of a link; null: it is too long for one. Undefined: it wasn't asked for. */
  readonly target?: string | null;
  /** It is a pointer of Git LFS. */
  readonly lfsPointer: boolean;
}

/** About 300 bytes each. */
const MOST = 100_000;
/** What runs and what comes, of four targets. */
const MOST_LISTINGS = 8;
/** About 200 bytes each; of some thousands all but the open pull requests' are of no more use. */
const MOST_TREES = 10_000;

export class KnownBlobs {
  readonly #blobs = new Map<string, HashedBlob>();
  readonly #listings = new Map<string, readonly ManifestEntry[]>();
  readonly #manifests = new Map<string, Manifest>();
  readonly #trees = new Map<string, string>();

  get(oid: string): HashedBlob | undefined {
    return this.#blobs.get(oid);
  }

  /** Keeps these, and drops those that no manifest was made of for the longest where they are too many. */
  keep(blobs: ReadonlyMap<string, HashedBlob>): void {
    for (const [oid, blob] of blobs) {
      this.#blobs.delete(oid);
      this.#blobs.set(oid, blob);
    }
    for (const oid of this.#blobs.keys()) {
      if (this.#blobs.size <= Math.max(MOST, blobs.size)) return;
      this.#blobs.delete(oid);
    }
  }

  /** What was proven of just this list of files, by its digest. */
  entriesOf(listing: string): readonly ManifestEntry[] | undefined {
    return this.#listings.get(listing);
  }

  keepEntries(listing: string, entries: readonly ManifestEntry[]): void {
    keepLast(this.#listings, listing, entries, MOST_LISTINGS);
  }

  /** What was proven of a commit, by its id, which nothing else can have. */
  manifestOf(sha: string): Manifest | undefined {
    return this.#manifests.get(sha);
  }

  keepManifest(manifest: Manifest): void {
    keepLast(this.#manifests, manifest.sha, manifest, MOST_LISTINGS);
    keepLast(this.#trees, manifest.sha, manifest.tree, MOST_TREES);
  }

  /** The tree of a commit whose manifest was proven, longer than the manifest itself is kept. */
  treeOf(sha: string): string | undefined {
    return this.#trees.get(sha);
  }

  /** A mirror turned out to be damaged: all of it is to be read again, which finds where. */
  forget(): void {
    this.#blobs.clear();
    this.#listings.clear();
    this.#manifests.clear();
    this.#trees.clear();
  }
}

function keepLast<T>(map: Map<string, T>, key: string, value: T, most: number): void {
  map.delete(key);
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= most) return;
    map.delete(oldest);
  }
}

/** This process' own. */
export const KNOWN_BLOBS: KnownBlobs = new KnownBlobs();
