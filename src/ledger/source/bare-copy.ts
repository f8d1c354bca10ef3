/**
 * A copy that has only what C2SP asks for: one checkpoint, tiles, entries. Of a log whose key was rotated it lacks the checkpoint that both
 * keys signed; so the key that signs now has to be the reader's, and what it signs over says which keys came before.
 */
import { join } from 'node:path';
import { CodedError } from '../../domain/coded-error.ts';
import { openCheckpoint, parseCheckpoint } from '../format/checkpoint.ts';

import { readPlainFile } from './plain-file.ts';
import { parseEntry } from '../format/entry.ts';
import type { Rotation } from './log-source.ts';
import { parseVerifierKey } from '../format/note.ts';
import { readRetiredFiles } from './retired-files.ts';
import { TILE_WIDTH, tilePath } from '../format/tiles.ts';

export interface BareKeys {
  /** The one that judges, which signed the checkpoint. */
  readonly judge: string;
  /** Those that signed before it, oldest first. */
  readonly before: readonly string[];
  /** What says so, by the index of the entry. */
  readonly vouched: ReadonlyMap<number, Rotation>;
}

interface PlacedRotation extends Rotation {
  readonly index: number;
}

/** Whether nothing but its entries tells of the log's keys. */
export async function isBare(directory: string): Promise<boolean> {
  const told = await Promise.all(
    ['vkeys', 'checkpoints.jsonl'].map((name) => readPlainFile(join(directory, name))),
  );
  return told.every((file) => file === null);
}

/**
 * `keys`: those that may judge; `archives`: exports that have what the copy itself lacks, for a year that was retired. A sentence where none
 * of the keys signed the checkpoint, and the entries say which one does; null where they say nothing of it. Nothing of this is judged
 * yet: the walk through the log has to meet every one of these entries.
 */
export async function readBareKeys(
  directory: string,
  note: string,
  keys: readonly string[],
  archives: readonly string[],
): Promise<BareKeys | string | null> {
  const rotations = await readRotations(directory, note, archives);
  const judge = keys.find((key) => isSignedBy(note, key));
  if (judge !== undefined) return vouchedBy(judge, rotations);
  for (const key of keys) {
    const after = rotations.find(({ from, to }) => from === key && to !== key);
    const signer = after === undefined ? undefined : signerAfter(note, after, rotations);
    if (after === undefined || signer === undefined) continue;
    return (
      `The checkpoint here is signed by ${signer}, which came after ${key}, as entry ${after.index} says. That the key before agreed to it only a checkpoint shows ` +
      'that both signed, and this copy has none: have the newer key from the log’s owner too (--vkey), or an export with all its checkpoints.'
    );
  }
  return null;
}

/** By going back from the key that signs over all of it, so that no rotation counts which doesn't lead to that one. */
function vouchedBy(judge: string, rotations: readonly PlacedRotation[]): BareKeys {
  const before: string[] = [];
  const vouched = new Map<number, Rotation>();
  let key = judge;
  for (const { index, from, to } of rotations.toReversed()) {
    if (to !== key || from === to) continue;
    before.unshift(from);
    vouched.set(index, { from, to });
    key = from;
  }
  return { judge, before, vouched };
}

/** The key that signed the note, of those that a rotation and the ones after it lead to. */
function signerAfter(
  note: string,
  first: PlacedRotation,
  rotations: readonly PlacedRotation[],
): string | undefined {
  let key = first.to;
  if (isSignedBy(note, key)) return key;
  for (const { index, from, to } of rotations) {
    if (index <= first.index || from !== key) continue;
    key = to;
    if (isSignedBy(note, key)) return key;
  }
  return undefined;
}

/** By rising index. What an archive has counts only where the copy itself hasn't got the entry, and the first archive that has it. */
async function readRotations(
  directory: string,
  note: string,
  archives: readonly string[],
): Promise<PlacedRotation[]> {
  const { minimum, kept } = await readRetiredFiles(directory);
  const found = await rotationsIn(directory, sizeOf(note));
  for (const archive of minimum === 0 ? [] : archives) {
    const its = (await readPlainFile(join(archive, 'checkpoint')))?.toString() ?? '';
    for (const one of await rotationsIn(archive, Math.min(minimum, sizeOf(its)), sizeOf(its))) {
      if (!kept.has(one.index) && !found.some(({ index }) => index === one.index)) found.push(one);
    }
  }
  return found.toSorted((a, b) => a.index - b.index);
}

/** Of the entries below `until`, as far as there are any; what is missing is found when the log is walked through. */
async function rotationsIn(directory: string, until: number, size = until): Promise<PlacedRotation[]> {
  const rotations: PlacedRotation[] = [];
  const { minimum, kept } = await readRetiredFiles(directory);
  for (const index of [...kept].filter((each) => each < Math.min(minimum, until)).toSorted((a, b) => a - b)) {
    const bytes = await readPlainFile(join(directory, 'kept', String(index)));
    const rotation = bytes === null ? null : rotationIn(bytes);
    if (rotation !== null) rotations.push({ index, ...rotation });
  }
  for (let from = minimum - (minimum % TILE_WIDTH); from < until; from += TILE_WIDTH) {
    const width = Math.min(TILE_WIDTH, size - from);
    const bundle = await readPlainFile(join(directory, tilePath('entries', from / TILE_WIDTH, width)));
    if (bundle === null) break;
    // Nearly none has any, and looking for a word takes a fraction of what reading entries does.
    if (!bundle.includes('"ledger.rotated"')) continue;
    for (let at = 0, index = from; at + 2 <= bundle.length && index < from + width; index += 1) {
      const end = at + 2 + bundle.readUInt16BE(at);
      const rotation = rotationIn(bundle.subarray(at + 2, end));
      if (rotation !== null) rotations.push({ index, ...rotation });
      at = end;
    }
  }
  return rotations;
}

function rotationIn(bytes: Uint8Array): Rotation | null {
  try {
    const { ledger } = parseEntry(bytes);
    return ledger?.act === 'rotated' ? { from: ledger.from, to: ledger.to } : null;
  } catch (error) {
    if (error instanceof CodedError) return null;
    throw error;
  }
}

function sizeOf(note: string): number {
  try {
    return parseCheckpoint(note).size;
  } catch (error) {
    if (error instanceof CodedError) return 0;
    throw error;
  }
}

export function isSignedBy(note: string, vkey: string): boolean {
  try {
    openCheckpoint(note, parseVerifierKey(vkey));
    return true;
  } catch (error) {
    if (error instanceof CodedError) return false;
    throw error;
  }
}
