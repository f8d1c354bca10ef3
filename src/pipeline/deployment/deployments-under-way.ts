import type { UnderWay } from '../../ledger/erase/plan-erasure.ts';
import type { Query } from '../../ledger/store/query.ts';

/**
 * The entries from which `recordedAssessment` tells what becomes of a deployment that is under way. One whose outcome stayed unknown
 * isn't among them: it may stay so for ever, and must not keep a person from being erased. For the eraser's login, too.
 */
export async function deploymentsUnderWay(query: Query): Promise<UnderWay[]> {
  const rows = await query<{ entry: string; repository: string; environment: string; state: string }>(
    `SELECT coalesce(started_entry, decision_entry) AS entry, owner || '/' || name AS repository, environment, state
     FROM countersign.deployment
     WHERE state IN ('held', 'approved', 'running') AND coalesce(started_entry, decision_entry) IS NOT NULL`,
  );
  return rows.map(({ entry, repository, environment, state }) => ({
    entryId: entry,
    what: `a deployment of ${repository} to ${environment} is ${state}`,
  }));
}
