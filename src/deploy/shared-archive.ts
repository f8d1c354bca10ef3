import type { ArchiveOf } from './stage-host.ts';

/** Archives of up to this much are kept, all together; what a release changes seldom comes to more. */
const MOST_BYTES = 8 * 1024 * 1024;
/** A header, and what fills the last block, with some for long names. */
const BESIDE_EACH = 2048;

/**
 * Makes an archive that several hosts get once for all of them, where it is small: no reading, hashing and git process a host. A large
 * one is made anew for each, as it goes, so that nothing of it is held. What is kept goes with the deployment that asked for this.
 */
export function sharedArchives(make: ArchiveOf): ArchiveOf {
  const kept = new Map<string, Promise<readonly Buffer[]>>();
  let left = MOST_BYTES;
  return (entries) => {
    const key = entries.map(({ mode, oid, path }) => `${mode} ${oid} ${path}`).join('\0');
    const known = kept.get(key);
    if (known !== undefined) return replayed(known);
    const size = entries.reduce((sum, entry) => sum + entry.size + BESIDE_EACH, 0);
    if (size > left) return make(entries);
    left -= size;
    const made = whole(make(entries));
    // Each host that waits for it hears of it; where none does any more, nobody has to.
    made.catch(() => undefined);
    kept.set(key, made);
    return replayed(made);
  };
}

async function whole(archive: AsyncIterable<Uint8Array>): Promise<readonly Buffer[]> {
  const pieces: Buffer[] = [];
  for await (const piece of archive) pieces.push(Buffer.from(piece));
  return pieces;
}

async function* replayed(archive: Promise<readonly Buffer[]>): AsyncGenerator<Uint8Array> {
  yield* await archive;
}
