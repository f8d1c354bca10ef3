import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { CodedError } from '../../domain/coded-error.ts';
import type { Account } from './account.ts';
import { runAs } from './run-as.ts';

/** Where root keeps data that lies in a directory which the database's account can't enter. */
const ELSEWHERE = ['/var/lib/countersign', '/var/tmp/countersign'];

/**
 * The directory that holds the cluster: `dataDir/postgresql`, where the account can reach it. Under a home of mode
 * 0700 it can't, if we are root: then `dataDir/postgresql` is a link to a place that it can reach and that survives
 * a reboot, and the link is what says where. Its parent is root's, so that no other account can put one there.
 */
export async function dataPlace(dataDir: string, account: Account): Promise<string> {
  const home = path.join(path.resolve(dataDir), 'postgresql');
  const existing = await fs.realpath(home).catch(() => null);
  if (existing !== null) {
    if (await canWork(existing, account)) return existing;
    throw new CodedError(
      'data_directory_unreachable',
      `the account with the id ${account.uid} can't work in ${existing}, where the embedded database lies. ` +
        'It was made by another account, or it was moved: start Countersign as the one that made it, or give it a ' +
        'data directory of its own.',
    );
  }
  await fs.mkdir(path.dirname(home), { recursive: true });
  if (await makePrivate(home, account)) return home;
  for (const parent of ELSEWHERE) {
    const name = createHash('sha256').update(home).digest('hex').slice(0, 12);
    const place = path.join(parent, name);
    const made = await fs.mkdir(parent, { recursive: true, mode: 0o755 }).then(
      () => isRoots(parent),
      () => false,
    );
    if (!made || !(await makePrivate(place, account))) continue;
    // A dangling link of an earlier life (its place was deleted) is replaced.
    await fs.rm(home, { force: true });
    await fs.symlink(place, home);
    await fs.writeFile(
      `${home}.README`,
      `The database runs as the account with the id ${account.uid}, which cannot enter ${path.dirname(home)}.\n` +
        `So its data lies in ${place}, and "postgresql" here is a link to it.\n`,
    );
    return place;
  }
  throw new CodedError(
    'data_directory_unreachable',
    `the account with the id ${account.uid}, which has to run PostgreSQL since root may not, can reach neither ` +
      `${dataDir} nor ${ELSEWHERE.join(' nor ')}. Choose another data directory, start Countersign as an ordinary ` +
      'user, or set DATABASE_URL and MIGRATION_DATABASE_URL.',
  );
}

/** Makes an empty directory that is only the account's; false, and nothing left, where it can't be reached. */
async function makePrivate(place: string, account: Account): Promise<boolean> {
  await fs.mkdir(place, { recursive: true, mode: 0o700 });
  if (account.ids.uid !== undefined) await fs.chown(place, account.uid, account.gid);
  await fs.chmod(place, 0o700);
  if (await canWork(place, account)) return true;
  await fs.rmdir(place).catch(() => undefined);
  return false;
}

async function canWork(place: string, account: Account): Promise<boolean> {
  const script = 'cd -- "$1" && : >.probe && rm .probe';
  return (await runAs(account, '/bin/sh', ['-c', script, 'sh', place])).code === 0;
}

async function isRoots(directory: string): Promise<boolean> {
  const stat = await fs.lstat(directory);
  return stat.isDirectory() && stat.uid === 0 && (stat.mode & 0o022) === 0;
}
