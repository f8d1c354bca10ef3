import { type BigIntStats, lstatSync, readlinkSync, watch } from 'node:fs';
import path from 'node:path';

/** Sees what `current` is pointed at, as it happens. */
export interface CurrentWatch {
  /** What it was pointed at since the last call, oldest first; null: it was removed. */
  taken(): readonly (string | null)[];
  stop(): void;
}

/**
 * Watches the link itself, and not what is noted of it: the kernel tells of each rename over it. Every switch makes a new link, so one
 * that is made again at the same release is seen as well. Two within one turn of this process' loop are seen as one, the later: too few
 * may be seen, never too many. `shop` must be there.
 */
export function watchCurrent(shop: string): CurrentWatch {
  const link = path.join(shop, 'current');
  let seen: (string | null)[] = [];
  let last = lookAt(link);
  const look = (): void => {
    const now = lookAt(link);
    if (now.link === last.link) return;
    last = now;
    seen.push(now.release);
  };
  const watcher = watch(shop, (_, name) => {
    if (name === 'current') look();
  });
  return {
    taken: () => {
      look();
      const taken = seen;
      seen = [];
      return taken;
    },
    stop: () => watcher.close(),
  };
}

/** `link`: which one it is, by what no two of them share. Read again where it was replaced in between. */
function lookAt(link: string): { readonly link: string | null; readonly release: string | null } {
  for (;;) {
    const before = identityOf(link);
    if (before === null) return { link: null, release: null };
    try {
      const release = path.basename(readlinkSync(link));
      if (identityOf(link) === before) return { link: before, release };
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }
}

function identityOf(link: string): string | null {
  const stats: BigIntStats | undefined = lstatSync(link, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? null : `${stats.ino} ${stats.ctimeNs}`;
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
