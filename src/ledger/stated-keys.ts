/** What a log says of its own keys, against the key that the reader brought along and against what its entries say. */
import type { Findings } from './finding.ts';

/**
 * The key to begin with. A reader's key may be any of those that signed, for each vouches for the next; one that is none of
 * them is a finding, and judges alone.
 */
export function firstKey(stated: readonly string[], given: string | null, findings: Findings): string {
  const [first, ...later] = stated;
  if (first === undefined) throw new RangeError('a log has at least one key');
  if (given === null || stated.includes(given)) return first;
  findings.add(
    'key_mismatch',
    null,
    `This log says it is signed as ${[first, ...later].join(', then as ')}, which is not the key that was given.`,
  );
  return given;
}

/** What is stated must be what the entries say. `first`: by which key the walk began. */
export function assertRotated(
  stated: readonly string[],
  told: readonly string[],
  first: string,
  findings: Findings,
): void {
  if (first !== stated[0] || stated.join() === told.join()) return;
  findings.add(
    'key_mismatch',
    null,
    `This log is said to be signed as ${stated.join(', then as ')}, and its entries say ${told.join(', then ')}.`,
  );
}
