/**
 * The export that holds a year's entries from the day they are gone from the database. Nothing may be dropped before it was
 * verified offline, belongs to this log, and is on the disk.
 */
import { createHash } from 'node:crypto';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Kysely } from 'kysely';
import type { Database } from '../../db/database.ts';
import { CodedError } from '../../domain/coded-error.ts';
import type { Checkpoint } from '../format/checkpoint.ts';
import { parseCheckpoint } from '../format/checkpoint.ts';

import { readPlainFile } from '../source/plain-file.ts';
import { exportLog } from '../export/export.ts';
import { sameHash } from '../format/hash.ts';
import type { Query } from '../store/query.ts';
import { queryOf } from '../store/query.ts';
import { storedRoot } from '../sequence/log.ts';
import { verifyDirectory } from '../verify/verify-directory.ts';

export type Progress = (done: number, size: number) => void;

export interface Archive {
  readonly directory: string;
  /** The signed checkpoint, and what it says. */
  readonly note: string;
  readonly checkpoint: Checkpoint;
  /** SHA-256 (hex) of `manifest.json`. */
  readonly manifest: string;
}

/**
 * Exports the log to `directory`, unless that holds an export already. It is written beside, under the name with `.unfinished`,
 * and gets its own name when it is whole: what a crash leaves has the other name, and is written anew.
 */
export async function makeArchive(
  db: Kysely<Database>,
  directory: string,
  now: string,
  progress: Progress,
): Promise<'made' | 'found'> {
  if ((await readPlainFile(join(directory, 'manifest.json'))) !== null) return 'found';
  const there = await readdir(directory).catch(() => []);
  if (there.length > 0)
    throw new CodedError(
      'archive_unreadable',
      `${directory} is neither an export (it has no manifest.json) nor empty: name another directory.`,
    );
  const unfinished = `${resolve(directory)}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await exportLog(db, { directory: unfinished, now, progress });
  await rename(unfinished, directory);
  return 'made';
}

/** Verifies it all, offline, under the log's key (`vkey`, or the database's word for it), and that it is a part of this log. */
export async function verifyArchive(
  db: Kysely<Database>,
  logId: number,
  directory: string,
  options: { readonly vkey: string | null; readonly progress: Progress },
): Promise<Archive> {
  const log = await db
    .selectFrom('ledger.log')
    .selectAll()
    .where('log_id', '=', logId)
    .executeTakeFirstOrThrow();
  const note = (await readPlainFile(join(directory, 'checkpoint')))?.toString();
  const manifest = await readPlainFile(join(directory, 'manifest.json'));
  if (note === undefined || manifest === null)
    throw new CodedError('archive_unreadable', `${directory} is no export: name one, or a new directory.`);
  const report = await verifyDirectory(directory, {
    // The first, since an archive may be older than the newest: each vouches for the next.
    vkey: options.vkey ?? log.vkey,
    progress: options.progress,
  });
  const [finding] = report.findings;
  if (finding !== undefined)
    throw new CodedError(
      'archive_altered',
      `the archive ${directory} does not hold, so nothing is retired: ${finding.sentence} Name a new directory, to export anew.`,
    );
  const checkpoint = parseCheckpoint(note);
  await assertOurs(queryOf(db), logId, checkpoint);
  return {
    directory,
    note,
    checkpoint,
    manifest: createHash('sha256').update(manifest).digest('hex'),
  };
}

/** One key may sign two histories, if somebody restored a database. What is stored here has to be the one in the archive. */
async function assertOurs(query: Query, logId: number, { size, root }: Checkpoint): Promise<void> {
  const [row] = await query<{ root: Buffer | null; head: number }>(
    `SELECT (SELECT root FROM ledger.checkpoint WHERE log_id = $1 AND size = $2) AS root, size AS head
     FROM ledger.head WHERE log_id = $1`,
    [logId, size],
  );
  const signed = row?.root ?? null;
  if (signed !== null && sameHash(signed, root)) {
    if (sameHash(await storedRoot(query, logId, size, Number(row?.head)), root)) return;
  }
  throw new CodedError(
    'archive_foreign',
    `the archive's checkpoint over ${size} entries is none of this database's: it was exported from another one. Name a new directory, to export anew.`,
  );
}

/** Makes every file of it survive a loss of power, for the rows that it stands in for will not. */
export async function syncArchive(directory: string): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) await syncArchive(path);
    else await sync(path);
  }
  await sync(directory);
  await sync(dirname(resolve(directory)));
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
