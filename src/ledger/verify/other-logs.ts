/**
 * Logs that a witness has checkpoints of, and that are not among those that were verified. Leaving the newest log out, and all that was
 * recorded in it, is as good a way to hide something as cutting its end off.
 */
import { CodedError } from '../../domain/coded-error.ts';
import { openCheckpoint, parseCheckpoint } from '../format/checkpoint.ts';
import type { CheckpointsElsewhere } from './compare-source.ts';
import type { Findings, OtherLog } from '../source/finding.ts';
import type { GivenKeys } from './given-keys.ts';
import { listOf } from './given-keys.ts';
import type { VerifierKey } from '../format/note.ts';
import { parseVerifierKey, renamedKey } from '../format/note.ts';

/** A log that was verified, and the keys that signed it. */
export interface KnownLog {
  readonly origin: string;
  readonly keys: readonly VerifierKey[];
}

interface Verified {
  readonly known: readonly KnownLog[];
  /** The reader's keys. */
  readonly given: GivenKeys;
  /** What was verified, in a sentence: `this database`. */
  readonly place: string;
}

/**
 * One that is signed by a key of a log here, or by one of the reader's, belongs to whoever has that key: that it isn't here is a finding. A
 * log that goes on for this one under a new key is only told by its own first entry, and a branch may serve any number of
 * operators; so all others are returned, to be asked for.
 */
export async function judgeOtherLogs(
  { known, given, place }: Verified,
  elsewhere: readonly CheckpointsElsewhere[],
  findings: Findings,
): Promise<OtherLog[]> {
  if (elsewhere.length === 0) return [];
  const others: OtherLog[] = [];
  const readers = listOf(given).map(parseVerifierKey);
  for (const copy of elsewhere) {
    const met = new Map<string, LogElsewhere>();
    for await (const { note } of copy.all()) {
      const origin = originOf(note);
      if (origin === null || known.some((log) => log.origin === origin)) continue;
      const log = met.get(origin) ?? new LogElsewhere(origin, known, readers);
      met.set(origin, log);
      log.add(note);
    }
    for (const log of met.values()) {
      const { origin, signed } = log;
      if (signed === null) others.push({ witness: copy.name, origin, size: log.largest });
      else {
        findings.add(
          'log_absent',
          null,
          `Witness ${copy.name} has checkpoint ${signed.size} of ${origin}, signed with ${signed.by}, and nothing of that log is in ${place}: it was left out, or began later.`,
        );
      }
    }
  }
  return others;
}

/** One that isn't here, as far as a witness's checkpoints of it were read: of those, the largest is remembered and no more. */
class LogElsewhere {
  readonly origin: string;
  /** By its own word. */
  largest = 0;
  /** Whose keys may have signed it, whatever log they are named for; of each, the size of the largest that one of them did sign. */
  readonly #signers: { readonly by: string; readonly keys: readonly VerifierKey[]; size: number | null }[];

  constructor(origin: string, known: readonly KnownLog[], readers: readonly VerifierKey[]) {
    this.origin = origin;
    const renamed = (keys: readonly VerifierKey[]): VerifierKey[] =>
      keys.map((key) => renamedKey(key, origin));
    this.#signers = [
      ...known.map((log) => ({ by: `the key of ${log.origin}`, keys: renamed(log.keys), size: null })),
      { by: 'a key that was given', keys: renamed(readers), size: null },
    ];
  }

  add(note: string): void {
    const { size } = parseCheckpoint(note);
    this.largest = Math.max(this.largest, size);
    for (const signer of this.#signers) {
      // Judging a signature takes longer than reading a number.
      if (size > (signer.size ?? -1) && signer.keys.some((key) => isSignedBy(note, key))) signer.size = size;
    }
  }

  /** By the first of those that signed it. */
  get signed(): { readonly by: string; readonly size: number } | null {
    for (const { by, size } of this.#signers) if (size !== null) return { by, size };
    return null;
  }
}

/** What is no checkpoint is of no log. */
function originOf(note: string): string | null {
  try {
    return parseCheckpoint(note).origin;
  } catch (error) {
    if (error instanceof CodedError) return null;
    throw error;
  }
}

function isSignedBy(note: string, key: VerifierKey): boolean {
  try {
    openCheckpoint(note, key);
    return true;
  } catch (error) {
    if (error instanceof CodedError) return false;
    throw error;
  }
}
