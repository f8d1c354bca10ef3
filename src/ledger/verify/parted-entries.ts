/**
 * Entries of which bytes and stored hash differ, or of which the bytes are gone, and how they are named once a checkpoint has
 * told which is right.
 */
import type { EntryContent } from '../format/entry.ts';
import type { Findings, SignedSize } from '../source/finding.ts';
import { checkpointName, entryName } from '../source/finding.ts';
import type { SourceEntry } from '../source/log-source.ts';
import { goneUnsaid } from '../source/retired-entries.ts';

export interface PartedEntry {
  readonly index: number;
  /** Of a run of entries that are gone; otherwise `index`. However many are gone, they take one place in memory. */
  readonly last: number;
  readonly entry: SourceEntry | null;
  readonly content: EntryContent | null;
}

export function isGone({ entry }: PartedEntry): boolean {
  return entry === null || entry.bytes === null;
}

function isRun({ index, last }: PartedEntry): boolean {
  return last > index;
}

/** To the end of the list; entries that are gone one after the other become one run. */
export function addParted(list: PartedEntry[], parted: PartedEntry): void {
  const before = list.at(-1);
  if (before !== undefined && isGone(before) && isGone(parted) && before.last + 1 === parted.index) {
    list[list.length - 1] = { ...before, last: parted.last };
  } else list.push(parted);
}

/** As a sentence about the entry begins. */
export function nameOf({ index, entry, content }: Omit<PartedEntry, 'last'>): string {
  return entryName({
    index,
    id: entry?.id ?? content?.id ?? null,
    kind: entry?.kind ?? content?.kind ?? null,
    recordedAt: entry?.recordedAt ?? content?.recorded ?? null,
  });
}

/** Those that no checkpoint covers. `lost`: where one before them couldn't be made sense of, nobody knows whether one did. */
export function addUnsigned(all: readonly PartedEntry[], lost: boolean, findings: Findings): void {
  for (const parted of all) {
    const what = isGone(parted) ? 'is gone' : 'or its stored hash was altered';
    const when = lost ? '' : ', before any checkpoint covered it';
    findings.add(
      isGone(parted) ? 'entry_deleted' : 'entry_altered',
      parted.index,
      isRun(parted)
        ? `${goneUnsaid(parted.index, parted.last)}${when}.`
        : `${nameOf(parted)} ${what}${when}.`,
    );
  }
}

/** Those that were proven altered. `newest`: the last checkpoint over them that holds. */
export function addAltered(all: readonly PartedEntry[], newest: SignedSize, findings: Findings): void {
  const good = `was last known good under ${checkpointName(newest)}`;
  for (const parted of all) {
    const { index, entry } = parted;
    if (isRun(parted)) {
      const they = `they ${good.replace('was', 'were')}`;
      findings.add('entry_deleted', index, `${goneUnsaid(index, parted.last)}; ${they}.`);
      continue;
    }
    const said = entry?.hint() ?? null;
    const hint = said === null ? '' : ` (${said})`;
    findings.add(
      isGone(parted) ? 'entry_deleted' : 'entry_altered',
      index,
      `${nameOf(parted)} was ${isGone(parted) ? 'deleted' : 'altered'}${hint}; it ${good}.`,
    );
  }
}
