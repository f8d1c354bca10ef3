/**
 * Takes up a log where it was left: its identity, its tree, its newest checkpoint. Before anything is appended, what is
 * stored must agree with itself and with what was signed; where it doesn't, nothing is appended.
 */
import { CodedError } from '../domain/coded-error.ts';
import { openCheckpoint } from './checkpoint.ts';
import type { GrowingTree } from './growing-tree.ts';
import { EMPTY_ROOT, sameHash } from './hash.ts';
import { parseVerifierKey } from './note.ts';
import type { Bigint, Query } from './query.ts';
import type { LedgerSigner } from './signer.ts';
import { readTiles, resumeTree } from './stored-tree.ts';
import { rangeHash, tilesNeeded } from './tree-proof.ts';

export interface OpenLog {
  readonly logId: number;
  readonly tree: GrowingTree;
  /** Size under the newest checkpoint; -1 before the first. */
  readonly signed: number;
}

/**
 * The log of this database, made if there is none. Throws `ledger_key_mismatch` where it was begun under another name
 * or key, for checkpoints of two keys would look like two histories.
 */
export async function identifyLog(query: Query, signer: LedgerSigner): Promise<number> {
  const find = async (): Promise<{ log_id: number; origin: string; vkey: string } | undefined> =>
    (
      await query<{ log_id: number; origin: string; vkey: string }>(
        'SELECT log_id, origin, vkey FROM ledger.log ORDER BY log_id DESC LIMIT 1',
      )
    )[0];
  let log = await find();
  if (log === undefined) {
    await refuseRemains(query);
    // One statement, so that a log is never without its head; whoever comes second finds the first one's.
    await query(
      `WITH log AS (INSERT INTO ledger.log (log_id, origin, vkey) VALUES (1, $1, $2) ON CONFLICT DO NOTHING RETURNING log_id)
       INSERT INTO ledger.head (log_id, size, root) SELECT log_id, 0, $3 FROM log`,
      [signer.origin, signer.vkey, EMPTY_ROOT],
    );
    log = await find();
  }
  if (log?.vkey !== signer.vkey || log.origin !== signer.origin) {
    throw new CodedError(
      'ledger_key_mismatch',
      `this database's ledger is signed as ${log?.vkey ?? 'nobody'}, and the key given here is ${signer.vkey}: ` +
        'start with the key and the origin that it was begun with.',
    );
  }
  return log.log_id;
}

/** Reads head, tree and newest checkpoint; throws `ledger_altered` where they don't agree. */
export async function openLog(query: Query, logId: number, signer: LedgerSigner): Promise<OpenLog> {
  const [head] = await query<{ size: Bigint; root: Buffer }>(
    'SELECT size, root FROM ledger.head WHERE log_id = $1',
    [logId],
  );
  if (head === undefined) throw altered('its head is gone');
  const size = Number(head.size);
  const tree = await resume(query, logId, size);
  if (!sameHash(tree.root(), head.root))
    throw altered(`its stored hashes do not lead to the root of its ${size} entries`);

  const [newest] = await query<{ size: Bigint; note: string }>(
    'SELECT size, note FROM ledger.checkpoint WHERE log_id = $1 ORDER BY size DESC LIMIT 1',
    [logId],
  );
  if (newest === undefined) return { logId, tree, signed: -1 };
  const checkpoint = openCheckpoint(newest.note, parseVerifierKey(signer.vkey));
  if (checkpoint.size !== Number(newest.size))
    throw altered(`the checkpoint stored as that of ${newest.size} entries is another`);
  if (checkpoint.size > size) throw altered(`it has ${size} entries, and ${checkpoint.size} were signed`);
  if (!sameHash(await storedRoot(query, logId, checkpoint.size, size), checkpoint.root)) {
    throw altered(`its first ${checkpoint.size} entries do not lead to the root that was signed over them`);
  }
  return { logId, tree, signed: checkpoint.size };
}

/** What says that a ledger's rows and its signatures disagree. */
export function altered(what: string): CodedError {
  return new CodedError(
    'ledger_altered',
    `the ledger was altered: ${what}. Nothing is appended to it; \`countersign verify\` says which entry it is.`,
  );
}

async function resume(query: Query, logId: number, size: number): Promise<GrowingTree> {
  try {
    return await resumeTree(query, logId, size);
  } catch (error) {
    if (error instanceof RangeError) throw altered(error.message);
    throw error;
  }
}

async function storedRoot(query: Query, logId: number, size: number, headSize: number): Promise<Uint8Array> {
  if (size === 0) return EMPTY_ROOT;
  const range = { from: 0, to: size };
  const read = await readTiles(query, logId, tilesNeeded([range], size), headSize);
  try {
    return rangeHash(range, read);
  } catch (error) {
    if (error instanceof RangeError) throw altered(error.message);
    throw error;
  }
}

/** A log that was emptied must not begin again as if it had never been. */
async function refuseRemains(query: Query): Promise<void> {
  const [remains] = await query<{ any: boolean }>(
    `SELECT EXISTS (SELECT FROM ledger.integration) OR EXISTS (SELECT FROM ledger.checkpoint) OR EXISTS (SELECT FROM ledger.tile)
       OR EXISTS (SELECT FROM ledger.head) AS any`,
  );
  if (remains?.any === true) throw altered('its identity is gone, and what it signed is not');
}
