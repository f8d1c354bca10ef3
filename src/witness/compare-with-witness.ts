/** Asks an outsider what it holds of a log and compares that with the database; reads both and writes nothing. */
import type { DatabaseLog } from '../ledger/verify/compared-log.ts';
import { readDatabaseLog } from '../ledger/verify/compared-log.ts';
import type { Query } from '../ledger/store/query.ts';
import type { Contradiction, HeldCheckpoint } from '../ledger/verify/witnessed.ts';
import { compareWitnessed, largestSigned, signedOf } from '../ledger/verify/witnessed.ts';
import type { Witness } from './witness.ts';

/** A log by its name, and the key that signs it. */
export interface LogIdentity {
  readonly origin: string;
  readonly vkey: string;
}

export interface Comparison {
  /** The largest that is signed by the log's keys, or what it holds where none is. `unknown`: it can't be asked without offering it something. */
  readonly newest: HeldCheckpoint | null | 'unknown';
  readonly contradiction: Contradiction | null;
  readonly log: DatabaseLog;
}

/** Throws where the witness can't be asked. */
export async function compareWithWitness(
  query: Query,
  witness: Witness,
  { origin, vkey }: LogIdentity,
): Promise<Comparison> {
  // In this order: the log may grow, and be witnessed, while the answer is on its way.
  const last = await witness.newest(origin);
  const history = last === 'unknown' ? [] : await witness.history(origin);
  const log = await readDatabaseLog(query, origin, vkey);
  if (last === 'unknown') return { newest: last, contradiction: null, log };
  const held = last === null ? history : [...history, last];
  // Whoever can push to a branch can put an older checkpoint on top of it, to hide the one that shows what was lost.
  const newest = largestSigned(held, log.keys) ?? last ?? history.at(-1) ?? null;
  if (newest === null) return { newest, contradiction: null, log };
  const contradiction = await compareWitnessed(
    log,
    newest === last || last === null ? [newest] : [newest, last],
  );
  if (contradiction === null) return { newest, contradiction, log };
  // All that it holds says where the histories part, save for what anybody wrote there. It must not make things look better.
  const all = await compareWitnessed(log, signedOf(held, log.keys));
  return { newest, contradiction: all ?? contradiction, log };
}
