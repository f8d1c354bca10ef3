/** Which of a log's entries were retired from the database, as its own entries say. */
import { CodedError } from '../../domain/coded-error.ts';
import { parseEntry } from '../format/entry.ts';
import { leafHash, sameHash } from '../format/hash.ts';
import type { Bigint, Query } from './query.ts';
import type { Retirement } from '../format/retirement.ts';
import { furthest, retirementIn } from '../format/retirement.ts';

/** The retirement that reaches furthest; null where nothing was retired. */
export async function readRetirement(query: Query, logId: number): Promise<Retirement | null> {
  return (await readRetirements(query, logId)).reduce<Retirement | null>(furthest, null);
}

/**
 * All that were stated, carried out or not, by the order of the log. The projection finds the entries, so one can be hidden from
 * this, and none made up without being recorded; `verify` believes it only when it meets the entry itself.
 */
export async function readRetirements(query: Query, logId: number): Promise<Retirement[]> {
  // The conditions on repository and environment are for the index.
  const rows = await query<{ index: Bigint; leaf_hash: Buffer; canonical: Buffer }>(
    `SELECT i.index, i.leaf_hash, e.canonical FROM ledger.projection p
     JOIN ledger.entry e ON e.id = p.entry_id JOIN ledger.integration i ON i.entry_id = p.entry_id
     WHERE p.repository_id IS NULL AND p.environment IS NULL AND p.kind = 'ledger.pruned' AND i.log_id = $1 ORDER BY i.index`,
    [logId],
  );
  const found: Retirement[] = [];
  for (const { index, leaf_hash, canonical } of rows) {
    if (!sameHash(leafHash(canonical), leaf_hash)) continue;
    try {
      const retirement = retirementIn(Number(index), parseEntry(canonical));
      if (retirement !== null) found.push(retirement);
    } catch {
      // Bytes that are no entry of ours say nothing.
    }
  }
  return found;
}

/** `its bytes are in the archive under checkpoint 1000`, for whoever asks for an entry that isn't here any more. */
export function whereRetired({ archive }: Retirement): string {
  return `its bytes are in the archive under checkpoint ${archive.size}`;
}

/** Throws `entry_retired` where the entry of this id had an index and was retired since. */
export async function assertNotRetired(query: Query, id: string): Promise<void> {
  const [place] = await query<{ log_id: number; index: Bigint }>(
    'SELECT log_id, index FROM ledger.integration WHERE entry_id = $1',
    [id],
  );
  if (place === undefined) return;
  const retirement = await readRetirement(query, place.log_id);
  if (retirement === null || Number(place.index) >= retirement.minimum) return;
  throw new CodedError(
    'entry_retired',
    `entry ${place.index} (${id}) was retired: ${whereRetired(retirement)}, and not in this database any more.`,
  );
}
