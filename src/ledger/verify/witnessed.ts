/**
 * Checkpoints that somebody outside holds, compared with the log that is here. Only such a checkpoint shows that the newest
 * entries were taken away, or that all was written anew by whoever has the key. What outsiders hold may be anybody's
 * writing until the log's signature on it was verified.
 */
import { CodedError } from '../../domain/coded-error.ts';
import type { Checkpoint } from '../format/checkpoint.ts';
import { openCheckpoint, parseCheckpoint } from '../format/checkpoint.ts';
import type { VerifierKey } from '../format/note.ts';

export interface HeldCheckpoint {
  /** Who holds it. */
  readonly witness: string;
  /** The signed note. */
  readonly note: string;
  /** RFC 3339, by the holder's word; null where it doesn't say. */
  readonly since: string | null;
}

/** Any number of them; it may be read but once. */
export type HeldCheckpoints = AsyncIterable<HeldCheckpoint> | Iterable<HeldCheckpoint>;

/** The log that is here, as far as a comparison asks it. */
export interface ComparedLog {
  readonly origin: string;
  /** Any of which may have signed. */
  readonly keys: readonly VerifierKey[];
  readonly size: number;
  /** What is here, in a sentence: `this database`. */
  readonly place: string;
  /** Whether the log begins with what the checkpoint (of at most its size) covers. Asked mostly by rising size. */
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

/** Null where the log here continues every one of them. In memory that doesn't grow with their number; all are read to the end. */
export async function compareWitnessed(
  log: ComparedLog,
  held: HeldCheckpoints,
): Promise<Contradiction | null> {
  const comparison = new Comparison(log);
  for await (const one of held) await comparison.add(one);
  return await comparison.end();
}

/** How many are compared together, by rising size: a branch has them nearly in order. */
const TOGETHER = 1_000;

class Comparison {
  readonly #log: ComparedLog;
  #opened: Opened[] = [];
  #forged: HeldCheckpoint | null = null;
  /** The largest that the log continues, the smallest and the largest that it doesn't, and the largest of all. */
  #agreed: Opened | null = null;
  #parted: Opened | null = null;
  #last: Opened | null = null;
  #newest: Opened | null = null;

  constructor(log: ComparedLog) {
    this.#log = log;
  }

  async add(held: HeldCheckpoint): Promise<void> {
    // One that nobody signed is told before all else, and nothing is made of the rest.
    if (this.#forged !== null) return;
    const checkpoint = open(held, this.#log.keys);
    if (checkpoint === null) this.#forged = held;
    else this.#opened.push({ held, checkpoint });
    if (this.#opened.length === TOGETHER) await this.#compare();
  }

  async end(): Promise<Contradiction | null> {
    if (this.#forged !== null) return forged(this.#log, this.#forged);
    await this.#compare();
    const [agreed, parted, last, newest] = [this.#agreed, this.#parted, this.#last, this.#newest];
    if (parted !== null && last !== null) return forked(this.#log, agreed, parted, last);
    if (newest !== null && newest.checkpoint.size > this.#log.size)
      return rolledBack(this.#log, agreed, newest);
    return null;
  }

  async #compare(): Promise<void> {
    const opened = this.#opened.toSorted((a, b) => a.checkpoint.size - b.checkpoint.size);
    this.#opened = [];
    for (const one of opened) {
      const { size } = one.checkpoint;
      if (size >= sizeOf(this.#newest)) this.#newest = one;
      if (size > this.#log.size) continue;
      if (await this.#log.continues(one.checkpoint)) {
        if (size >= sizeOf(this.#agreed)) this.#agreed = one;
        continue;
      }
      if (this.#parted === null || size < sizeOf(this.#parted)) this.#parted = one;
      if (size >= sizeOf(this.#last)) this.#last = one;
    }
  }
}

function sizeOf(opened: Opened | null): number {
  return opened?.checkpoint.size ?? 0;
}

/** Of what somebody holds, the checkpoint over the most entries that one of the keys signed; null where none is. Of two as large, the later. */
export function largestSigned<T extends HeldCheckpoint>(
  held: readonly T[],
  keys: readonly VerifierKey[],
): T | null {
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
