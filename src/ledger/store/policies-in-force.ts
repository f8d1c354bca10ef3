import type { Kysely } from 'kysely';
import type { Database } from '../../db/database.ts';
import { listEntries } from './read.ts';

/**
 * The commitments of the policies that are in force, one a repository: nothing can be decided there without. By the order of
 * the log, as whoever judges by them reads it, for a clock that was set back would make an older one the newest. `outcomes`: of
 * `policy.changed`, those that put a policy into force.
 */
export async function policiesInForce(
  db: Kysely<Database>,
  outcomes: readonly string[],
): Promise<ReadonlySet<string>> {
  if (outcomes.length === 0) return new Set();
  const changes = await listEntries(db, {
    kinds: ['policy.changed'],
    outcomes: [...outcomes],
    limit: Number.MAX_SAFE_INTEGER,
  });
  const newest = new Map<string, string | null>();
  for (const { content } of changes) {
    const repository = content.repository?.id ?? '';
    if (newest.has(repository)) continue;
    newest.set(repository, content.documents.find(({ name }) => name === 'policy')?.commitment ?? null);
  }
  return new Set([...newest.values()].filter((commitment) => commitment !== null));
}
