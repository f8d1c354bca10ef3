/**
 * A log that goes on for another one: after a restore, or where the one before can't be continued. Its first leaf says so,
 * with the checkpoint that an outsider holds of the log before; what was lost is thereby declared, for good.
 */
import type { LedgerFact } from '../../domain/ledger-fact.ts';
import { CodedError } from '../../domain/coded-error.ts';
import type { Checkpoint } from '../format/checkpoint.ts';
import { openCheckpoint } from '../format/checkpoint.ts';
import { parseEntry } from '../format/entry.ts';
import type { Findings } from '../source/finding.ts';
import type { VerifierKey } from '../format/note.ts';

export type Incarnated = Extract<LedgerFact, { act: 'incarnated' }>;

/** The log before, as it is here. */
export interface EndedLog {
  readonly origin: string;
  readonly keys: readonly VerifierKey[];
  /** Keys whose signature is on a checkpoint of it; null where it couldn't be read to its end, which is a finding of its own. */
  readonly signers: readonly string[] | null;
  readonly size: number;
  /** Base64; null where it couldn't be computed, which is a finding of its own. */
  readonly root: string | null;
  /** Whether all that was integrated is here, or only what was signed: an export has no more. */
  readonly whole: boolean;
}

/** What the first leaf declares. */
export interface Declaration {
  readonly fact: Incarnated;
  readonly witnessed: Checkpoint;
}

/** Null, and a finding, where the first leaf of `origin` doesn't say truly which log it goes on for. */
export function readDeclaration(
  first: Uint8Array | null,
  origin: string,
  before: EndedLog,
  findings: Findings,
): Declaration | null {
  const wrong = (why: string): null => {
    findings.add(
      'incarnation_undeclared',
      0,
      `Entry 0 of ${origin} does not say truly why this log goes on for ${before.origin}: ${why}.`,
    );
    return null;
  };
  const fact = factOf(first);
  if (fact === null) return wrong('it is no ledger.incarnated');
  const { predecessor } = fact;
  if (predecessor.origin !== before.origin) return wrong(`it names ${predecessor.origin}`);
  const ends = before.whole ? predecessor.size === before.size : predecessor.size >= before.size;
  if (!ends) return wrong(`it says that log ended at ${predecessor.size}, and it ends at ${before.size}`);
  if (predecessor.size === before.size && before.root !== null && predecessor.root !== before.root)
    return wrong(`it says another root of those ${before.size} entries than they have`);
  if (before.signers?.includes(predecessor.vkey) === false)
    return wrong(`it says that log was signed as ${predecessor.vkey}, and no checkpoint of it here is`);
  const witnessed = opened(fact.witnessed, before.keys);
  if (witnessed === null)
    return wrong('the checkpoint that it says an outsider holds is not signed by that log');
  const least = predecessor.signed ?? Math.min(witnessed.size, predecessor.size);
  if (before.size < least) {
    findings.add(
      'incarnation_undeclared',
      before.size,
      `${before.origin} is not all here: it had signed ${least} entries when ${origin} went on for it, as entry 0 of that says, and only the first ` +
        `${before.size} are here. This may be an older copy of it that was put in its place.`,
    );
    return null;
  }
  return { fact, witnessed };
}

/** The fact in an entry's bytes; null where it is none of this kind. */
export function factOf(bytes: Uint8Array | null): Incarnated | null {
  if (bytes === null) return null;
  try {
    const { kind, ledger } = parseEntry(bytes);
    return kind === 'ledger.incarnated' && ledger?.act === 'incarnated' ? ledger : null;
  } catch (error) {
    if (error instanceof CodedError) return null;
    throw error;
  }
}

/** `ORIGIN/1 ended at 900; checkpoint 1000 is held by a witness: 100 entries were lost, as …` */
export function endOf({ fact, witnessed }: Declaration, origin: string): string {
  const { predecessor } = fact;
  const says = `as ledger.incarnated (entry 0 of ${origin}) says`;
  const ended = `${predecessor.origin} ended at ${predecessor.size}`;
  const lost = witnessed.size - predecessor.size;
  if (lost > 0) {
    return `${ended}; checkpoint ${witnessed.size} is held by a witness: ${lost === 1 ? '1 entry was' : `${lost} entries were`} lost, ${says}`;
  }
  if (lost === 0 && witnessed.root.toString('base64') === predecessor.root)
    return `${ended}, and nothing of it was lost, ${says}`;
  return `${ended}; what it held before checkpoint ${witnessed.size} was witnessed otherwise, or was not signed, ${says}`;
}

function opened(note: string, keys: readonly VerifierKey[]): Checkpoint | null {
  for (const key of keys) {
    try {
      return openCheckpoint(note, key);
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
    }
  }
  return null;
}
