/**
 * Reads the files of an export, which somebody else made. What isn't a plain file is none of an export's, and is never waited
 * for: a pipe among them would keep a reader for ever.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { CodedError } from '../../domain/coded-error.ts';

const HOW = constants.O_RDONLY | constants.O_NONBLOCK;
const NOT_PLAIN: ReadonlySet<unknown> = new Set(['EISDIR', 'ELOOP', 'ENAMETOOLONG', 'ENXIO']);

/** Null where there is no such file. Throws `export_unreadable` where it isn't a plain one. */
export async function readPlainFile(path: string): Promise<Buffer | null> {
  try {
    await using file = await open(path, HOW);
    if (!(await file.stat()).isFile()) throw notPlain(path);
    return await file.readFile();
  } catch (error) {
    return nothingOr(error, path);
  }
}

/** The same, and the thread waits for it. */
export function readPlainFileSync(path: string): Buffer | null {
  let file: number;
  try {
    file = openSync(path, HOW);
  } catch (error) {
    return nothingOr(error, path);
  }
  try {
    if (!fstatSync(file).isFile()) throw notPlain(path);
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

/** Before a file is read piece by piece. */
export async function assertPlainFile(path: string): Promise<void> {
  try {
    if (!(await stat(path)).isFile()) throw notPlain(path);
  } catch (error) {
    nothingOr(error, path);
  }
}

export function isAbsent(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function nothingOr(error: unknown, path: string): null {
  if (isAbsent(error)) return null;
  throw NOT_PLAIN.has(codeOf(error)) ? notPlain(path) : error;
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}

function notPlain(path: string): CodedError {
  return new CodedError(
    'export_unreadable',
    `${JSON.stringify(path)} is no plain file, as all of an export are: ask whoever made it for another one.`,
  );
}
