/** Counts of several logs, or of a log and its archives, as one. */
import type { Erasures } from './erasures.ts';
import type { HeldAndGone } from './finding.ts';

export function sum(counts: readonly number[]): number {
  return counts.reduce((all, count) => all + count, 0);
}

/** `erasures`: all that any of the logs says; what `of` them is counted. */
export function withGone(
  held: number,
  what: 'documents' | 'people',
  of: readonly Erasures[],
  erasures: readonly Erasures[],
): HeldAndGone {
  const gone = of.map((one) => one.gone(what, erasures));
  return {
    held,
    erased: sum(gone.map(({ erased }) => erased)),
    lastErased: lastOf(gone.map(({ lastErased }) => lastErased)),
    absent: sum(gone.map(({ absent }) => absent)),
  };
}

/** The latest of some times; null where there is none. */
function lastOf(times: readonly (string | null)[]): string | null {
  return (
    times
      .filter((time) => time !== null)
      .toSorted()
      .at(-1) ?? null
  );
}
