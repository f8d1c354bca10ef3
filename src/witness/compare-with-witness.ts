/** Asks an outsider what it holds of a log and compares that with the database; reads both and writes nothing. */
import type { DatabaseLog } from '../ledger/compared-log.ts';
import { readDatabaseLog } from '../ledger/compared-log.ts';
import type { Query } from '../ledger/query.ts';
import type { Contradiction, HeldCheckpoint } from '../ledger/witnessed.ts';
import { compareWitnessed } from '../ledger/witnessed.ts';
import type { Witness } from './witness.ts';

/** A log by its name, and the key that signs it. */
export interface LogIdentity {
  readonly origin: string;
  readonly vkey: string;
}

export interface Comparison {
  /** `unknown`: it can't be asked without offering it something. */
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
  const newest = await witness.newest(origin);
  const log = await readDatabaseLog(query, origin, vkey);
  if (newest === null || newest === 'unknown') return { newest, contradiction: null, log };
  const contradiction = await compareWitnessed(log, [newest]);
  if (contradiction === null) return { newest, contradiction, log };
  // All that it holds says where the histories part. What it holds besides the newest must not make things look better.
  const all = await compareWitnessed(log, [...(await witness.history(origin)), newest]);
  return { newest, contradiction: all ?? contradiction, log };
}
