/** The keys of a log in the database that have a right to be: a row in `ledger.log_key` alone, which a writer could add, makes nobody a signer. */
import type { Kysely } from 'kysely';
import type { Database } from '../../db/database.ts';
import { CodedError } from '../../domain/coded-error.ts';
import type { EntryContent } from '../format/entry.ts';
import { parseEntry } from '../format/entry.ts';
import { KeyChain } from './key-chain.ts';
import { queryOf } from './query.ts';

/** The log's first key, whose word is the database's, and those after it that the key before vouched for; oldest first. */
export async function readFoundedVkeys(
  db: Kysely<Database>,
  log: { readonly log_id: number; readonly vkey: string },
): Promise<[string, ...string[]]> {
  const rotations = await queryOf(db)<{ index: number; canonical: Buffer; size: number; note: string }>(
    `SELECT i.index, e.canonical, c.size, c.note FROM ledger.log_key k
     JOIN ledger.integration i ON i.entry_id = k.entry_id AND i.log_id = k.log_id JOIN ledger.entry e ON e.id = k.entry_id
     JOIN LATERAL (SELECT size, note FROM ledger.checkpoint
       WHERE log_id = k.log_id AND size > i.index ORDER BY size LIMIT 1) c ON true
     WHERE k.log_id = $1 ORDER BY i.index`,
    [log.log_id],
  );
  const chain = new KeyChain(log.vkey);
  for (const [at, { index, canonical, size, note }] of rotations.entries()) {
    const ledger = contentOf(canonical)?.ledger;
    if (ledger?.act === 'rotated') chain.rotate(index, ledger.from, ledger.to);
    // All rotations that a checkpoint covers must be told before it is opened.
    if (rotations[at + 1]?.size === size) continue;
    try {
      chain.open(note, size);
    } catch (error) {
      if (error instanceof CodedError) break;
      throw error;
    }
  }
  const [, ...later] = chain.vkeys;
  return [log.vkey, ...later];
}

/** Null where a row names what is no entry. */
function contentOf(canonical: Buffer): EntryContent | null {
  try {
    return parseEntry(canonical);
  } catch (error) {
    if (error instanceof CodedError) return null;
    throw error;
  }
}
