/**
 * Holds a folder for one process at a time, by a lock folder beside it that its owner keeps touching. A worker that was
 * killed stops touching it, and the next one takes over after `STALE_SECONDS`.
 */
import { mkdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const TOUCH_SECONDS = 5;
const STALE_SECONDS = 30;
const POLL_MILLISECONDS = 100;

/** Within this process, who is last in line for each folder. */
const lines = new Map<string, Promise<unknown>>();

/** Runs `work` while nobody else works on `folder`. */
export async function withFolderLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const before = lines.get(folder) ?? Promise.resolve();
  const turn = before.then(
    () => holding(`${folder}.lock`, work),
    () => holding(`${folder}.lock`, work),
  );
  lines.set(folder, turn);
  try {
    return await turn;
  } finally {
    if (lines.get(folder) === turn) lines.delete(folder);
  }
}

async function holding<T>(lock: string, work: () => Promise<T>): Promise<T> {
  await take(lock);
  const touching = setInterval(() => {
    const now = new Date();
    utimes(lock, now, now).catch(() => undefined);
  }, TOUCH_SECONDS * 1000);
  try {
    return await work();
  } finally {
    clearInterval(touching);
    await rm(lock, { recursive: true, force: true });
  }
}

async function take(lock: string): Promise<void> {
  for (;;) {
    try {
      await mkdir(lock);
      return;
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
    }
    if (await isStale(lock)) {
      // Of several that see it stale, one rename succeeds; the others find it gone or new, and try again.
      const aside = `${lock}.${process.pid}.stale`;
      await rename(lock, aside).catch(() => undefined);
      await rm(aside, { recursive: true, force: true });
    } else {
      await sleep(POLL_MILLISECONDS);
    }
  }
}

async function isStale(lock: string): Promise<boolean> {
  try {
    const { mtimeMs } = await stat(lock);
    return Date.now() - mtimeMs > STALE_SECONDS * 1000;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
