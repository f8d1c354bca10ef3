import type { Kysely } from 'kysely';
import type { Database } from '../../db/database.ts';
import { Erasures } from '../source/erasures.ts';
import { listEntries } from '../store/read.ts';

/** Every erasure that was ever recorded here, so that what is gone can be said to be gone since when. */
export async function readErasures(db: Kysely<Database>): Promise<Erasures> {
  const erasures = new Erasures();
  const entries = await listEntries(db, { kinds: ['ledger.erased'], limit: Number.MAX_SAFE_INTEGER });
  for (const { index, content } of entries) erasures.see(index, content);
  return erasures;
}
