import type { Kysely } from 'kysely';
import type { Database } from '../../db/database.ts';
import { coverageOf } from './record-coverage.ts';

/**
 * What names the permissions that an installation has: the entry that recorded its last change; null where none was seen. Read from the
 * ledger's side and not told from process to process, so that each of several processes learns it before it works what it caused.
 */
export async function grantOf(db: Kysely<Database>, installationId: number): Promise<string | null> {
  const row = await db
    .selectFrom('countersign.last_decision')
    .select('entry_id')
    .where('subject', '=', coverageOf(installationId))
    .executeTakeFirst();
  return row?.entry_id ?? null;
}
