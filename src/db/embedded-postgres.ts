/**
 * A real PostgreSQL for whoever has none: the demo, the tests, and a first look. It owns its files under `dataDir`,
 * listens on loopback only, and ends with the process that started it. The app itself never uses its superuser.
 */
import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { CodedError } from '../domain/coded-error.ts';
import type { Account } from './embedded/account.ts';
import { accountFor } from './embedded/account.ts';
import type { Binaries } from './embedded/binaries.ts';
import { COPY_SUFFIX, findBinaries } from './embedded/binaries.ts';
import type { Credentials } from './embedded/credentials.ts';
import { LOGINS, newCredentials, readCredentials, urlOf, writeCredentials } from './embedded/credentials.ts';
import { dataPlace } from './embedded/data-place.ts';
import { endEarlierLife, writeStarter } from './embedded/earlier-life.ts';
import { launch } from './embedded/launch.ts';
import { DATABASE, ensureLogins } from './embedded/logins.ts';
import { runAs } from './embedded/run-as.ts';

/** `log` gets the server's own lines; `settings` are PostgreSQL's, for tests that can lose their data. */
export interface EmbeddedPostgresOptions {
  readonly dataDir: string;
  readonly log: (line: string) => void;
  readonly settings?: Readonly<Record<string, string>>;
}

export interface EmbeddedPostgresUrls {
  readonly ownerUrl: string;
  readonly writerUrl: string;
  readonly readerUrl: string;
  readonly eraserUrl: string;
  /** For set-up and for tests of what a superuser can do. The app must never get it. */
  readonly superuserUrl: string;
}

export interface EmbeddedPostgres extends EmbeddedPostgresUrls {
  stop(): Promise<void>;
}

/** Starts the cluster under `dataDir`, making it first where there is none. */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const dataDir = path.resolve(options.dataDir);
  const files = filesIn(dataDir);
  const owner = await fs.stat(path.join(dataDir, 'postgresql')).catch(() => null);
  const account = await accountFor(owner?.uid ?? null);
  const place = await dataPlace(dataDir, account);
  const binaries = await findBinaries(account, place);
  await endEarlierLife(place, files.starter);
  const credentials = await ensureCluster({
    place,
    account,
    binaries,
    file: files.credentials,
    sync: options.settings?.['fsync'] !== 'off',
  });
  await writeStarter(files.starter);
  const running = await launch({
    binaries,
    account,
    place,
    preferredPort: credentials.port,
    settings: { log_timezone: 'UTC', timezone: 'UTC', ...options.settings },
    log: options.log,
  });
  try {
    const live = { ...credentials, port: running.port };
    await writeCredentials(files.credentials, live);
    await ensureLogins(live);
    return { ...urlsOf(live), stop: async () => await running.stop() };
  } catch (error) {
    await running.stop();
    throw error;
  }
}

/** The addresses of a cluster that some process started under `dataDir`; null where there has been none. */
export async function embeddedPostgresUrls(dataDir: string): Promise<EmbeddedPostgresUrls | null> {
  const credentials = await readCredentials(filesIn(path.resolve(dataDir)).credentials);
  return credentials === null || credentials.port === 0 ? null : urlsOf(credentials);
}

/** Removes a stopped cluster, wherever its data lies: what a demo and the tests end with. */
export async function removeEmbeddedPostgres(dataDir: string): Promise<void> {
  const directory = path.resolve(dataDir);
  const place = await fs.realpath(path.join(directory, 'postgresql')).catch(() => null);
  if (place !== null) {
    for (const name of await fs.readdir(path.dirname(place))) {
      const ours = name === path.basename(place) || name.startsWith(path.basename(place) + COPY_SUFFIX);
      if (ours) await fs.rm(path.join(path.dirname(place), name), { recursive: true, force: true });
    }
    // Its parent too, where that was made for it and holds nothing else.
    if (path.dirname(place) !== directory) await fs.rmdir(path.dirname(place)).catch(() => undefined);
  }
  const { credentials, starter } = filesIn(directory);
  for (const name of ['postgresql', 'postgresql.README'])
    await fs.rm(path.join(directory, name), { force: true });
  for (const name of [credentials, starter]) await fs.rm(name, { force: true });
}

function filesIn(dataDir: string): { credentials: string; starter: string } {
  return {
    credentials: path.join(dataDir, 'postgresql-credentials.json'),
    starter: path.join(dataDir, 'postgresql-starter.json'),
  };
}

function urlsOf(credentials: Credentials): EmbeddedPostgresUrls {
  return {
    ownerUrl: urlOf(credentials, 'owner', DATABASE),
    writerUrl: urlOf(credentials, 'writer', DATABASE),
    readerUrl: urlOf(credentials, 'reader', DATABASE),
    eraserUrl: urlOf(credentials, 'eraser', DATABASE),
    superuserUrl: urlOf(credentials, 'superuser', DATABASE),
  };
}

/**
 * A whole cluster has a `PG_VERSION` and its credentials. The credentials are written first: a crash between leaves
 * passwords that open nothing, never data that nobody can open. A half-made cluster is made anew.
 */
async function ensureCluster(
  options: Readonly<{ place: string; account: Account; binaries: Binaries; file: string; sync: boolean }>,
): Promise<Credentials> {
  const { place, account, binaries } = options;
  const made = await fs.readFile(path.join(place, 'countersign-complete'), 'utf8').catch(() => null);
  const kept = await readCredentials(options.file);
  if (made !== null) {
    if (kept === null) throw lostCredentials(place, options.file);
    if (made.trim() !== binaries.major) throw otherMajor(place, made.trim(), binaries.major);
    return kept;
  }
  const credentials = kept ?? newCredentials();
  await writeCredentials(options.file, credentials);
  for (const name of await fs.readdir(place)) await fs.rm(path.join(place, name), { recursive: true });
  await initialise(place, account, binaries, credentials, options.sync);
  return credentials;
}

async function initialise(
  place: string,
  account: Account,
  binaries: Binaries,
  credentials: Credentials,
  sync: boolean,
): Promise<void> {
  // In a directory of its own, since initdb wants its target empty. Its account is the only one that can enter it.
  const passwordDirectory = await fs.mkdtemp(path.join(os.tmpdir(), 'countersign-'));
  const passwordFile = path.join(passwordDirectory, 'password');
  try {
    await fs.writeFile(passwordFile, credentials.passwords.superuser + '\n', { mode: 0o600 });
    for (const name of [passwordFile, passwordDirectory]) await fs.chown(name, account.uid, account.gid);
    const result = await runAs(account, binaries.initdb, [
      `--pgdata=${place}`,
      `--username=${LOGINS.superuser}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--no-instructions',
      ...(sync ? [] : ['--no-sync']),
    ]);
    if (result.code !== 0) throw new Error(`initdb in ${place} failed:\n${result.output.slice(-2000)}`);
    const complete = path.join(place, 'countersign-complete');
    await fs.writeFile(complete, binaries.major + '\n', { mode: 0o600 });
    await fs.chown(complete, account.uid, account.gid);
  } finally {
    await fs.rm(passwordDirectory, { recursive: true, force: true });
  }
}

function lostCredentials(place: string, file: string): CodedError {
  return new CodedError(
    'embedded_postgres_credentials_lost',
    `there is a database in ${place}, but ${file}, which holds its passwords, is gone. Restore that file, or move ` +
      'the database away to begin with an empty one.',
  );
}

function otherMajor(place: string, made: string, have: string): CodedError {
  return new CodedError(
    'embedded_postgres_other_version',
    `the database in ${place} was made by PostgreSQL ${made}, and this one is ${have}. Move it to a PostgreSQL of ` +
      'your own with pg_dump and pg_restore, and set DATABASE_URL and MIGRATION_DATABASE_URL.',
  );
}
