import type { ManifestEntry } from '../domain/deploy.ts';
import { readObjects, wholeObject } from './object-reader.ts';
import { foldersAbove } from './refuse-paths.ts';
import { TAR_END, tarHeader, tarPadding } from './tar-header.ts';

/** Small pieces are joined up to this size, so that a thousand small files aren't three thousand packets. */
const PIECE = 256 * 1024;

/**
 * These files as a tar archive, their bytes streamed from git and proven against their ids on the way. It throws in the
 * middle where a byte is wrong: whoever sends it must then break the connection off, never end the stream, for an archive
 * cut at a member's edge looks whole to tar.
 */
export async function* tarOf(
  directory: string,
  entries: readonly ManifestEntry[],
  modifiedAt: number,
): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let size = 0;
  const made = new Set<string>();
  const objects = readObjects(
    directory,
    entries.map((entry) => entry.oid),
  );
  const hold = (piece: Buffer): boolean => {
    if (piece.length > 0) held.push(piece);
    size += piece.length;
    return size >= PIECE;
  };
  const release = (): Buffer => {
    const joined = Buffer.concat(held);
    held = [];
    size = 0;
    return joined;
  };
  try {
    for (const entry of entries) {
      for (const folder of foldersAbove(entry.path)) {
        if (made.has(folder)) continue;
        made.add(folder);
        hold(tarHeader({ path: folder, kind: 'folder', mode: 0o755, size: 0, modifiedAt, target: '' }));
      }
      const { done, value: object } = await objects.next();
      if (done === true) throw new Error('git gave fewer objects than were asked for');
      if (entry.mode === '120000') {
        const target = (await wholeObject(object)).toString('utf8');
        if (hold(tarHeader({ path: entry.path, kind: 'link', mode: 0o777, size: 0, modifiedAt, target })))
          yield release();
        continue;
      }
      const mode = entry.mode === '100755' ? 0o755 : 0o644;
      hold(tarHeader({ path: entry.path, kind: 'file', mode, size: object.size, modifiedAt, target: '' }));
      for await (const chunk of object.chunks) if (hold(chunk)) yield release();
      if (hold(tarPadding(object.size))) yield release();
    }
    hold(TAR_END);
    yield release();
  } finally {
    await objects.return(undefined);
  }
}
