/**
 * Who must have signed a checkpoint of a log whose key was rotated. It starts from one key and follows the rotations that
 * the log's own entries tell of; the key before vouches for the key after, by signing the first checkpoint over that entry.
 */
import type { Checkpoint } from './checkpoint.ts';
import { openCheckpoint } from './checkpoint.ts';
import type { VerifierKey } from './note.ts';
import { parseVerifierKey } from './note.ts';

interface Link {
  readonly vkey: string;
  /** The same, read once: reading it takes half as long as judging a signature by it. */
  readonly key: VerifierKey;
  /** Of the entry that names it; -1 of the first. */
  readonly index: number;
}

export class KeyChain {
  readonly #links: Link[];
  /** How many of them a checkpoint that they signed has been seen of. */
  #vouched = 1;

  /** Throws `verifier_key_unreadable`. */
  constructor(first: string) {
    this.#links = [{ vkey: first, key: parseVerifierKey(first), index: -1 }];
  }

  /** Oldest first. */
  get vkeys(): string[] {
    return this.#links.map(({ vkey }) => vkey);
  }

  /** The entry `index` says that `to` signs after `from`. What is wrong with that, or null. Call it in the order of the log. */
  rotate(index: number, from: string, to: string): string | null {
    if (from !== this.#links.at(-1)?.vkey)
      return `it says that ${from} signed until then, and that key did not`;
    let key;
    try {
      key = parseVerifierKey(to);
    } catch {
      return `${to} is no verifier key`;
    }
    if (key.name !== this.#links.at(-1)?.key.name) return `${to} is the key of another log`;
    this.#links.push({ vkey: to, key, index });
    return null;
  }

  /**
   * Reads a checkpoint that must be this log's; all rotations before its size must have been told. Throws
   * `checkpoint_forged` where a signature is missing that has to be there, or what `openCheckpoint` throws.
   */
  open(note: string, size: number): Checkpoint {
    const covered = this.#links.filter(({ index }) => index < size).length;
    // From the last key that was vouched for, up to the newest that this checkpoint covers: one, unless it was rotated.
    const signers = this.#links.slice(Math.min(this.#vouched, covered) - 1, covered);
    const [checkpoint] = signers.map(({ key }) => openCheckpoint(note, key));
    if (checkpoint === undefined) throw new RangeError('a log has at least one key');
    this.#vouched = Math.max(this.#vouched, covered);
    return checkpoint;
  }
}
