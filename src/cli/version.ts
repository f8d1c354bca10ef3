import { readFile } from 'node:fs/promises';
import { z } from 'zod';

/** The version that `package.json` says this is. */
export async function version(): Promise<string> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}
