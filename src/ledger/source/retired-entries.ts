/**
 * Keeps the account of entries whose bytes are missing below a claimed minimum while a log is verified. A claim says where to
 * expect them missing; only an entry of the log itself, under a checkpoint, makes it good, and only if the archive that it
 * names is one of this log. Else they are simply gone.
 */
import type { EntryContent } from '../format/entry.ts';
import type { Findings } from './finding.ts';
import { sameHash } from '../format/hash.ts';
import type { SourceEntry } from './log-source.ts';
import type { Retirement } from '../format/retirement.ts';
import { retirementIn } from '../format/retirement.ts';

/** Entries that were retired: those below `minimum`, of which so many have no bytes here. */
export interface Retired {
  readonly minimum: number;
  readonly missing: number;
  /** The entry that says so, and the size of the checkpoint of the archive that it names. */
  readonly statedBy: number;
  readonly archive: number;
}

/** What the account of a log is judged by, once all of it was read. */
export interface RetirementJudge {
  /** How many entries are under a checkpoint that holds. */
  readonly signed: number;
  /** Whether a note is a checkpoint of this very log. */
  readonly isOwn: (note: string) => Promise<boolean>;
  /** Whether archives were given: then nothing may be missing any more. */
  readonly archived: boolean;
  /** {@link LogSource.bare} */
  readonly bare: boolean;
}

interface Gap {
  readonly first: number;
  last: number;
  readonly archived: boolean;
}

export class RetiredEntries {
  readonly #claimed: number;
  #missing = 0;
  #first = 0;
  #last = -1;
  /** Those that the log itself hasn't got, in the order of the log: bounded by how many stay between them. */
  readonly #gaps: Gap[] = [];
  /** By the order of the log. There is one a year, but for those that somebody forges. */
  readonly #stated: Retirement[] = [];

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
    this.#gap(index, false);
    const indexed = entry?.leafHash ?? null;
    if (indexed !== null && !sameHash(indexed, stored)) addAlteredIndex(index, findings);
  }

  /** An archive has it, and the log itself doesn't. */
  elsewhere(index: number): void {
    this.#gap(index, true);
  }

  #gap(index: number, archived: boolean): void {
    const last = this.#gaps.at(-1);
    if (last?.last === index - 1 && last.archived === archived) last.last = index;
    else this.#gaps.push({ first: index, last: index, archived });
  }

  /** An entry whose bytes hold. */
  met(index: number, content: EntryContent): void {
    const retirement = retirementIn(index, content);
    if (retirement !== null) this.#stated.push(retirement);
  }

  async judge(
    { signed, isOwn, archived, bare }: RetirementJudge,
    findings: Findings,
  ): Promise<Retired | null> {
    if (this.#gaps.length === 0) return null;
    let believed: Retirement | null = null;
    let refused: Retirement | null = null;
    // What nobody signed yet says nothing yet; then the one before it still does. Of two about the same entries the newer one counts.
    const stated = this.#stated.filter(({ index }) => index < signed);
    for (const one of stated.toSorted((a, b) => b.minimum - a.minimum || b.index - a.index)) {
      if (await isOwn(one.archive.note)) {
        believed = one;
        break;
      }
      refused ??= one;
    }
    if (believed !== null && !bare) this.#addKept(believed, findings);
    this.#addArchivedOnly(believed?.minimum ?? 0, findings);
    if (this.#missing === 0) return null;
    let first = Math.max(this.#first, believed?.minimum ?? 0);
    if (refused !== null && first <= this.#last && first < refused.minimum) {
      findings.add(
        'entry_deleted',
        first,
        `Entry ${refused.index} says that the entries below ${refused.minimum} are in an archive, and the checkpoint that it gives of it is none of this log's: nothing shows that they were kept.`,
      );
      first = refused.minimum;
    }
    if (first <= this.#last) findings.add('entry_deleted', first, `${goneUnsaid(first, this.#last)}.`);
    if (believed === null) return null;
    if (archived && this.#first < believed.minimum) this.#addUnarchived(believed, findings);
    return {
      minimum: believed.minimum,
      missing: this.#missing,
      statedBy: believed.index,
      archive: believed.archive.size,
    };
  }

  /** What the retirement itself says that it left here went afterwards, or with it and against its word. */
  #addKept({ index, kept }: Retirement, findings: Findings): void {
    for (const gap of this.#gaps) {
      for (const [first, last] of kept.within(gap.first, gap.last)) {
        const [are, they, were] = first === last ? ['is', 'it', 'was'] : ['are', 'they', 'were'];
        findings.add(
          'entry_deleted',
          first,
          `${rangeOf(first, last)} ${are} gone from here, and ${were} not retired: entry ${index}, which says what was, says that ${they} ${first === last ? 'stays' : 'stay'}` +
            `${gap.archived ? `; an archive that was given has ${first === last ? 'its' : 'their'} bytes` : ''}.`,
        );
      }
    }
  }

  /** An archive shows what an entry was, and not why it is gone from here. */
  #addArchivedOnly(minimum: number, findings: Findings): void {
    for (const { last, archived, ...gap } of this.#gaps) {
      const first = Math.max(gap.first, minimum);
      if (!archived || first > last) continue;
      findings.add(
        'entry_deleted',
        first,
        `${goneUnsaid(first, last)}; an archive that was given has ${first === last ? 'its' : 'their'} bytes.`,
      );
    }
  }

  #addUnarchived({ index, minimum, archive }: Retirement, findings: Findings): void {
    const last = Math.min(this.#last, minimum - 1);
    const one = this.#first === last;
    const range = rangeOf(this.#first, last);
    // Between them may be some that are here.
    const which =
      this.#missing > last - this.#first ? range : `Of the entries ${this.#first} to ${last} some`;
    const [is, it, was] = one ? ['is', 'it', 'was'] : ['are', 'they', 'were'];
    findings.add(
      'entry_deleted',
      this.#first,
      `${which} ${is} in none of the archives that were given, and entry ${index} says that ${it} ${was} retired to the one under checkpoint ${archive.size}: ` +
        `give that with another --archive; if nobody has it, ${it} ${is} lost.`,
    );
  }
}

/** Which entry has which index isn't retired, so the hash that stands there still has to be right. */
export function addAlteredIndex(index: number, findings: Findings): void {
  findings.add(
    'hash_altered',
    index,
    `The hash of entry ${index}, which was retired, was altered in ledger.integration.`,
  );
}

/** `Entries 0 to 511 are gone, and no entry says that they were retired` */
export function goneUnsaid(first: number, last: number): string {
  const how =
    first === last ? 'is gone, and no entry says that it was' : 'are gone, and no entry says that they were';
  return `${rangeOf(first, last)} ${how} retired`;
}

function rangeOf(first: number, last: number): string {
  return first === last ? `Entry ${first}` : `Entries ${first} to ${last}`;
}
