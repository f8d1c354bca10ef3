/** Proves single entries of a database's log, where verifying all of it would be too much to ask for. */
import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import { CodedError } from '../domain/coded-error.ts';
import { parseEntry } from './entry.ts';
import { entryProof } from './entry-proof.ts';
import { leafHash } from './hash.ts';
import { KeyChain } from './key-chain.ts';
import { verifyProof } from './proof.ts';
import { queryOf } from './query.ts';
import { readVkeys } from './read-vkeys.ts';

export interface EntryProver {
  /** Whose signatures count, oldest first. */
  readonly vkeys: readonly string[];
  /** Whether these bytes are what the newest checkpoint has for this entry; null where none covers it yet. */
  proves(entryId: string, bytes: Uint8Array): Promise<boolean | null>;
}

/**
 * `given` is a key of the log as the reader knows it; without it the database's word is taken for the first one. Later ones count
 * where the key before vouched for them: a row in `ledger.log_key` alone, which a writer could add, makes nobody a signer. Throws
 * `key_mismatch` for a key that this log doesn't claim.
 */
export async function entryProver(
  db: Kysely<Database>,
  log: { readonly log_id: number; readonly vkey: string },
  given: string | null,
): Promise<EntryProver> {
  const stated = await readVkeys(db, log, Number.MAX_SAFE_INTEGER);
  if (given !== null && !stated.includes(given)) {
    throw new CodedError(
      'key_mismatch',
      `this log says it is signed as ${stated.join(', then as ')}, which is not the key that was given.`,
    );
  }
  const vkeys = await vouchedKeys(db, log);
  return {
    vkeys,
    proves: async (entryId, bytes) => {
      const proof = await entryProof(db, entryId);
      return proof === null ? null : isProvenByAny(proof.proof, bytes, vkeys);
    },
  };
}

/** Whether a proof leads from these bytes to a root that one of the keys signed. */
export function isProvenByAny(proof: string, bytes: Uint8Array, vkeys: readonly string[]): boolean {
  return vkeys.some((vkey) => {
    try {
      verifyProof(proof, leafHash(bytes), vkey);
      return true;
    } catch (error) {
      if (error instanceof CodedError) return false;
      throw error;
    }
  });
}

async function vouchedKeys(
  db: Kysely<Database>,
  log: { readonly log_id: number; readonly vkey: string },
): Promise<string[]> {
  const rotations = await queryOf(db)<{ index: number; canonical: Buffer; size: number; note: string }>(
    `SELECT i.index, e.canonical, c.size, c.note FROM ledger.log_key k
     JOIN ledger.integration i ON i.entry_id = k.entry_id JOIN ledger.entry e ON e.id = k.entry_id
     JOIN LATERAL (SELECT size, note FROM ledger.checkpoint
       WHERE log_id = k.log_id AND size > i.index ORDER BY size LIMIT 1) c ON true
     WHERE k.log_id = $1 ORDER BY i.index`,
    [log.log_id],
  );
  const chain = new KeyChain(log.vkey);
  let vouched = chain.vkeys;
  for (const [at, { index, canonical, size, note }] of rotations.entries()) {
    const { ledger } = parseEntry(canonical);
    if (ledger?.act !== 'rotated' || chain.rotate(index, ledger.from, ledger.to) !== null) break;
    // All rotations that a checkpoint covers must be told before it is opened.
    if ((rotations[at + 1]?.index ?? size) < size) continue;
    try {
      chain.open(note, size);
    } catch (error) {
      if (error instanceof CodedError) break;
      throw error;
    }
    vouched = chain.vkeys;
  }
  return vouched;
}
