/**
 * Logs that a witness has checkpoints of, and that are not among those that were verified. Leaving the newest log out, and all that was
 * recorded in it, is as good a way to hide something as cutting its end off.
 */
import { CodedError } from '../domain/coded-error.ts';
import { parseCheckpoint } from './checkpoint.ts';
import { type CheckpointsElsewhere, largestOf, sizeOf } from './compare-source.ts';
import type { Findings, OtherLog } from './finding.ts';
import type { GivenKeys } from './given-keys.ts';
import { listOf } from './given-keys.ts';
import type { VerifierKey } from './note.ts';
import { parseVerifierKey, renamedKey } from './note.ts';
import type { HeldCheckpoint } from './witnessed.ts';
import { largestSigned } from './witnessed.ts';

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
    for (const [origin, held] of byOrigin(await copy.all())) {
      if (known.some((log) => log.origin === origin)) continue;
      const owner = known.find(({ keys }) => largestBy(origin, held, keys) !== null);
      const size = largestBy(origin, held, owner?.keys ?? readers);
      if (size === null) others.push({ witness: copy.name, origin, size: largestOf(held) });
      else {
        const signer = owner === undefined ? 'a key that was given' : `the key of ${owner.origin}`;
        findings.add(
          'log_absent',
          null,
          `Witness ${copy.name} has checkpoint ${size} of ${origin}, signed with ${signer}, and nothing of that log is in ${place}: it was left out, or began later.`,
        );
      }
    }
  }
  return others;
}

/** The size of the largest checkpoint that one of the keys signed, whatever log it is named for; null where none is. */
function largestBy(
  origin: string,
  held: readonly HeldCheckpoint[],
  keys: readonly VerifierKey[],
): number | null {
  const largest = largestSigned(
    held,
    keys.map((key) => renamedKey(key, origin)),
  );
  return largest === null ? null : sizeOf(largest);
}

/** What is no checkpoint is of no log. */
function byOrigin(held: readonly HeldCheckpoint[]): Map<string, HeldCheckpoint[]> {
  const logs = new Map<string, HeldCheckpoint[]>();
  for (const one of held) {
    try {
      const { origin } = parseCheckpoint(one.note);
      const others = logs.get(origin);
      if (others === undefined) logs.set(origin, [one]);
      else others.push(one);
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
    }
  }
  return logs;
}
