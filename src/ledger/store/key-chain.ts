/**
 * Who must have signed a checkpoint of a log whose key was rotated. It starts from one key and follows the rotations that
 * the log's own entries tell of; the key before vouches for the key after, by signing the first checkpoint over that entry.
 * Until it did, a rotation is no more than an entry, which anybody may have recorded who can write to the log.
 */
import { CodedError } from '../../domain/coded-error.ts';
import type { Checkpoint } from '../format/checkpoint.ts';
import { openCheckpoint } from '../format/checkpoint.ts';
import type { VerifierKey } from '../format/note.ts';
import { parseNote, parseVerifierKey, signedBy } from '../format/note.ts';
import { rotatesKeyOf } from '../format/rotates-key-of.ts';

interface Link {
  readonly vkey: string;
  /** The same, read once: reading it takes half as long as judging a signature by it. Null: it is no key, and opens nothing. */
  readonly key: VerifierKey | null;
  /** Of the entry that names it; -1 of the first. */
  readonly index: number;
  /** Whether a checkpoint was opened that has its signature. */
  signed: boolean;
}

/** What an entry says; whether it is so, the first checkpoint over it shows. */
interface ToldRotation {
  readonly index: number;
  readonly from: string;
  readonly to: string;
  readonly key: VerifierKey;
}

/** A rotation that took no effect: the first checkpoint over its entry, which the key before signed, isn't signed by the new one. */
export interface UnfoundedRotation {
  readonly index: number;
  readonly from: string;
  readonly to: string;
  /** Of that checkpoint. */
  readonly size: number;
}

export class KeyChain {
  readonly #links: [Link, ...Link[]];
  readonly #before: readonly (VerifierKey | null)[];
  /** Rotations that no checkpoint has covered yet, in the order of the log. */
  #told: ToldRotation[] = [];
  #unfounded: UnfoundedRotation[] = [];

  /**
   * What is no key is the first link all the same: then no checkpoint opens, and all else can still be judged. `before`: keys that signed
   * before it, as the log says under its signature; they open what is past and nothing else.
   */
  constructor(first: string, before: readonly string[] = []) {
    this.#links = [{ vkey: first, key: verifierKeyIn(first), index: -1, signed: false }];
    this.#before = before.map(verifierKeyIn);
  }

  /** The first, and those that took effect since; oldest first. */
  get vkeys(): string[] {
    return this.#links.map(({ vkey }) => vkey);
  }

  /** Those of them whose signature is on a checkpoint that was opened. */
  get signers(): string[] {
    return this.#links.flatMap(({ vkey, signed }) => (signed ? [vkey] : []));
  }

  /** Keys that entries name as the next ones, under no checkpoint yet. */
  get awaited(): string[] {
    return this.#told.map(({ to }) => to);
  }

  /** The entry `index` says that `to` signs after `from`. What is wrong with that, or null. Call it in the order of the log. */
  rotate(index: number, from: string, to: string): string | null {
    const { vkey } = this.#newest();
    const origin = vkey.split('+', 1)[0] ?? '';
    // A log that goes on for another one takes over what waited there: that is no word about its own key.
    if (!rotatesKeyOf(origin, { from, to })) return null;
    if (from !== vkey && !this.awaited.includes(from))
      return `it says that ${from} signed until then, and that key did not`;
    if (to === from) return `it names ${to} as the next one, which signs already`;
    const key = verifierKeyIn(to);
    if (key === null) return `${to} is no verifier key`;
    if (key.name !== origin) return `${to} is the key of another log`;
    this.#told.push({ index, from, to, key });
    return null;
  }

  /**
   * Reads a checkpoint that must be this log's; all rotations before its size must have been told. Throws
   * `checkpoint_forged` where a signature is missing that has to be there, or what `openCheckpoint` throws.
   */
  open(note: string, size: number): Checkpoint {
    const signer = this.#links.findLast(({ index }) => index < size) ?? this.#links[0];
    const checkpoint = openBy(signer.key, note);
    signer.signed = true;
    if (signer === this.#newest()) this.#judge(note, size);
    return checkpoint;
  }

  /** Reads a checkpoint of the past, which any of the log's keys may have signed; null where none did. Nothing follows from it. */
  openPast(note: string): Checkpoint | null {
    for (const key of [...this.#links.map((link) => link.key), ...this.#before]) {
      try {
        return openBy(key, note);
      } catch (error) {
        if (!(error instanceof CodedError)) throw error;
      }
    }
    return null;
  }

  /** Those that were found since this was last asked. */
  takeUnfounded(): UnfoundedRotation[] {
    const taken = this.#unfounded;
    this.#unfounded = [];
    return taken;
  }

  /** `note` has the newest key's signature. Each rotation that it covers takes effect with it, or never. */
  #judge(note: string, size: number): void {
    const covered = this.#told.filter(({ index }) => index < size);
    if (covered.length === 0) return;
    this.#told = this.#told.filter(({ index }) => index >= size);
    const parsed = parseNote(note);
    for (const { index, from, to, key } of covered) {
      // A forged one beside the true one names the same key before, so each is asked by itself.
      if (from === this.#newest().vkey && signedBy(parsed, key))
        this.#links.push({ vkey: to, key, index, signed: true });
      else this.#unfounded.push({ index, from, to, size });
    }
  }

  #newest(): Link {
    return this.#links.at(-1) ?? this.#links[0];
  }
}

function openBy(key: VerifierKey | null, note: string): Checkpoint {
  if (key === null)
    throw new CodedError('checkpoint_forged', 'there is no key by which its signature could be judged.');
  return openCheckpoint(note, key);
}

function verifierKeyIn(vkey: string): VerifierKey | null {
  try {
    return parseVerifierKey(vkey);
  } catch (error) {
    if (error instanceof CodedError) return null;
    throw error;
  }
}
