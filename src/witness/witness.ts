/**
 * This room owns how checkpoints get to somebody outside and how what they hold comes back. It gives outsiders signed heads
 * and consistency proofs, never an entry; what it is told it takes for a stranger's word until the log's signature (or the
 * witness's own) was verified. It never writes to the ledger but for the rows that say who has which checkpoint.
 *
 * Terminology: a witness *holds* checkpoints; we *offer* it the newest; it *contradicts* when what it holds isn't a beginning
 * of what is here. A contradiction is for good, anything else that goes wrong with a witness is an outage and is tried again.
 */
import { CodedError } from '../domain/coded-error.ts';
import type { Contradiction, HeldCheckpoint } from '../ledger/verify/witnessed.ts';

export interface Witness {
  /** Says which it is, and nothing secret. */
  readonly name: string;
  readonly everySeconds: number;
  /** The newest that it holds; null where it holds none, `unknown` where it can't be asked without offering it something. */
  newest(origin: string): Promise<HeldCheckpoint | null | 'unknown'>;
  /** All that it holds, as far as it keeps them. */
  history(origin: string): Promise<readonly HeldCheckpoint[]>;
  /** Brings a checkpoint to it. Throws what {@link isContradiction} knows, or a CodedError that says what to mend. */
  offer(offer: Offer): Promise<Accepted>;
}

export interface Offer {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
  /** The signed checkpoint, which is committed: it must never be taken back. */
  readonly note: string;
  /** The size that it had from us last, as far as we know: a hint. */
  readonly last: number;
  /**
   * What it holds (one at least), in its order. Throws a contradiction where the largest that the log's keys signed, or the last, isn't a beginning of
   * the log here; else that largest one, null where there is none.
   */
  assertContinues<T extends HeldCheckpoint>(held: readonly T[]): Promise<T | null>;
  /** Consistency proof from `earlier` to `size`. */
  prove(earlier: number): Promise<readonly Uint8Array[]>;
  /** How far the log here has grown by now: what an outsider may have seen at most. */
  sizeNow(): Promise<number>;
}

export interface Accepted {
  readonly size: number;
  /** The commit, or the cosignature line. */
  readonly evidence: string;
}

/** What a contradiction's sentence ends with. */
export const MEND =
  'Nothing is appended here. Restore a newer copy of the database; if there is none, go on as a new log with `countersign incarnate` (docs/ledger.md, "After a restore").';

/** An error that stops appending; its code says which contradiction. */
export function contradictionError({ code, sentence }: Pick<Contradiction, 'code' | 'sentence'>): CodedError {
  return new CodedError(`ledger_${code}`, `${sentence} ${MEND}`);
}

/** Whether an error says that a witness contradicts this ledger. */
export function isContradiction(error: unknown): error is CodedError {
  return (
    error instanceof CodedError &&
    ['ledger_rolled_back', 'ledger_forked', 'ledger_witness_forged'].includes(error.code)
  );
}
