import { sql, type Transaction } from 'kysely';
import type { Database } from '../../db/database.ts';

/**
 * Until the transaction ends, nobody else locks or unlocks this environment, and no deployment to it starts: so a lock either
 * comes before a start, which then sees it, or after it.
 */
export async function holdLocks(
  tx: Transaction<Database>,
  repositoryId: number,
  environment: string,
): Promise<void> {
  const key = `lock:${repositoryId}:${environment}`;
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${key}, 0))`.execute(tx);
}
