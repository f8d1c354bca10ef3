/** What verification reads a log from: the database or an exported directory. It trusts none of it. */
import type { EntryContent } from '../format/entry.ts';
import type { Findings } from './finding.ts';

export interface LogSource {
  /** The key that signed first; the log's entries tell of those after it. */
  readonly vkey: string;
  /** Of rotations that came before that key, and that its signature over all of them vouches for: by the index of the entry. */
  readonly vouched?: ReadonlyMap<number, Rotation> | null;
  /** How many entries there should be: the most that anything in the source says. */
  readonly size: number;
  /** Below it bytes may be missing, as the source says; believed once the walk has met the entry that says the same. */
  readonly claimedMinimum: number;
  /** Whether it has no place for entries below that: then those that stay where the log is kept aren't missing here. */
  readonly bare?: boolean;
  /** Whether archives were given to read it together with: then no bytes may be missing. */
  readonly archived?: boolean;
  /** The entries `256 × index` onward, `width` of them; null where there is neither bytes nor a name. */
  bundle(index: number, width: number): Promise<readonly (SourceEntry | null)[]>;
  /** A full bundle whose entries, tile and documents all hold; null where it must be looked at entry by entry. */
  whole(index: number): Promise<WholeBundle | null>;
  /** Null where it is gone. `root` is null where the source keeps none. */
  tile(level: number, index: number, width: number): Promise<SourceTile | null>;
  /** All of them, by rising size. */
  checkpoints(): AsyncIterator<SourceCheckpoint, void>;
  /** Looks at what stands beside entries whose bytes hold: projection, documents, people. */
  beside(entries: readonly HeldEntry[], findings: Findings): Promise<void>;
}

/** What an entry says of the log's keys. */
export interface Rotation {
  readonly from: string;
  readonly to: string;
}

export interface SourceEntry {
  readonly bytes: Uint8Array | null;
  readonly id: string | null;
  readonly kind: string | null;
  readonly recordedAt: string | null;
  /** As the source keeps it beside the entry; null where it keeps none. */
  readonly leafHash: Uint8Array | null;
  /** What the untrusted search columns say otherwise than the bytes: a hint at what was there before. */
  readonly hint: () => string | null;
  /** Read from an archive, because the log itself hasn't got it. */
  readonly archived?: boolean;
}

export interface WholeBundle {
  /** The hash over its entries' leaf hashes, which are those of the stored tile. */
  readonly root: Uint8Array;
  /** Looks at what stands beside its entries, as `beside` does. */
  readonly beside: () => Promise<void>;
}

export interface SourceTile {
  readonly hashes: Uint8Array;
  readonly root: Uint8Array | null;
}

export interface SourceCheckpoint {
  readonly size: number;
  /** As the source keeps it beside the note; null where it keeps none. */
  readonly root: Uint8Array | null;
  readonly note: string;
  readonly signedAt: string | null;
  /** What can't be read, in a sentence: then nothing else of it counts. */
  readonly unreadable?: string;
}

export interface HeldEntry {
  readonly index: number;
  readonly content: EntryContent;
}
