import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { parseEnv } from 'node:util';
import type { AppCredentials } from './exchange-code.ts';

/**
 * Writes the App's credentials as variables into a file that only its owner may read. First beside it, then renamed: a
 * crash leaves either no file or a whole one, and never one that others could read for a moment.
 */
export async function storeCredentials(file: string, credentials: AppCredentials): Promise<void> {
  const { appId, privateKey, webhookSecret, url } = credentials;
  const variables = {
    APP_ID: String(appId),
    PRIVATE_KEY: privateKey.reveal(),
    WEBHOOK_SECRET: webhookSecret.reveal(),
  };
  const lines = Object.entries(variables).map(
    ([name, value]) => `${name}="${value.replaceAll('\n', String.raw`\n`)}"`,
  );
  const text = [`# The GitHub App ${url}, as the set-up page stored it.`, ...lines, ''].join('\n');
  const read = parseEnv(text);
  for (const [name, value] of Object.entries(variables)) {
    if (read[name] !== value) throw new Error(`${name} can't be written as a variable`);
  }
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const beside = join(dirname(file), `.${basename(file)}.${process.pid}`);
  await rm(beside, { force: true });
  try {
    // `wx`: not through a link that somebody put there.
    const handle = await open(beside, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(beside, file);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}
