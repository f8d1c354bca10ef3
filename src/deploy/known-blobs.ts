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

export class KnownBlobs {
  readonly #blobs = new Map<string, HashedBlob>();

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

  /** A mirror turned out to be damaged: all of it is to be read again, which finds where. */
  forget(): void {
    this.#blobs.clear();
  }
}

/** This process' own. */
export const KNOWN_BLOBS: KnownBlobs = new KnownBlobs();
