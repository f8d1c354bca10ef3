import type { SignedSize } from '../source/finding.ts';
import type { Retired } from '../source/retired-entries.ts';

/** What is known of a log once all of it was looked at. */
export interface VerifiedTree {
  readonly checkpoints: number;
  readonly newest: (SignedSize & { readonly root: Uint8Array }) | null;
  /** Root over all entries, when the trees agree. */
  readonly root: Uint8Array | null;
  /** The keys that signed one after the other, as the log itself says: the first, and each that the one before vouched for. */
  readonly vkeys: readonly string[];
  /** Those of them whose signature is on a checkpoint here. */
  readonly signers: readonly string[];
  /** Keys that the newest entries name as the next ones, under no checkpoint yet. */
  readonly awaited: readonly string[];
  /** Null where every entry has its bytes. */
  readonly retired: Retired | null;
}
