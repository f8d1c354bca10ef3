/** Counts of several logs, or of a log and its archives, as one. */
import type { Erasures } from './erasures.ts';
import type { HeldAndErased } from './finding.ts';

export function sum(counts: readonly number[]): number {
  return counts.reduce((all, count) => all + count, 0);
}

/** The latest of some times; null where there is none. */
export function lastOf(times: readonly (string | null)[]): string | null {
  return (
    times
      .filter((time) => time !== null)
      .toSorted()
      .at(-1) ?? null
  );
}

/** `erasures`: all that any of the logs says. */
export function documentsOf(
  logs: readonly { readonly documents: { readonly held: number; readonly erased: number } }[],
  erasures: readonly Erasures[],
): HeldAndErased {
  return {
    held: sum(logs.map(({ documents }) => documents.held)),
    erased: sum(logs.map(({ documents }) => documents.erased)),
    lastErased: lastOf(erasures.map((one) => one.last('documents', erasures))),
  };
}
