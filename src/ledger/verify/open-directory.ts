/** By which key an exported directory is judged, and its checkpoint under that one. */
import { join } from 'node:path';
import { CodedError } from '../../domain/coded-error.ts';
import { isBare, isSignedBy, readBareKeys } from '../source/bare-copy.ts';
import type { Checkpoint } from '../format/checkpoint.ts';
import { openCheckpoint } from '../format/checkpoint.ts';

import { readPlainFile } from '../source/plain-file.ts';
import type { Findings } from '../source/finding.ts';
import type { Rotation } from '../source/log-source.ts';
import { parseVerifierKey } from '../format/note.ts';
import { firstKey, readableKeys } from './stated-keys.ts';

export interface OpenedDirectory {
  /** The key to begin with, and the one that signed the checkpoint. */
  readonly vkey: string;
  readonly newest: string;
  /** By which keys it says that it is signed, oldest first. */
  readonly stated: readonly string[];
  /** Rotations that led to `vkey`, of which nothing but entries tells here; null where the copy tells of its keys itself. */
  readonly vouched: ReadonlyMap<number, Rotation> | null;
  /** Null, and a finding, where that key did not sign it. */
  readonly checkpoint: Checkpoint | null;
}

/** Throws `export_unreadable` where there is no key to judge by. */
export async function openDirectory(
  directory: string,
  note: string,
  { given, archives }: { readonly given: readonly string[]; readonly archives: readonly string[] },
  findings: Findings,
): Promise<OpenedDirectory> {
  const told = await readStatedKeys(directory);
  const stated = readableKeys(told, findings, 'Whoever handed it over can have put it there.');
  const judge = given[0] ?? stated.at(-1);
  if (judge === undefined)
    throw new CodedError(
      'export_unreadable',
      `${directory} has no ${told.length === 0 ? 'file named vkey' : 'key that is one'}: give the log's key with --vkey.`,
    );
  const bare = (await isBare(directory))
    ? await readBareKeys(directory, note, given.length > 0 ? given : stated, archives)
    : null;
  if (typeof bare === 'string') {
    findings.add('key_mismatch', null, bare);
    return { vkey: judge, newest: judge, stated, vouched: null, checkpoint: null };
  }
  if (bare !== null) {
    const all = [...bare.before, bare.judge];
    firstKey([...new Set([...all, ...stated])], given, findings);
    const checkpoint = opened(note, bare.judge, bare.judge, findings);
    return { vkey: bare.judge, newest: bare.judge, stated: all, vouched: bare.vouched, checkpoint };
  }
  const vkey = firstKey(stated.length === 0 ? [judge] : stated, given, findings);
  // The newest signed it, unless that one was made up; then the walk through the log finds out.
  const signs = vkey === stated[0] ? stated.findLast((each) => isSignedBy(note, each)) : undefined;
  const newest = signs ?? (vkey === stated[0] ? (stated.at(-1) ?? vkey) : vkey);
  const checkpoint = opened(note, newest, stated.at(-1) ?? newest, findings);
  return { vkey, newest, stated, vouched: null, checkpoint };
}

/** Oldest first; empty where the export doesn't say. A log whose key was never rotated needs no more than `vkey`. */
export async function readStatedKeys(directory: string): Promise<string[]> {
  const text =
    (await readPlainFile(join(directory, 'vkeys'))) ?? (await readPlainFile(join(directory, 'vkey')));
  return (text?.toString() ?? '').split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim()]));
}

/** `stated`: by which key the export says that it is signed. */
function opened(note: string, vkey: string, stated: string, findings: Findings): Checkpoint | null {
  try {
    return openCheckpoint(note, parseVerifierKey(vkey));
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    const what = isSignedBy(note, stated)
      ? `The file checkpoint is not signed by the key that was given (${vkey}), but by ${stated}.`
      : `The file checkpoint was altered: ${error.message}`;
    findings.add('checkpoint_altered', null, `${what} Without it nothing else here can be judged.`);
    return null;
  }
}
