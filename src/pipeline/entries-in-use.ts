import type { Query } from '../ledger/store/query.ts';
import { TRUSTED_OUTCOMES } from './policy/last-reviewed-policy.ts';

/** Deployments in these states are still worked on, or what they left is still uncertain. */
const UNDER_WAY = ['requested', 'held', 'approved', 'running', 'unknown'] as const;

/**
 * The entries that the program still rests on, however old they are, so that retiring their year leaves them here: the policy
 * last in force in each repository (without it the next one would be taken as the first), what runs in each environment, the locks
 * that stand, which hosts were enrolled, emergencies and bypasses that are open, and deployments under way with the presses on them. Whatever answers one of these stays with it. A new reader of old entries
 * belongs in here. The newest policy is kept by index and by clock: whichever way a reader takes for the newest, it is there.
 */
export async function entriesInUse(query: Query): Promise<string[]> {
  const rows = await query<{ id: string | null }>(
    `WITH standing AS (
       SELECT * FROM countersign.deployment WHERE state = ANY ($1)
       UNION ALL
       SELECT * FROM (
         SELECT DISTINCT ON (repository_id, environment) * FROM countersign.deployment WHERE state = 'succeeded'
         ORDER BY repository_id, environment, started_sequence DESC) AS running)
     SELECT unnest(ARRAY[request_entry, decision_entry, started_entry, finished_entry]) AS id FROM standing
     UNION SELECT r.entry_id FROM countersign.deployment_review r JOIN standing s ON s.id = r.deployment_id
     UNION SELECT entry_id FROM (
       SELECT DISTINCT ON (p.repository_id, p.environment) p.entry_id, p.kind FROM ledger.projection p LEFT JOIN ledger.integration i USING (entry_id)
       WHERE p.kind IN ('lock.set', 'lock.removed')
       ORDER BY p.repository_id, p.environment, i.log_id DESC NULLS FIRST, i.index DESC NULLS FIRST, p.recorded_at DESC, p.entry_id DESC) AS locks WHERE kind = 'lock.set'
     UNION SELECT d.entry_id FROM ledger.projection d
       WHERE d.kind IN ('emergency.declared', 'emergency.bypassed') AND NOT EXISTS (
         SELECT FROM ledger.projection c WHERE c.answers = d.entry_id AND c.kind IN ('emergency.expired', 'emergency.reviewed'))
     UNION SELECT entry_id FROM ledger.projection WHERE kind = 'host.enrolled'
     UNION SELECT * FROM (
       SELECT DISTINCT ON (p.repository_id) p.entry_id FROM ledger.projection p LEFT JOIN ledger.integration i USING (entry_id)
       WHERE p.kind = 'policy.changed' AND p.outcome = ANY ($2)
       ORDER BY p.repository_id, i.log_id DESC NULLS FIRST, i.index DESC NULLS FIRST) AS policies
     UNION SELECT * FROM (
       SELECT DISTINCT ON (repository_id) entry_id FROM ledger.projection
       WHERE kind = 'policy.changed' AND outcome = ANY ($2) ORDER BY repository_id, recorded_at DESC, entry_id DESC) AS by_clock`,
    [UNDER_WAY, TRUSTED_OUTCOMES],
  );
  return rows.flatMap(({ id }) => (id === null ? [] : [id]));
}
