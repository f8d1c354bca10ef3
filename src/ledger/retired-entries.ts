/**
 * Keeps the account of entries whose bytes are missing below a claimed minimum while a log is verified. A claim says where to
 * expect them missing; only an entry of the log itself, under a checkpoint, makes it good. Else they are simply gone.
 */
import type { EntryContent } from './entry.ts';
import type { Findings } from './finding.ts';
import { sameHash } from './hash.ts';
import type { SourceEntry } from './log-source.ts';
import type { Retirement } from './retirement.ts';
import { furthest, retirementIn } from './retirement.ts';

/** Entries that were retired: those below `minimum`, of which so many have no bytes here. */
export interface Retired {
  readonly minimum: number;
  readonly missing: number;
  /** The entry that says so, and the size of the checkpoint of the archive that it names. */
  readonly statedBy: number;
  readonly archive: number;
  /** The first of those without bytes, and the archive's signed checkpoint, as that entry has it. */
  readonly first: number;
  readonly note: string;
}

export class RetiredEntries {
  readonly #claimed: number;
  #missing = 0;
  #first = 0;
  #last = -1;
  #stated: Retirement | null = null;

  constructor(claimed: number) {
    this.#claimed = claimed;
  }

  claims(index: number): boolean {
    return index < this.#claimed;
  }

  /** The stored hash stands in for the bytes; the index's own copy of it has to be the same. */
  standIn(index: number, entry: SourceEntry | null, stored: Uint8Array, findings: Findings): void {
    if (this.#missing === 0) this.#first = index;
    this.#missing += 1;
    this.#last = index;
    const indexed = entry?.leafHash ?? null;
    if (indexed === null || sameHash(indexed, stored)) return;
    findings.add(
      'hash_altered',
      index,
      `The hash of entry ${index}, which was retired, was altered in ledger.integration.`,
    );
  }

  /** An entry whose bytes hold. */
  met(index: number, content: EntryContent): void {
    this.#stated = furthest(this.#stated, retirementIn(index, content));
  }

  /** `signed`: how many entries are under a checkpoint that holds. */
  judge(signed: number, findings: Findings): Retired | null {
    if (this.#missing === 0) return null;
    const stated = this.#stated !== null && this.#stated.index < signed ? this.#stated : null;
    if (stated === null || this.#last >= stated.minimum) {
      const first = Math.max(this.#first, stated?.minimum ?? 0);
      findings.add('entry_deleted', first, `${goneUnsaid(first, this.#last)}.`);
    }
    return stated === null
      ? null
      : {
          minimum: stated.minimum,
          missing: this.#missing,
          statedBy: stated.index,
          archive: stated.archive.size,
          first: this.#first,
          note: stated.archive.note,
        };
  }
}

/** `Entries 0 to 511 are gone, and no entry says that they were retired` */
export function goneUnsaid(first: number, last: number): string {
  return first === last
    ? `Entry ${first} is gone, and no entry says that it was retired`
    : `Entries ${first} to ${last} are gone, and no entry says that they were retired`;
}
