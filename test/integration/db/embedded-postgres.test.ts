import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import * as fs from 'node:fs/promises';
import { createRequire } from 'node:module';
import * as os from 'node:os';
import * as path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { EmbeddedPostgresUrls } from '../../../src/db/embedded-postgres.ts';
import {
  embeddedPostgresUrls,
  removeEmbeddedPostgres,
  startEmbeddedPostgres,
} from '../../../src/db/embedded-postgres.ts';
import { accountFor } from '../../../src/db/embedded/account.ts';
import { findBinaries } from '../../../src/db/embedded/binaries.ts';
import { runAs } from '../../../src/db/embedded/run-as.ts';
import { query } from '../../support/database.ts';

const isRoot = process.getuid?.() === 0;
const FAST = { fsync: 'off', shared_buffers: '16MB' };
const log = (): void => undefined;

/** A private home with a blank in its name, as a clone may lie in. */
let home: string;
let dataDir: string;

beforeEach(async () => {
  home = await fs.mkdtemp(path.join(os.tmpdir(), 'private home '));
  await fs.chmod(home, 0o700);
  dataDir = path.join(home, 'my clone', 'data');
});

afterEach(async () => {
  await removeEmbeddedPostgres(dataDir);
  expect(await fs.readdir(dataDir).catch(() => [])).toEqual([]);
  await fs.rm(home, { recursive: true });
});

describe('in a private home, in a path with a blank', () => {
  test('it starts, keeps its data over a restart, and lets in only those who should', async () => {
    const first = await startEmbeddedPostgres({ dataDir, log, settings: FAST });
    await query(first.ownerUrl, 'SET ROLE countersign_owner; CREATE TABLE kept AS SELECT 42 AS n');
    expect(await embeddedPostgresUrls(dataDir)).toMatchObject({ writerUrl: first.writerUrl });
    await first.stop();
    const again = await startEmbeddedPostgres({ dataDir, log, settings: FAST });
    try {
      expect(await query(again.superuserUrl, 'SELECT n FROM kept')).toEqual([{ n: 42 }]);
      expect((await fs.lstat(path.join(dataDir, 'postgresql'))).isSymbolicLink()).toBe(isRoot);
      const credentials = await fs.stat(path.join(dataDir, 'postgresql-credentials.json'));
      expect(credentials.mode & 0o777).toBe(0o600);
      await checkLogins(again);
    } finally {
      await again.stop();
    }
  });

  /** Each login may what it should, and a wrong password nothing. */
  async function checkLogins(cluster: EmbeddedPostgresUrls): Promise<void> {
    for (const [url, group] of [
      [cluster.ownerUrl, 'countersign_owner'],
      [cluster.writerUrl, 'countersign_writer'],
      [cluster.readerUrl, 'countersign_reader'],
      [cluster.eraserUrl, 'countersign_eraser'],
    ] as const) {
      const [row] = await query(
        url,
        `SELECT rolsuper, rolcreaterole, rolcreatedb,
                  (SELECT array_agg(g.rolname::text ORDER BY g.rolname) FROM pg_roles g
                   WHERE g.rolname LIKE 'countersign%' AND pg_has_role(current_user, g.oid, 'MEMBER') AND g.rolname <> current_user) AS groups
           FROM pg_roles WHERE rolname = current_user`,
      );
      expect(row).toEqual({ rolsuper: false, rolcreaterole: false, rolcreatedb: false, groups: [group] });
    }
    const guessed = new URL(cluster.writerUrl);
    guessed.password = 'password';
    await expect(query(guessed.toString(), 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
  }
});

describe('whoever started it', () => {
  /** Another process that starts it and then waits. */
  async function starter(): Promise<ChildProcess> {
    const module = fileURLToPath(new URL('../../../src/db/embedded-postgres.ts', import.meta.url));
    const script = `
      const { startEmbeddedPostgres } = await import(${JSON.stringify(module)});
      await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, log: () => {}, settings: ${JSON.stringify(FAST)} });
      console.log('started');
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const line of createInterface({ input: child.stdout })) if (line === 'started') return child;
    throw new Error('it did not start');
  }

  const answers = async (): Promise<boolean> => {
    const urls = await embeddedPostgresUrls(dataDir);
    return await query(urls?.superuserUrl ?? '', 'SELECT 1').then(
      () => true,
      () => false,
    );
  };

  test('takes it along, even by SIGKILL, and the next start finds all in order', async () => {
    const child = await starter();
    expect(await answers()).toBe(true);
    child.kill('SIGKILL');
    const next = await startEmbeddedPostgres({ dataDir, log, settings: FAST });
    expect(await answers()).toBe(true);
    await next.stop();
    expect(await answers()).toBe(false);
    const again = await starter();
    again.kill('SIGKILL');
    while (await answers()) await sleep(50);
  });

  test('has it alone: a second start on the same data is refused while the first lives', async () => {
    const child = await starter();
    await expect(startEmbeddedPostgres({ dataDir, log })).rejects.toMatchObject({
      code: 'data_directory_in_use',
      message: expect.stringContaining(`in use by process ${child.pid}`),
    });
    child.kill('SIGKILL');
    while (await answers()) await sleep(50);
  });
});

test('a lost password file is an error, not a new database', async () => {
  await (await startEmbeddedPostgres({ dataDir, log, settings: FAST })).stop();
  await fs.rm(path.join(dataDir, 'postgresql-credentials.json'));
  await expect(startEmbeddedPostgres({ dataDir, log })).rejects.toMatchObject({
    code: 'embedded_postgres_credentials_lost',
  });
});

test('without the library links that an install script would have made, a copy is made that has them', async () => {
  const entry = createRequire(import.meta.url).resolve(
    `@embedded-postgres/${process.platform}-${process.arch}`,
  );
  const native = path.join(home, 'native');
  await fs.cp(path.resolve(path.dirname(entry), '..', 'native'), native, {
    recursive: true,
    verbatimSymlinks: true,
  });
  const links = JSON.parse(await fs.readFile(path.join(native, 'pg-symlinks.json'), 'utf8')) as {
    target: string;
  }[];
  for (const { target } of links) await fs.rm(path.join(home, target), { force: true });
  const account = await accountFor(process.getuid?.() ?? null);
  const own = { ...account, ids: {} };
  expect((await runAs(own, path.join(native, 'bin', 'postgres'), ['--version'])).code).not.toBe(0);

  const place = path.join(home, 'postgresql');
  const locate = async (): Promise<{ native: string; version: string }> =>
    await Promise.resolve({ native, version: '1' });
  const found = await findBinaries(own, place, locate);
  expect(found.postgres).toBe(path.join(home, 'postgresql-binaries-1', 'bin', 'postgres'));
  expect((await runAs(own, found.postgres, ['--version'])).output).toContain(`(PostgreSQL) ${found.major}.`);
});
