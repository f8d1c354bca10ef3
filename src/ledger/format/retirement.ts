/**
 * What a `ledger.pruned` entry says: that every entry below an index is kept outside, in an archive whose checkpoint it holds, and
 * which of them stay here all the same.
 * The sequencer gives an index to none that the owner didn't state. Still it explains why bytes are missing, and proves nothing else:
 * the archive does.
 */
import { parseCheckpoint } from './checkpoint.ts';
import type { EntryContent } from './entry.ts';
import { IndexRanges } from './index-ranges.ts';
import { TILE_WIDTH } from './tiles.ts';

export interface Retirement {
  /** Of the entry that says so. */
  readonly index: number;
  /** Entries below it may have no bytes here, but for those that are kept. */
  readonly minimum: number;
  readonly kept: IndexRanges;
  /** The archive's checkpoint: how many entries it is over, and the signed note. */
  readonly archive: { readonly size: number; readonly note: string };
}

/** Null where the entry says no such thing, or nothing that can be so: an archive can't be newer than the entry that names it. */
export function retirementIn(index: number, { ledger }: EntryContent): Retirement | null {
  if (ledger?.act !== 'pruned' || ledger.minimum % TILE_WIDTH !== 0) return null;
  try {
    const { size } = parseCheckpoint(ledger.archive);
    const kept = IndexRanges.parse(ledger.kept);
    if (kept === null || kept.end > ledger.minimum || ledger.minimum > size || size > index) return null;
    return { index, minimum: ledger.minimum, kept, archive: { size, note: ledger.archive } };
  } catch {
    return null;
  }
}

/** Of two, the one that reaches further. */
export function furthest(one: Retirement | null, other: Retirement | null): Retirement | null {
  return (other?.minimum ?? 0) > (one?.minimum ?? 0) ? other : one;
}
