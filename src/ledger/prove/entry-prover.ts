/** Proves single entries of a database's log, where verifying all of it would be too much to ask for. */
import type { Kysely } from 'kysely';
import type { Database } from '../../db/database.ts';
import { CodedError } from '../../domain/coded-error.ts';
import { entryProof } from './entry-proof.ts';
import { readFoundedVkeys } from '../store/founded-vkeys.ts';
import { leafHash } from '../format/hash.ts';
import { verifyProof } from '../format/proof.ts';
import { readVkeys } from '../store/read-vkeys.ts';

export interface EntryProver {
  /** Whose signatures count, oldest first. */
  readonly vkeys: readonly string[];
  /** Whether these bytes are what the newest checkpoint has for this entry; null where none covers it yet. */
  proves(entryId: string, bytes: Uint8Array): Promise<boolean | null>;
}

/**
 * `given` is a key of the log as the reader knows it; without it the database's word is taken for the first one. Later ones count
 * where the key before vouched for them. Entries are proven by the reader's key and those that it led to: an earlier one, whose word for
 * itself is the database's, says nothing to who knows a later one. Throws `key_mismatch` for a key that this log doesn't claim, or has
 * no signature of.
 */
export async function entryProver(
  db: Kysely<Database>,
  log: { readonly log_id: number; readonly vkey: string },
  given: string | null,
): Promise<EntryProver> {
  const stated = await readVkeys(db, log);
  if (given !== null && !stated.includes(given)) {
    throw new CodedError(
      'key_mismatch',
      `this log says it is signed as ${stated.join(', then as ')}, which is not the key that was given.`,
    );
  }
  const vkeys = await readFoundedVkeys(db, log);
  if (given !== null && !vkeys.includes(given)) {
    throw new CodedError(
      'key_mismatch',
      `this log names the key that was given (${given}) as one of its own, and the key before it did not sign that it is: run \`countersign verify\`.`,
    );
  }
  const proving = given === null ? vkeys : vkeys.slice(vkeys.indexOf(given));
  return {
    vkeys,
    proves: async (entryId, bytes) => {
      const proof = await entryProof(db, entryId);
      return proof === null ? null : isProvenByAny(proof.proof, bytes, proving);
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
