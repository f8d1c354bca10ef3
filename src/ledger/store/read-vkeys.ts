import type { Kysely } from 'kysely';
import type { Database } from '../../db/database.ts';

/** The keys that signed a log one after the other, as its tables say, whether or not that is so. */
export async function readVkeys(
  tx: Kysely<Database>,
  log: { readonly log_id: number; readonly vkey: string },
): Promise<string[]> {
  const later = await tx
    .selectFrom('ledger.log_key as k')
    .innerJoin('ledger.integration as i', 'i.entry_id', 'k.entry_id')
    .select('k.vkey')
    .where('k.log_id', '=', log.log_id)
    .orderBy('k.number')
    .execute();
  return [log.vkey, ...later.map(({ vkey }) => vkey)];
}
