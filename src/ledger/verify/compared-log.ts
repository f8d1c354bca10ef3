/** The log in the database, as comparisons with what outsiders hold ask it. */
import { consistencyProof } from '../prove/consistency-proof.ts';
import { EMPTY_ROOT } from '../format/hash.ts';
import { parseVerifierKey } from '../format/note.ts';
import type { Bigint, Query } from '../store/query.ts';
import { readableKeys } from './stated-keys.ts';
import { verifyConsistency } from '../format/tree-proof.ts';
import type { ComparedLog } from './witnessed.ts';

export interface DatabaseLog extends ComparedLog {
  /** Null where this database has no such log: then it is as good as empty. */
  readonly logId: number | null;
  readonly root: Uint8Array;
}

/**
 * The log named `origin` as it is at this moment. Whoever compares must have asked the outsider first: a log that grows
 * meanwhile is then never taken for one that was rolled back. `vkey`: the key that should sign it, whatever the database says.
 */
export async function readDatabaseLog(query: Query, origin: string, vkey: string): Promise<DatabaseLog> {
  const [log] = await query<{ log_id: number; vkey: string; size: Bigint; root: Buffer }>(
    'SELECT l.log_id, l.vkey, h.size, h.root FROM ledger.log l JOIN ledger.head h USING (log_id) WHERE l.origin = $1',
    [origin],
  );
  const later = await query<{ vkey: string }>('SELECT vkey FROM ledger.log_key WHERE log_id = $1', [
    log?.log_id ?? 0,
  ]);
  const stated = new Set([...(log === undefined ? [] : [log.vkey]), ...later.map((key) => key.vkey)]);
  stated.delete(vkey);
  const keys = [parseVerifierKey(vkey), ...readableKeys([...stated], null).map(parseVerifierKey)];
  const place = 'this database';
  if (log === undefined) {
    return {
      origin,
      keys,
      place,
      logId: null,
      size: 0,
      root: EMPTY_ROOT,
      continues: () => Promise.resolve(true),
    };
  }
  const { log_id: logId, root } = log;
  const size = Number(log.size);
  return {
    origin,
    keys,
    place,
    logId,
    size,
    root,
    // By a proof that leads to the head's root, so that tiles left over from before can't vouch for a history that is gone.
    continues: async (checkpoint) => {
      try {
        const proof = await consistencyProof(query, logId, checkpoint.size, size);
        return verifyConsistency(checkpoint.size, size, checkpoint.root, root, proof);
      } catch (error) {
        if (error instanceof RangeError) return false;
        throw error;
      }
    },
  };
}
