import { join } from 'node:path';
import { CodedError } from '../../domain/coded-error.ts';
import { parseCheckpoint } from '../format/checkpoint.ts';

import { readPlainFile } from './plain-file.ts';
import { PREDECESSOR } from './predecessor.ts';

/**
 * Which of the exports that were named holds entries of which log, by the origin that its checkpoint names: an export of a log
 * that goes on for another one has that one's entries too. What is of none of these logs goes to the newest, which refuses it
 * with the reason. `origins`: oldest first; null where nobody knows. Each null where no export was named at all.
 */
export async function archivesByLog(
  directories: readonly string[],
  origins: readonly (string | null)[],
): Promise<readonly (readonly string[] | null)[]> {
  if (directories.length === 0) return origins.map(() => null);
  const archives = origins.map((): string[] => []);
  for (const directory of directories) {
    let of = await originOf(directory);
    archives[placeOf(of, origins) ?? archives.length - 1]?.push(directory);
    for (let before = join(directory, PREDECESSOR); ; before = join(before, PREDECESSOR)) {
      of = await originOf(before);
      if (of === null) break;
      const place = placeOf(of, origins);
      if (place !== null) archives[place]?.push(before);
    }
  }
  return archives;
}

function placeOf(origin: string | null, origins: readonly (string | null)[]): number | null {
  const place = origin === null ? -1 : origins.lastIndexOf(origin);
  return place === -1 ? null : place;
}

/** Null where there is no checkpoint that can be read. */
async function originOf(directory: string): Promise<string | null> {
  const note = (await readPlainFile(join(directory, 'checkpoint')))?.toString();
  if (note === undefined) return null;
  try {
    return parseCheckpoint(note).origin;
  } catch (error) {
    if (error instanceof CodedError) return null;
    throw error;
  }
}
