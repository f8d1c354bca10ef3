/** Files in an exported directory that belong to nothing which is verified there. */
import type { Dirent } from 'node:fs';
import { opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isAbsent } from './plain-file.ts';
import { PREDECESSOR } from './predecessor.ts';
import { TILE_WIDTH, levelWidth, tileAt, tilePath } from '../format/tiles.ts';

export interface Unreferenced {
  readonly count: number;
  /** Paths within the directory, of the first of them. */
  readonly some: readonly string[];
}

interface Expected {
  readonly size: number;
  /** Entries below it may each be a file in `kept/`. */
  readonly minimum: number;
  /** Whether an entry seals the document of this name (hexadecimal). */
  readonly isSealed: (hex: string) => boolean;
  /** Told of each file of a document that no entry seals. */
  readonly unsealed: (path: string) => void;
}

const FILES = [
  'checkpoint',
  'checkpoints.jsonl',
  'erased.jsonl',
  'manifest.json',
  'subjects.jsonl',
  'vkey',
  'vkeys',
];
const SHOWN = 5;

/** Reads names alone, one after the other. What is a link or a pipe is never what an export has. */
export async function findUnreferenced(directory: string, expected: Expected): Promise<Unreferenced> {
  const some: string[] = [];
  let count = 0;
  const before = await isThere(join(directory, PREDECESSOR, 'checkpoint'));
  // The log before is looked at by itself.
  for await (const { path, entry } of walk(directory, '', before ? PREDECESSOR : null)) {
    const [, hex] = /^documents\/([0-9a-f]{64})(?:\.salt)?$/.exec(path) ?? [];
    if (entry.isFile() && hex !== undefined) {
      if (!expected.isSealed(hex)) expected.unsealed(path);
    } else if (!entry.isFile() || !isExpected(path, expected)) {
      count += 1;
      if (some.length < SHOWN) some.push(path);
    }
  }
  return { count, some };
}

function isExpected(path: string, { size, minimum }: Expected): boolean {
  if (FILES.includes(path)) return true;
  const kept = /^kept\/(0|[1-9]\d{0,14})$/.exec(path)?.[1];
  if (kept !== undefined) return Number(kept) < minimum;
  const [, level, groups, width] =
    /^tile\/(\d{1,2}|entries)\/((?:x\d{3}\/)*\d{3})(?:\.p\/(\d{1,3}))?$/.exec(path) ?? [];
  if (level === undefined || groups === undefined) return false;
  const index = Number(groups.replaceAll(/[x/]/g, ''));
  const at = level === 'entries' ? 0 : Number(level);
  if (index * TILE_WIDTH >= levelWidth(at, size)) return false;
  // A tile that was narrower once may have been left from then.
  const there = tileAt(at, index, size).width;
  return (
    there === Number(width ?? TILE_WIDTH) && path === tilePath(level === 'entries' ? level : at, index, there)
  );
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}

/** All that isn't a directory, but for what is in `without`. */
async function* walk(
  directory: string,
  within: string,
  without: string | null,
): AsyncGenerator<{ readonly path: string; readonly entry: Dirent }> {
  let opened;
  try {
    opened = await opendir(join(directory, within));
  } catch (error) {
    if (isAbsent(error)) return;
    throw error;
  }
  for await (const entry of opened) {
    const path = within === '' ? entry.name : `${within}/${entry.name}`;
    if (path === without) continue;
    if (entry.isDirectory()) yield* walk(directory, path, without);
    else yield { path, entry };
  }
}
