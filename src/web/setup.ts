import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Config } from '../config.ts';
import { parseManifest, permissionReasons } from './app-manifest.ts';
import { startSetup } from './start-setup.ts';
import { storeCredentials } from './store-credentials.ts';

export interface SetUpOptions {
  readonly config: Pick<Config, 'addresses' | 'server'>;
  readonly io: { readonly stderr: { write(text: string): unknown } };
  /** Where the credentials are kept, as a file of variables. */
  readonly file: string;
  /** Settles when the process is told to stop. */
  readonly stopped: Promise<unknown>;
}

const MANIFEST = new URL('../../app.yml', import.meta.url);

/** Shows the set-up page until there is an App (`stored`: its credentials are in the file) or it is told to stop. */
export async function setUp({ config, io, file, stopped }: SetUpOptions): Promise<'stored' | 'stopped'> {
  const appYml = await readFile(MANIFEST, 'utf8');
  const setup = await startSetup({
    // On this machine only, whatever HOST says: whoever sees the page may decide which App is trusted.
    host: '127.0.0.1',
    port: config.server.port,
    githubUrl: config.addresses.web,
    apiUrl: config.addresses.api,
    manifest: parseManifest(appYml),
    reasons: permissionReasons(appYml),
    store: async (credentials) => {
      await storeCredentials(file, credentials);
      return resolve(file);
    },
    token: randomBytes(32).toString('base64url'),
    state: randomBytes(32).toString('base64url'),
  });
  const { port } = new URL(setup.url);
  io.stderr.write(
    `\ncountersign: There is no GitHub App yet (APP_ID, PRIVATE_KEY and WEBHOOK_SECRET are not set).\n` +
      `countersign: Open this address on this machine to create one. It works until the App is created:\n\n` +
      `    ${setup.url}\n\n` +
      `countersign: From another machine: ssh -L ${port}:127.0.0.1:${port} THIS_MACHINE, then the same address there.\n\n`,
  );
  try {
    const ended = await Promise.race([
      setup.done.then(() => 'stored' as const),
      stopped.then(() => 'stopped' as const),
    ]);
    if (ended === 'stored') io.stderr.write(`countersign: the App's credentials are in ${resolve(file)}\n`);
    return ended;
  } finally {
    await setup.close();
  }
}
