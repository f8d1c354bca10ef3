/**
 * Checkpoints that somebody outside holds, compared with the log that is here. Only such a checkpoint shows that the newest
 * entries were taken away, or that all was written anew by whoever has the key. What outsiders hold may be anybody's
 * writing until the log's signature on it was verified.
 */
import { CodedError } from '../domain/coded-error.ts';
import type { Checkpoint } from './checkpoint.ts';
import { openCheckpoint, parseCheckpoint } from './checkpoint.ts';
import type { VerifierKey } from './note.ts';

export interface HeldCheckpoint {
  /** Who holds it. */
  readonly witness: string;
  /** The signed note. */
  readonly note: string;
  /** RFC 3339, by the holder's word; null where it doesn't say. */
  readonly since: string | null;
}

/** The log that is here, as far as a comparison asks it. */
export interface ComparedLog {
  readonly origin: string;
  /** Any of which may have signed. */
  readonly keys: readonly VerifierKey[];
  readonly size: number;
  /** What is here, in a sentence: `this database`. */
  readonly place: string;
  /** Whether the log begins with what the checkpoint (of at most its size) covers. */
  continues(checkpoint: Checkpoint): Promise<boolean>;
}

export type ContradictionCode = 'rolled_back' | 'forked' | 'witness_forged';

export interface Contradiction {
  readonly code: ContradictionCode;
  readonly sentence: string;
  /** The held checkpoint that contradicts most: the one an incarnation has to name. */
  readonly held: HeldCheckpoint;
  /** Null where nobody of this log's signed it. */
  readonly checkpoint: Checkpoint | null;
}

/** Null where the log here continues every one of them. */
export async function compareWitnessed(
  log: ComparedLog,
  held: readonly HeldCheckpoint[],
): Promise<Contradiction | null> {
  const opened: Opened[] = [];
  for (const one of held) {
    const checkpoint = open(one, log.keys);
    if (checkpoint === null) return forged(log, one);
    opened.push({ held: one, checkpoint });
  }
  opened.sort((a, b) => a.checkpoint.size - b.checkpoint.size);
  let agreed: Opened | null = null;
  let parted: Opened | null = null;
  let last: Opened | null = null;
  for (const one of opened) {
    if (one.checkpoint.size > log.size) break;
    if (await log.continues(one.checkpoint)) agreed = one;
    else {
      parted ??= one;
      last = one;
    }
  }
  const newest = opened.at(-1);
  if (parted !== null && last !== null) return forked(log, agreed, parted, last);
  if (newest !== undefined && newest.checkpoint.size > log.size) return rolledBack(log, agreed, newest);
  return null;
}

/** Of what somebody holds, the checkpoint over the most entries that one of the keys signed; null where none is. Of two as large, the later. */
export function largestSigned(
  held: readonly HeldCheckpoint[],
  keys: readonly VerifierKey[],
): HeldCheckpoint | null {
  const claimed = held.flatMap((one) => {
    const size = claimedSize(one);
    return size === null ? [] : [{ one, size }];
  });
  // What claims most comes first, since judging a signature takes longer than reading a number.
  const largestFirst = claimed.toReversed().toSorted((a, b) => b.size - a.size);
  return largestFirst.find(({ one }) => open(one, keys) !== null)?.one ?? null;
}

/** Those that one of the keys signed. */
export function signedOf(
  held: readonly HeldCheckpoint[],
  keys: readonly VerifierKey[],
): readonly HeldCheckpoint[] {
  return held.filter((one) => open(one, keys) !== null);
}

function claimedSize({ note }: HeldCheckpoint): number | null {
  try {
    return parseCheckpoint(note).size;
  } catch (error) {
    if (error instanceof CodedError) return null;
    throw error;
  }
}

interface Opened {
  readonly held: HeldCheckpoint;
  readonly checkpoint: Checkpoint;
}

function open({ note }: HeldCheckpoint, keys: readonly VerifierKey[]): Checkpoint | null {
  for (const key of keys) {
    try {
      return openCheckpoint(note, key);
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
    }
  }
  return null;
}

function rolledBack(log: ComparedLog, agreed: Opened | null, newest: Opened): Contradiction {
  const { size } = newest.checkpoint;
  return {
    code: 'rolled_back',
    sentence:
      `The ledger was rolled back: witness ${named(newest)} of ${log.origin}, and ${log.place} ends at ${log.size}: ` +
      `${entries(log.size, size)} lost here.${agreement(agreed)}`,
    held: newest.held,
    checkpoint: newest.checkpoint,
  };
}

function forked(log: ComparedLog, agreed: Opened | null, parted: Opened, last: Opened): Contradiction {
  const until = parted.checkpoint.size;
  const from = agreed?.checkpoint.size ?? 0;
  // Held checkpoints that contradict one another bound nothing.
  const where =
    from < until
      ? ` The two histories part between ${from} and ${until}: of the entries ${from} to ${until - 1}, at least one is not what was witnessed.`
      : '';
  return {
    code: 'forked',
    sentence:
      `The ledger was forked: witness ${named(parted)} of ${log.origin}, and the first ${until} entries in ${log.place} are others.` +
      `${where}${agreement(from < until ? agreed : null)}`,
    held: last.held,
    checkpoint: last.checkpoint,
  };
}

function forged(log: ComparedLog, held: HeldCheckpoint): Contradiction {
  return {
    code: 'witness_forged',
    sentence:
      `Witness ${witnessTitle(held.witness)} holds a checkpoint of ${log.origin} that is not signed by this log's key: ` +
      'either this is another log under the same name, or somebody else wrote to the witness.',
    held,
    checkpoint: null,
  };
}

/** `W has checkpoint 1000, held since …,` */
function named({ held, checkpoint }: Opened): string {
  const since = held.since === null ? '' : ` (held since ${held.since})`;
  return `${witnessTitle(held.witness)} has checkpoint ${checkpoint.size}${since}`;
}

function entries(from: number, to: number): string {
  return to - from === 1 ? `entry ${from} is` : `entries ${from} to ${to - 1} are`;
}

function agreement(agreed: Opened | null): string {
  return agreed === null ? '' : ` Up to checkpoint ${agreed.checkpoint.size} both agree.`;
}

/** A C2SP witness is known by its key, which begins with its name. */
export function witnessTitle(witness: string): string {
  return /^([^\s+]+)\+[0-9a-f]{8}\+/.exec(witness)?.[1] ?? witness;
}
