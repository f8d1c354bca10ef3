/** Which entries stay here when a year is retired: read before anything goes, so that the log can say it. */
import type { EntryContent } from '../format/entry.ts';
import { parseEntry } from '../format/entry.ts';
import type { Bigint, Query } from '../store/query.ts';
import type { RetirementPlan } from './retirement-plan.ts';

/**
 * The indices below `minimum` of entries that are here and stay: what the program rests on (`inUse`: their ids), with whatever answers
 * it; what the log says about itself; and what belongs to no year that is over.
 */
export async function stayingIndices(
  query: Query,
  plan: RetirementPlan,
  minimum: number,
  inUse: (query: Query) => Promise<readonly string[]>,
): Promise<number[]> {
  const rows = await query<{ index: Bigint; suspect: Buffer | null }>(
    `WITH RECURSIVE used AS (
       SELECT unnest($3::uuid[]) AS id UNION SELECT p.entry_id FROM ledger.projection p JOIN used ON p.answers = used.id)
     SELECT i.index, CASE WHEN NOT found.stays THEN e.canonical END AS suspect
     FROM ledger.integration i JOIN ledger.entry e ON e.id = i.entry_id,
       LATERAL (SELECT e.id IN (SELECT id FROM used) OR e.id >= $4 AS stays) AS found
     WHERE i.log_id = $1 AND i.index < $2 AND (found.stays OR position('"ledger":'::bytea IN e.canonical) > 0) ORDER BY i.index`,
    [plan.logId, minimum, await inUse(query), plan.year.until],
  );
  return rows
    .filter(({ suspect }) => suspect === null || isAboutLedger(suspect))
    .map(({ index }) => Number(index));
}

/** Whoever verifies needs what the log says about itself, its keys above all, for as long as there is a log. */
export function isAboutLedger(bytes: Uint8Array): boolean {
  return contentIn(bytes)?.ledger !== undefined;
}

/** Of an entry's documents, as hexadecimal. */
export function commitmentsIn({ canonical }: { readonly canonical: Uint8Array }): string[] {
  return (contentIn(canonical)?.documents ?? []).map(({ commitment }) =>
    Buffer.from(commitment, 'base64url').toString('hex'),
  );
}

/** Null where the bytes are no entry of ours: then nothing of it is known that could be taken along. */
function contentIn(bytes: Uint8Array): EntryContent | null {
  try {
    return parseEntry(bytes);
  } catch {
    return null;
  }
}
