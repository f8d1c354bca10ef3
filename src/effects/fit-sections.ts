/**
 * Puts a check run's sections together within GitHub's limit. What doesn't fit is taken from the least important
 * section first, whole rows at a time, and each section says how much of it is missing. Sections of weight `Infinity` are
 * never touched: they hold the verdict, and are small by construction.
 */
import { byteLength } from './clip.ts';

/** GitHub's limit on a check run's summary and on its text, in bytes. */
export const CHECK_RUN_LIMIT = 65_535;
/** What is left free in each, so that the ledger's proof can be put in when it is known. */
export const PROOF_ROOM = 6_000;

export interface Section {
  /** The heavier, the later it is shortened. */
  readonly weight: number;
  /** What stands before the items: a heading, a table's header. */
  readonly head: string;
  /** Lines that can be left out one by one. */
  readonly items: readonly string[];
  /** Which of them stay: the first, or, of a program's output, the last. */
  readonly keep: 'first' | 'last';
  /** How many more there are that aren't among the items at all. */
  readonly beyond: number;
  /** What stands after them: an end of a fold. */
  readonly foot: string;
  /** The line that says that `left` were left out. */
  readonly more: (left: number) => string;
  /** How many items are kept as long as some other section can still be shortened. */
  readonly floor: number;
}

/** A section that is shown whole or not at all. */
export function block(weight: number, head: string): Section {
  return { weight, head, items: [], keep: 'first', beyond: 0, foot: '', more: () => '', floor: 0 };
}

/** The sections as one text of at most `limit` bytes; empty ones are skipped. */
export function fitSections(sections: readonly Section[], limit = CHECK_RUN_LIMIT - PROOF_ROOM): string {
  const shown = sections.filter(({ head, items }) => head !== '' || items.length > 0);
  const kept = shown.map((section) => section.items.length);
  const order = shown
    .map((section, index) => ({ section, index }))
    .filter(({ section }) => section.weight !== Infinity)
    .toSorted((a, b) => a.section.weight - b.section.weight);
  const size = () => shown.reduce((sum, section, index) => sum + sizeOf(section, kept[index] ?? 0), 0);

  for (const least of ['floor', 'none', 'dropped'] as const) {
    for (const { section, index } of order) {
      const over = size() - limit;
      if (over <= 0) break;
      kept[index] =
        least === 'dropped'
          ? -1
          : shorten(section, kept[index] ?? 0, over, least === 'floor' ? section.floor : 0);
    }
  }
  return shown
    .map((section, index) => show(section, kept[index] ?? 0))
    .filter((text) => text !== '')
    .join('\n\n');
}

/** How many items stay when at least `over` bytes have to go, but never fewer than `least`. */
function shorten(section: Section, kept: number, over: number, least: number): number {
  const target = sizeOf(section, kept) - over;
  let fits = Math.min(least, kept);
  let most = kept;
  while (fits < most) {
    const middle = Math.ceil((fits + most) / 2);
    if (sizeOf(section, middle) <= target) fits = middle;
    else most = middle - 1;
  }
  return fits;
}

function sizeOf(section: Section, kept: number): number {
  return kept < 0 ? 0 : byteLength(show(section, kept)) + 2;
}

function show({ head, items, keep, beyond, more, foot }: Section, kept: number): string {
  if (kept < 0) return '';
  const left = items.length - kept + beyond;
  const some = keep === 'first' ? items.slice(0, kept) : items.slice(items.length - kept);
  const rest = left > 0 ? [more(left)] : [];
  const middle = keep === 'first' ? [...some, ...rest] : [...rest, ...some];
  return [head, ...middle, foot].filter((part) => part !== '').join('\n');
}
