/** What a log says of its own keys, against the keys that the reader brought along and against what its entries and signatures say. */
import { CodedError } from '../../domain/coded-error.ts';
import type { Findings } from '../source/finding.ts';
import { parseVerifierKey } from '../format/note.ts';
import type { Query } from '../store/query.ts';
import type { VerifiedTree } from './verified-tree.ts';

/**
 * Those that are keys. Anybody who can write to the database, or who hands over an export, can put anything in their place, which must
 * hide nothing else. `who`: a sentence about who can have done it.
 */
export function readableKeys(
  stated: readonly string[],
  findings: Findings | null,
  who = 'Whoever put it into ledger.log or ledger.log_key can write to this database.',
): string[] {
  return stated.filter((vkey) => {
    try {
      parseVerifierKey(vkey);
      return true;
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      findings?.add(
        'key_mismatch',
        null,
        `This log names a key as its own that is none, so it is judged without that: ${error.message} ${who}`,
      );
      return false;
    }
  });
}

/** A rotation's row and its entry are recorded in one transaction: a row whose entry neither has nor awaits an index was put there alone. */
export async function verifyKeyRows(query: Query, logId: number, findings: Findings): Promise<void> {
  const rows = await query<{ number: number; vkey: string }>(
    `SELECT number, vkey FROM ledger.log_key k WHERE log_id = $1
       AND NOT EXISTS (SELECT FROM ledger.integration i WHERE i.entry_id = k.entry_id)
       AND NOT EXISTS (SELECT FROM ledger.pending p WHERE p.entry_id = k.entry_id) ORDER BY number LIMIT 10`,
    [logId],
  );
  for (const { number, vkey } of rows)
    findings.add(
      'key_mismatch',
      null,
      `Row ${number} of ledger.log_key says that ${JSON.stringify(vkey.slice(0, 300))} signs this log, and no entry does: somebody with the writer’s login put it there.`,
    );
}

/**
 * The key to begin with. A reader's key may be any of those that signed, for each vouches for the next; one that is none of
 * them is a finding, and where there is no other it judges alone.
 */
export function firstKey(stated: readonly string[], given: readonly string[], findings: Findings): string {
  const [first, ...later] = stated;
  if (first === undefined) throw new RangeError('a log has at least one key');
  for (const key of given) {
    if (stated.includes(key)) continue;
    findings.add(
      'key_mismatch',
      null,
      `This log says it is signed as ${[first, ...later].join(', then as ')}, which is not the key that was given.`,
    );
  }
  return given.length === 0 || given.some((key) => stated.includes(key)) ? first : (given[0] ?? first);
}

/**
 * Naming a key is anybody's to do: one that was given must have signed a checkpoint here. Only for a log whose tree holds, for
 * the walk through any other ends before the last signature.
 */
export function assertSigned(
  stated: readonly string[],
  given: readonly string[],
  { signers }: VerifiedTree,
  findings: Findings,
): void {
  for (const key of given) {
    if (signers.includes(key) || !stated.includes(key)) continue;
    findings.add(
      'key_mismatch',
      null,
      `This log names the key that was given (${key}) as one of its own, and no checkpoint here is signed by it, so nothing shows that ` +
        'this is the log of whoever has that key: compare it with a copy that you have from them.',
    );
  }
}

/** What is stated must be what the entries say and the checkpoints bear out. `first`: by which key the walk began. */
export function assertRotated(
  stated: readonly string[],
  { vkeys, awaited }: VerifiedTree,
  first: string,
  findings: Findings,
): void {
  const told = [...vkeys, ...awaited];
  if (first !== stated[0] || stated.join() === told.join()) return;
  findings.add(
    'key_mismatch',
    null,
    `This log is said to be signed as ${stated.join(', then as ')}, and its entries and checkpoints say ${told.join(', then ')}.`,
  );
}
