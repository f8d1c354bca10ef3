/** One checkpoint on its way to one witness, and the row that says that it arrived. */
import { readDatabaseLog } from '../ledger/verify/compared-log.ts';
import { consistencyProof } from '../ledger/prove/consistency-proof.ts';
import { parseCheckpoint } from '../ledger/format/checkpoint.ts';
import type { Bigint, Query } from '../ledger/store/query.ts';
import { compareWitnessed, largestSigned } from '../ledger/verify/witnessed.ts';
import type { LogIdentity } from './compare-with-witness.ts';
import { compareWithWitness } from './compare-with-witness.ts';
import type { Witness } from './witness.ts';
import { contradictionError, isContradiction } from './witness.ts';

/** What is newest here, and what of it a witness has, by our own rows. */
export interface Standing {
  readonly logId: number;
  /** Of the newest signed checkpoint. */
  readonly size: number;
  readonly note: string;
  /** -1 where it has none yet. A row that says it has more than was signed here must not keep what is signed from it. */
  readonly witnessed: number;
}

/** Null before the first checkpoint. */
export async function standingOf(query: Query, witness: string, origin: string): Promise<Standing | null> {
  const [row] = await query<{ log_id: number; size: Bigint; note: string; witnessed: Bigint | null }>(
    `SELECT l.log_id, c.size, c.note, (SELECT max(w.size) FROM ledger.witness w WHERE w.log_id = l.log_id AND w.witness = $2 AND w.size <= c.size) AS witnessed
     FROM ledger.log l JOIN LATERAL (SELECT size, note FROM ledger.checkpoint WHERE log_id = l.log_id ORDER BY size DESC LIMIT 1) c ON true
     WHERE l.origin = $1`,
    [origin, witness],
  );
  if (row === undefined) return null;
  return {
    logId: row.log_id,
    size: Number(row.size),
    note: row.note,
    witnessed: Number(row.witnessed ?? -1),
  };
}

/**
 * Offers the checkpoint and notes that the witness has it. A crash between the two leaves a checkpoint outside that no row
 * tells of; the next offer finds it there and notes it. Throws a contradiction, or what keeps the witness from being reached.
 */
export async function offerCheckpoint(
  query: Query,
  witness: Witness,
  standing: Standing,
  log: LogIdentity,
): Promise<void> {
  const { logId, size, note } = standing;
  const { root } = parseCheckpoint(note);
  try {
    const { size: held, evidence } = await witness.offer({
      origin: log.origin,
      size,
      root,
      note,
      last: Math.max(standing.witnessed, 0),
      assertContinues: async (all) => {
        const here = await readDatabaseLog(query, log.origin, log.vkey);
        const largest = largestSigned(all, here.keys);
        const last = all.at(-1) ?? null;
        const asked = new Set([largest, last].filter((one) => one !== null));
        const contradiction = await compareWitnessed(here, asked);
        if (contradiction !== null) throw contradictionError(contradiction);
        return largest;
      },
      prove: (earlier) => consistencyProof(query, logId, earlier, size),
      sizeNow: async () => (await readDatabaseLog(query, log.origin, log.vkey)).size,
    });
    await query(
      'INSERT INTO ledger.witness (log_id, witness, size, evidence) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING',
      [logId, witness.name, held, evidence],
    );
  } catch (error) {
    if (!isContradiction(error)) throw error;
    // The same again, from all that it holds: that says where the histories part.
    const { contradiction } = await compareWithWitness(query, witness, log);
    throw contradiction === null ? error : contradictionError(contradiction);
  }
}
