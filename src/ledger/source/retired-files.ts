/** What an exported directory has of entries that were retired: where its bundles begin, and which entries before have files of their own. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readPlainFile } from './plain-file.ts';
import { TILE_WIDTH } from '../format/tiles.ts';

export interface RetiredFiles {
  /** Below it bytes may be missing, by the word of whoever made the directory. */
  readonly minimum: number;
  /** Indices below it whose entry has a file in `kept/`. */
  readonly kept: ReadonlySet<number>;
  /** Nothing but C2SP's files: they have no place for single entries, so none of those is missing from it. */
  readonly bare: boolean;
}

const manifestMinimum = z.object({ minimum: z.int().nonnegative().default(0) });

/** Without a manifest the first bundle that is there says from where on there are any; that has to be borne out by an entry anyway. */
export async function readRetiredFiles(directory: string): Promise<RetiredFiles> {
  const text = await readPlainFile(join(directory, 'manifest.json'));
  const minimum = text === null ? (await firstBundle(directory)) * TILE_WIDTH : minimumIn(text.toString());
  if (minimum === 0) return { minimum, kept: new Set(), bare: false };
  const names = await namesIn(join(directory, 'kept'));
  return {
    minimum,
    kept: new Set(names.filter((name) => /^\d{1,15}$/.test(name)).map(Number)),
    bare: text === null && names.length === 0,
  };
}

function minimumIn(manifest: string): number {
  try {
    return manifestMinimum.safeParse(JSON.parse(manifest)).data?.minimum ?? 0;
  } catch {
    return 0;
  }
}

/** Its number; 0 where there is none. A number of more digits lies in folders of a deeper level, so the first is in the uppermost. */
async function firstBundle(directory: string): Promise<number> {
  let folders = [{ path: join(directory, 'tile/entries'), number: 0 }];
  while (folders.length > 0) {
    const deeper: typeof folders = [];
    for (const { path, number } of folders) {
      const names = (await namesIn(path)).toSorted();
      const first = names.find((name) => /^\d{3}(\.p)?$/.test(name));
      if (first !== undefined) return number * 1000 + Number(first.slice(0, 3));
      for (const name of names.filter((each) => /^x\d{3}$/.test(each)))
        deeper.push({ path: join(path, name), number: number * 1000 + Number(name.slice(1)) });
    }
    // By rising number; six digits of folders are more bundles than a log can have.
    folders = deeper.filter(({ number }) => number < 1e12);
  }
  return 0;
}

async function namesIn(directory: string): Promise<string[]> {
  return await readdir(directory).catch(() => []);
}
