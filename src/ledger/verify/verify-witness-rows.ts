/**
 * Verifies what the database notes of its witnesses. It is no more than a note, which whoever can delete entries can delete
 * with them; what the witnesses themselves hold is compared apart.
 */
import { CodedError } from '../../domain/coded-error.ts';
import { cosignedAt, parseCosignerKey } from '../format/cosignature.ts';
import type { CosignerKey } from '../format/cosignature.ts';
import type { Findings } from '../source/finding.ts';
import type { Declaration } from './incarnation.ts';
import type { Query } from '../store/query.ts';
import { witnessTitle } from './witnessed.ts';
import { timeText } from '../format/time-text.ts';

interface Row {
  readonly witness: string;
  readonly size: number;
  readonly evidence: string;
  readonly seen_at: Date;
  readonly note: string | null;
}

/** `query` must give bigints as numbers. What a successor declared lost is no finding. */
export async function verifyWitnessRows(
  query: Query,
  logId: number,
  log: { readonly size: number; readonly declared: Declaration | null },
  findings: Findings,
): Promise<void> {
  const keys = new Map<string, CosignerKey | null>();
  for (let last: readonly [string, number] = ['', -1]; ;) {
    const rows: readonly Row[] = await query<Row>(
      `SELECT w.witness, w.size, w.evidence, w.seen_at, c.note FROM ledger.witness w
       LEFT JOIN ledger.checkpoint c ON c.log_id = w.log_id AND c.size = w.size
       WHERE w.log_id = $1 AND (w.witness, w.size) > ($2, $3) ORDER BY w.witness, w.size LIMIT 1000`,
      [logId, ...last],
    );
    for (const row of rows) {
      const name = `witness ${witnessTitle(row.witness)}`;
      const since = timeText(row.seen_at) ?? 'a time that is none';
      if (row.size > log.size && row.size > (log.declared?.witnessed.size ?? -1)) {
        findings.add(
          'rolled_back',
          log.size,
          `The ledger was rolled back: it notes that ${name} has checkpoint ${row.size} since ${since}, and it ends at ${log.size}.`,
        );
      } else if (row.size <= log.size && row.note === null) {
        findings.add(
          'checkpoint_altered',
          null,
          `Checkpoint ${row.size}, which ${name} has since ${since}, is gone from here.`,
        );
      } else if (row.note !== null && !evidenceHolds(row, row.note, keys)) {
        findings.add(
          'witness_altered',
          null,
          `The cosignature of checkpoint ${row.size} that is noted for ${name} is not its.`,
        );
      }
    }
    const end = rows.at(-1);
    if (end === undefined) return;
    last = [end.witness, end.size];
  }
}

/** A commit proves itself in the repository that has it; a cosignature proves itself here. */
function evidenceHolds(
  { witness, evidence }: Row,
  note: string,
  keys: Map<string, CosignerKey | null>,
): boolean {
  const key = keys.get(witness) ?? keyOf(witness);
  keys.set(witness, key);
  return key === null || cosignedAt(note, evidence, key) !== null;
}

/** A C2SP witness is noted by its key; null for any other. */
function keyOf(witness: string): CosignerKey | null {
  try {
    return parseCosignerKey(witness);
  } catch (error) {
    if (error instanceof CodedError) return null;
    throw error;
  }
}
