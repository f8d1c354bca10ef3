import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Database } from '../../db/database.ts';

/**
 * As a transaction's first statement: its snapshot is taken after it, so no year is retired between the snapshot and the reading,
 * which would look like entries that are gone. A retirement waits for the end of the transaction.
 */
export async function holdEntries(tx: Kysely<Database>): Promise<void> {
  await sql`LOCK TABLE ledger.entry IN ACCESS SHARE MODE`.execute(tx);
}
