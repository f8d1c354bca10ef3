/** Which of the keys that a reader brought along judges which log: where a log goes on for another one, each has its own. */
import type { Findings } from '../source/finding.ts';
import { parseVerifierKey } from '../format/note.ts';

/** One key, several, or none. */
export type GivenKeys = string | readonly string[] | null | undefined;

/** A key judges the log that it is named for. */
export interface JudgedLog {
  /** Null where nothing says which log it is. */
  readonly origin: string | null;
}

/**
 * The keys that judge each of `logs` (oldest first), in the same order; one that is named for none of them judges the newest.
 * Throws `verifier_key_unreadable` for one that is none: whoever gave it has to know, before anything is said about the log.
 */
export function keysByLog(given: GivenKeys, logs: readonly JudgedLog[]): string[][] {
  const keys = listOf(given);
  for (const key of keys) parseVerifierKey(key);
  const isOf = (key: string, { origin }: JudgedLog): boolean => key.split('+', 1)[0] === origin;
  return logs.map((log, at) =>
    keys.filter(
      (key) => isOf(key, log) || (at === logs.length - 1 && !logs.some((other) => isOf(key, other))),
    ),
  );
}

/**
 * Whoever can write can begin another log after the real one, and sign it himself. So the newest log counts as the reader's only
 * under a key of his: one of a log before says nothing of it.
 */
export function assertNewestGiven(
  given: GivenKeys,
  newest: { readonly origin: string; readonly keys: readonly string[]; readonly stated: string },
  before: string | null,
  findings: Findings,
): void {
  if (listOf(given).length === 0 || newest.keys.length > 0) return;
  findings.add(
    'key_mismatch',
    null,
    `No key was given for ${newest.origin}, the newest log here, which says that it is signed as ${newest.stated}` +
      `${before === null ? '' : ` and goes on for ${before}`}: have its key from its owner too, and give each log’s key with a --vkey of its own.`,
  );
}

export function listOf(given: GivenKeys): readonly string[] {
  if (given === null || given === undefined) return [];
  return typeof given === 'string' ? [given] : given;
}
