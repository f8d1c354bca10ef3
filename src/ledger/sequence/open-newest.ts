import { CodedError } from '../../domain/coded-error.ts';
import { openCheckpoint } from '../format/checkpoint.ts';
import type { Checkpoint } from '../format/checkpoint.ts';
import { readDatabaseLog } from '../verify/compared-log.ts';
import { parseVerifierKey } from '../format/note.ts';
import type { Query } from '../store/query.ts';

/** The log, and the key that signs it now. */
interface SignedLog {
  readonly logId: number;
  readonly origin: string;
  readonly vkey: string;
}

/**
 * The newest checkpoint in the database; null where there is none. A row is anybody's who can write here, so it has to have the key's
 * signature and be of the entries that are here. Throws `newest_checkpoint_forged`.
 */
export async function openNewest(
  query: Query,
  { logId, origin, vkey }: SignedLog,
): Promise<{ readonly size: number; readonly note: string } | null> {
  const [row] = await query<{ size: number; note: string }>(
    'SELECT size, note FROM ledger.checkpoint WHERE log_id = $1 ORDER BY size DESC LIMIT 1',
    [logId],
  );
  if (row === undefined) return null;
  const refuse = (why: string): CodedError =>
    new CodedError(
      'newest_checkpoint_forged',
      `the newest checkpoint of ${origin} in this database, over ${row.size} entries, ${why}, so no other log goes on for it: run \`countersign verify\`, which says what was altered.`,
    );
  let checkpoint: Checkpoint;
  try {
    checkpoint = openCheckpoint(row.note, parseVerifierKey(vkey));
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    throw refuse(`is not signed by ${vkey}, the key that signs that log`);
  }
  const here = await readDatabaseLog(query, origin, vkey);
  const fits =
    checkpoint.size === row.size && checkpoint.size <= here.size && (await here.continues(checkpoint));
  if (!fits) throw refuse('is not of the entries that are here');
  return { size: checkpoint.size, note: row.note };
}
