import type { ManifestEntry } from '../domain/deploy.ts';
import { DeployError } from './deploy-error.ts';
import { KNOWN_BLOBS } from './known-blobs.ts';
import { readObjects, wholeObject } from './object-reader.ts';
import { newFoldersAbove } from './refuse-paths.ts';
import { TAR_END, tarHeader, tarPadding } from './tar-header.ts';

/** So much goes out at a time: a thousand small files aren't three thousand packets. */
const PIECE = 256 * 1024;

/**
 * These files as a tar archive, their bytes streamed from git and proven against their ids on the way. It throws in the
 * middle where a byte is wrong: whoever sends it must then break the connection off, never end the stream, for an archive
 * cut at a member's edge looks whole to tar. Each piece lies in the same memory as the one before: what is to last is copied.
 */
export async function* tarOf(
  directory: string,
  entries: readonly ManifestEntry[],
  modifiedAt: number,
): AsyncGenerator<Buffer> {
  const piece = Buffer.allocUnsafeSlow(PIECE);
  let filled = 0;
  function* fill(bytes: Buffer): Generator<Buffer> {
    for (let taken = 0; taken < bytes.length;) {
      const copied = bytes.copy(piece, filled, taken);
      taken += copied;
      filled += copied;
      if (filled < PIECE) continue;
      yield piece;
      filled = 0;
    }
  }
  const made = new Set<string>();
  const objects = readObjects(
    directory,
    entries.map((entry) => entry.oid),
  );
  try {
    for (const entry of entries) {
      for (const folder of newFoldersAbove(entry.path, made)) {
        yield* fill(
          tarHeader({ path: folder, kind: 'folder', mode: 0o755, size: 0, modifiedAt, target: '' }),
        );
      }
      const { done, value: object } = await objects.next();
      if (done === true) throw new Error('git gave fewer objects than were asked for');
      if (entry.mode === '120000') {
        const target = (await wholeObject(object)).toString('utf8');
        yield* fill(tarHeader({ path: entry.path, kind: 'link', mode: 0o777, size: 0, modifiedAt, target }));
        continue;
      }
      const mode = entry.mode === '100755' ? 0o755 : 0o644;
      yield* fill(
        tarHeader({ path: entry.path, kind: 'file', mode, size: object.size, modifiedAt, target: '' }),
      );
      for await (const chunk of object.chunks) yield* fill(chunk);
      yield* fill(tarPadding(object.size));
    }
    yield* fill(TAR_END);
    yield piece.subarray(0, filled);
  } catch (error) {
    // Whoever prepares the next deployment must not take the blob for read because it once was.
    if (error instanceof DeployError && error.code === 'mirror_corrupt') KNOWN_BLOBS.forget();
    throw error;
  } finally {
    await objects.return(undefined);
  }
}
