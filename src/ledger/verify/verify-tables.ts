/** Rows of the ledger's tables that the walk through its entries doesn't come by. */
import type { Findings } from '../source/finding.ts';
import type { Query } from '../store/query.ts';

/** A tile that no entries make up can only have been put there. */
export async function verifyTileCount(
  query: Query,
  logId: number,
  size: number,
  findings: Findings,
): Promise<void> {
  const extra = await query<{ level: number; index: number }>(
    `SELECT level, index FROM ledger.tile
     WHERE log_id = $1 AND (index + 1) * power(256::numeric, level + 1) > $2 ORDER BY level, index LIMIT 10`,
    [logId, size],
  );
  for (const { level, index } of extra)
    findings.add('tile_altered', null, `Tile ${index} of level ${level} is over entries that don't exist.`);
}

/** The bytes of retired entries are elsewhere, but which entry had which index stays here. */
export async function verifyRetiredIndex(
  query: Query,
  logId: number,
  minimum: number,
  findings: Findings,
): Promise<void> {
  if (minimum === 0) return;
  const [there] = await query<{ n: number }>(
    'SELECT count(*) AS n FROM ledger.integration WHERE log_id = $1 AND index < $2',
    [logId, minimum],
  );
  const gone = minimum - (there?.n ?? 0);
  if (gone > 0)
    findings.add(
      'hash_altered',
      null,
      `${gone} rows of ledger.integration are gone, of entries below ${minimum}, which were retired; the tree holds without them.`,
    );
}
