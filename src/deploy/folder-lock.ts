/**
 * Holds a folder for one process at a time, by a lock folder beside it that holds one file: its owner's, named by a token,
 * which the owner keeps touching. Without a file in it the lock is free. A worker that was killed stops touching its file;
 * whoever waits takes it away after `STALE_SECONDS`. By its name that can only be the file which was seen to be stale, never
 * one that came in between.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, rmdir, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
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
  const token = randomUUID();
  await take(lock, token);
  const own = path.join(lock, token);
  const touching = setInterval(() => {
    const now = new Date();
    utimes(own, now, now).catch(() => undefined);
  }, TOUCH_SECONDS * 1000);
  try {
    return await work();
  } finally {
    clearInterval(touching);
    // Gone where we stood still for so long that somebody took over; the lock is theirs then, and not empty.
    await rm(own, { force: true });
    await rmdir(lock).catch(() => undefined);
  }
}

/** A folder with our file in it is made aside and renamed: that succeeds where the lock isn't there or is empty, and only then. */
async function take(lock: string, token: string): Promise<void> {
  const ready = `${lock}.${token}`;
  await mkdir(ready);
  try {
    await writeFile(path.join(ready, token), '');
    while (!(await renamed(ready, lock))) {
      if (!(await removedStale(lock))) await sleep(POLL_MILLISECONDS);
      const now = new Date();
      await utimes(path.join(ready, token), now, now);
    }
  } finally {
    await rm(ready, { recursive: true, force: true });
  }
}

async function renamed(ready: string, lock: string): Promise<boolean> {
  try {
    await rename(ready, lock);
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOTEMPTY') || hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

async function removedStale(lock: string): Promise<boolean> {
  try {
    let removed = false;
    for (const name of await readdir(lock)) {
      const file = path.join(lock, name);
      if (Date.now() - (await stat(file)).mtimeMs <= STALE_SECONDS * 1000) continue;
      await unlink(file);
      removed = true;
    }
    return removed;
  } catch (error) {
    // Given back, or taken away by another who waits.
    if (hasCode(error, 'ENOENT')) return true;
    throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
