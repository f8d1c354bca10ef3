import { access } from 'node:fs/promises';
import { join } from 'node:path';

/** The first of `names` that isn't in the directory; null where all are. */
export async function firstMissing(directory: string, names: readonly string[]): Promise<string | null> {
  for (const name of names) {
    const there = await access(join(directory, name)).then(
      () => true,
      () => false,
    );
    if (!there) return name;
  }
  return null;
}
