/**
 * Writes the log to a directory that any tool for C2SP tlog-tiles reads: `checkpoint`, `tile/…`, `tile/entries/…`. Beside it,
 * for reading: `vkey`, `checkpoints.jsonl`, `documents/`, `subjects.jsonl`, `erased.jsonl`, and last of all `manifest.json`. An export is a
 * copy, not a judgement: what was altered is exported as altered.
 */
import { mkdir, open, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sql } from 'kysely';
import type { Kysely, Selectable } from 'kysely';
import type { Database } from '../../db/database.ts';
import type { LedgerTables } from '../../db/ledger-tables.ts';
import { CodedError } from '../../domain/coded-error.ts';
import { parseCheckpoint } from '../format/checkpoint.ts';
import { DatabaseSource } from '../source/database-source.ts';
import type { EntryContent } from '../format/entry.ts';
import { parseEntry } from '../format/entry.ts';
import type { PlacedEntry } from './export-erased.ts';
import { assertErasuresSigned, erasedLines } from './export-erased.ts';
import { Findings } from '../source/finding.ts';
import { readFoundedVkeys } from '../store/founded-vkeys.ts';
import { holdEntries } from '../store/hold-entries.ts';
import type { SourceEntry } from '../source/log-source.ts';
import { queryOf } from '../store/query.ts';
import { PREDECESSOR } from '../source/predecessor.ts';
import { TILE_WIDTH, tileAt, tilePath, tilesOf } from '../format/tiles.ts';

export const EXPORT_SCHEMA = 'countersign.export/v1';

export interface ExportManifest {
  readonly schema: typeof EXPORT_SCHEMA;
  readonly origin: string;
  readonly vkey: string;
  readonly size: number;
  readonly root: string;
  readonly exportedAt: string;
  readonly documents: { readonly held: number; readonly erased: number };
  readonly people: number;
  /** C2SP's minimum index, where entries were retired: `tile/entries` begins with it. Absent where all are here. */
  readonly minimum?: number;
}

export interface ExportOptions {
  /** New, or empty. */
  readonly directory: string;
  /** RFC 3339 */
  readonly now: string;
  readonly progress?: (done: number, size: number) => void;
}

/** Everything under the newest checkpoint, from one snapshot. Throws `export_exists`, `ledger_absent`, `entry_deleted`, `erasure_unsigned`. */
export async function exportLog(db: Kysely<Database>, options: ExportOptions): Promise<ExportManifest> {
  await mkdir(options.directory, { recursive: true, mode: 0o700 });
  if ((await readdir(options.directory)).length > 0) {
    throw new CodedError('export_exists', `${options.directory} is not empty: name a directory that is new.`);
  }
  return await db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (tx) => {
      await holdEntries(tx);
      return await write(tx, options);
    });
}

/** The newest log in the directory itself, the one before it in `predecessor/` there, and so on. */
async function write(tx: Kysely<Database>, options: ExportOptions): Promise<ExportManifest> {
  const logs = await tx.selectFrom('ledger.log').selectAll().orderBy('log_id', 'desc').execute();
  const [newest] = logs;
  if (newest === undefined) throw absent();
  let { directory } = options;
  for (const log of logs.slice(1)) {
    directory = join(directory, PREDECESSOR);
    await mkdir(directory, { mode: 0o700 });
    await writeLog(tx, log, { ...options, directory });
  }
  // Last, since its manifest says that all is there.
  return await writeLog(tx, newest, options);
}

async function writeLog(
  tx: Kysely<Database>,
  log: Selectable<LedgerTables['ledger.log']>,
  { directory, now, progress }: ExportOptions,
): Promise<ExportManifest> {
  const newest = await tx
    .selectFrom('ledger.checkpoint')
    .select('note')
    .where('log_id', '=', log.log_id)
    .orderBy('size', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (newest === undefined) throw absent();
  const { size, root } = parseCheckpoint(newest.note);
  const source = await DatabaseSource.open(queryOf(tx), log.log_id, log.vkey, new Findings());
  await assertErasuresSigned(queryOf(tx), log.log_id, size);
  const documents = { held: 0, erased: 0 };
  const erased: string[] = [];
  const named = new Set<string>();
  let minimum = 0;
  for (let index = 0; index * TILE_WIDTH < size; index += 1) {
    const { width } = tileAt(0, index, size);
    const bundle = await source.bundle(index, width);
    const retired = index * TILE_WIDTH < source.claimedMinimum && bundle.some(isMissing);
    const entries = retired
      ? await writeKept(directory, bundle, index)
      : await writeBundle(directory, bundle, index);
    if (retired) minimum = source.claimedMinimum;
    erased.push(...erasedLines(entries));
    const contents = entries.flatMap(contentIn);
    for (const { actor, login } of contents.flatMap(({ who }) => who)) named.add(actor).add(login);
    const counted = await writeDocuments(tx, directory, contents);
    documents.held += counted.held;
    documents.erased += counted.erased;
    progress?.(index * TILE_WIDTH + width, size);
  }
  for (const { level, index, width } of tilesOf(size)) {
    const tile = await source.tile(level, index, width);
    if (tile === null)
      throw new CodedError(
        'tile_deleted',
        `tile ${index} of level ${level} is gone; run \`countersign verify\`.`,
      );
    await put(directory, tilePath(level, index, width), tile.hashes);
  }
  await writeCheckpoints(source, directory, size);
  const people = await writeSubjects(tx, directory, named);
  // A row that names a key is anybody's who can write here; an export is signed by those that were vouched for.
  const vkeys = await readFoundedVkeys(tx, log);
  const vkey = vkeys.at(-1) ?? log.vkey;
  await put(directory, 'vkey', `${vkey}\n`);
  if (vkeys.length > 1) await put(directory, 'vkeys', vkeys.map((each) => `${each}\n`).join(''));
  if (erased.length > 0) await put(directory, 'erased.jsonl', `${erased.join('\n')}\n`);
  await put(directory, 'checkpoint', newest.note);
  const manifest: ExportManifest = {
    schema: EXPORT_SCHEMA,
    origin: log.origin,
    vkey,
    size,
    root: root.toString('base64'),
    exportedAt: now,
    documents,
    people,
    ...(minimum === 0 ? {} : { minimum }),
  };
  // Last: a directory without it was not finished.
  await put(directory, 'manifest.json', `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

function absent(): CodedError {
  return new CodedError(
    'ledger_absent',
    'this database has no signed log yet: start Countersign once, so that it signs one.',
  );
}

/** Each entry as two bytes of length, big-endian, and its bytes. */
export function bundleOf(entries: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    entries.flatMap((bytes) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(bytes.length);
      return [length, bytes];
    }),
  );
}

type Bundle = readonly (SourceEntry | null)[];

function isMissing(entry: SourceEntry | null): boolean {
  return entry === null || entry.bytes === null;
}

async function writeBundle(directory: string, bundle: Bundle, index: number): Promise<PlacedEntry[]> {
  const entries = present(bundle, index);
  await put(directory, tilePath('entries', index, bundle.length), bundleOf(entries));
  return entries.map((bytes, at) => ({ index: index * TILE_WIDTH + at, bytes }));
}

/** Of a bundle of which entries were retired: those that are still here, each in a file of its own. */
async function writeKept(directory: string, bundle: Bundle, index: number): Promise<PlacedEntry[]> {
  const kept: PlacedEntry[] = [];
  for (const [at, entry] of bundle.entries()) {
    if (entry === null || entry.bytes === null) continue;
    await put(directory, `kept/${index * TILE_WIDTH + at}`, entry.bytes);
    kept.push({ index: index * TILE_WIDTH + at, bytes: entry.bytes });
  }
  return kept;
}

function present(entries: Bundle, bundle: number): Uint8Array[] {
  return entries.map((entry, at) => {
    if (entry === null || entry.bytes === null) {
      throw new CodedError(
        'entry_deleted',
        `entry ${bundle * TILE_WIDTH + at} is gone, so the log can't be exported; run \`countersign verify\`.`,
      );
    }
    return entry.bytes;
  });
}

/** `documents/HEX` is the body and `documents/HEX.salt` its salt: the SHA-256 over both, salt first, is HEX. */
async function writeDocuments(
  tx: Kysely<Database>,
  directory: string,
  entries: readonly EntryContent[],
): Promise<{ held: number; erased: number }> {
  const sealed = entries.flatMap(({ documents }) => documents);
  const wanted = sealed.map(({ commitment }) => Buffer.from(commitment, 'base64url'));
  let held = 0;
  // Few at a time, for each may be megabytes.
  for (let from = 0; from < wanted.length; from += 16) {
    const documents = await tx
      .selectFrom('ledger.document')
      .selectAll()
      .where('commitment', 'in', wanted.slice(from, from + 16))
      .execute();
    held += documents.length;
    for (const { commitment, salt, body } of documents) {
      await put(directory, `documents/${commitment.toString('hex')}`, body);
      await put(directory, `documents/${commitment.toString('hex')}.salt`, salt);
    }
  }
  return { held, erased: wanted.length - held };
}

/** None, where the bytes were altered past reading. */
function contentIn({ bytes }: PlacedEntry): EntryContent[] {
  try {
    return [parseEntry(bytes)];
  } catch {
    return [];
  }
}

async function writeCheckpoints(source: DatabaseSource, directory: string, upTo: number): Promise<void> {
  const file = await open(join(directory, 'checkpoints.jsonl'), 'wx', 0o600);
  try {
    for await (const { size, signedAt, note } of source.checkpoints()) {
      if (size <= upTo) await file.write(`${JSON.stringify({ size, signedAt, note })}\n`);
    }
  } finally {
    await file.close();
  }
}

/** Those alone whom the entries here name: others are of another log, or of entries that no checkpoint covers yet. */
async function writeSubjects(
  tx: Kysely<Database>,
  directory: string,
  named: ReadonlySet<string>,
): Promise<number> {
  const { rows } = await sql<{
    ref: Buffer;
    github_id: number;
    secret: Buffer;
    logins: { ref: string; login: string }[];
  }>`
    SELECT s.ref, s.github_id, s.secret, ARRAY(SELECT json_build_object('ref', encode(l.ref, 'hex'), 'login', l.login)
      FROM ledger.subject_login l WHERE l.subject = s.ref ORDER BY l.login) AS logins
    FROM ledger.subject s ORDER BY s.github_id`.execute(tx);
  const isNamed = (ref: Buffer): boolean => named.has(ref.toString('base64url'));
  const lines = rows
    .filter(({ ref }) => isNamed(ref))
    .map(({ ref, github_id, secret, logins }) =>
      JSON.stringify({
        ref: ref.toString('base64url'),
        githubId: github_id,
        secret: secret.toString('base64url'),
        logins: logins.filter((one) => isNamed(Buffer.from(one.ref, 'hex'))).map(({ login }) => login),
      }),
    );
  await put(directory, 'subjects.jsonl', lines.map((line) => `${line}\n`).join(''));
  return lines.length;
}

/** People and documents are in it in the open, so it is for whoever made it, and for whom they hand it to. */
async function put(directory: string, path: string, content: string | Uint8Array): Promise<void> {
  const file = join(directory, path);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(file, content, { flag: 'wx', mode: 0o600 });
}
