/**
 * Takes up a log where it was left: its identity, its tree, its newest checkpoint. Before anything is appended, what is
 * stored must agree with itself and with what was signed; where it doesn't, nothing is appended.
 */
import { CodedError } from '../../domain/coded-error.ts';
import type { Checkpoint } from '../format/checkpoint.ts';
import { openCheckpoint } from '../format/checkpoint.ts';
import type { GrowingTree } from '../format/growing-tree.ts';
import { EMPTY_ROOT, sameHash } from '../format/hash.ts';
import { parseVerifierKey } from '../format/note.ts';
import type { Bigint, Query } from '../store/query.ts';
import type { LedgerSigner } from './signer.ts';
import { readTiles, resumeTree } from '../store/stored-tree.ts';
import { rangeHash, tilesNeeded } from '../format/tree-proof.ts';
import type { RotatingLog } from './unsigned-entries.ts';
import { growByEntries } from './unsigned-entries.ts';

export interface OpenLog {
  readonly logId: number;
  readonly origin: string;
  readonly tree: GrowingTree;
  /** Size under the newest checkpoint; -1 before the first. */
  readonly signed: number;
  /** A rotation of the key that no checkpoint covers yet. */
  readonly rotation: Rotation | null;
}

export interface Rotation {
  /** Verifier keys. */
  readonly from: string;
  readonly to: string;
  readonly entryId: string;
}

/**
 * The log of this database, made if there is none. Throws `ledger_key_mismatch` where it is signed under another name or key:
 * checkpoints of two keys would look like two histories. A signer whose previous key is the log's may go on to rotate.
 */
export async function identifyLog(query: Query, signer: LedgerSigner): Promise<number> {
  let log = await findLog(query);
  if (log === undefined) {
    await refuseRemains(query);
    // One statement, so that a log is never without its head; whoever comes second finds the first one's.
    await query(
      `WITH log AS (INSERT INTO ledger.log (log_id, origin, vkey) VALUES (1, $1, $2) ON CONFLICT DO NOTHING RETURNING log_id)
       INSERT INTO ledger.head (log_id, size, root) SELECT log_id, 0, $3 FROM log`,
      [signer.origin, signer.vkey, EMPTY_ROOT],
    );
    log = await findLog(query);
  }
  if (log !== undefined && log.origin !== signer.origin && (await isLog(query, signer.origin))) {
    throw new CodedError(
      'ledger_key_mismatch',
      `ledger.log has a newer log than ${signer.origin}, which this process signs: ${JSON.stringify(log.origin)} (log_id ${log.log_id}). ` +
        `If \`countersign incarnate\` began it, start with its key and origin; if nobody did, ${intruded('log', `log_id = ${log.log_id}`)}`,
    );
  }
  if (log === undefined || log.origin !== signer.origin || !fits(log.vkey, signer)) {
    const rotated = log?.rotated === true ? ' since its key was rotated' : '';
    throw new CodedError(
      'ledger_key_mismatch',
      `this database's ledger is signed as ${shown(log?.vkey)}${rotated}, and the key given here is ${signer.vkey}: ` +
        'start with that key and origin; or, to rotate the key, give the one that signs now as COUNTERSIGN_LEDGER_PREVIOUS_KEY.' +
        (log?.rotated === true
          ? ` If nobody rotated it, ${intruded('log_key', `log_id = ${log.log_id} AND number = ${log.number}`)}`
          : ''),
    );
  }
  return log.log_id;
}

interface IdentifiedLog {
  readonly log_id: number;
  readonly origin: string;
  /** Of the key that signs now. */
  readonly vkey: string;
  readonly rotated: boolean;
  /** Of the row in `ledger.log_key` that names it. */
  readonly number: number | null;
}

/** Anybody's text, who could write it to the database. */
function shown(vkey: string | undefined): string {
  if (vkey === undefined) return 'nobody';
  return /^[\w.:/+=-]{1,300}$/.test(vkey) ? vkey : JSON.stringify(vkey.slice(0, 120));
}

/** Ends a sentence that said what a row of a table does. `where`: which row, as SQL has it. */
export function intruded(table: string, where: string): string {
  return (
    `somebody with the writer's login put that row into ledger.${table}: take it away as the owner (${where}; docs/ledger.md, ` +
    '"When nothing is appended", says how) and change the password of the writer’s login.'
  );
}

async function isLog(query: Query, origin: string): Promise<boolean> {
  return (await query('SELECT FROM ledger.log WHERE origin = $1', [origin])).length > 0;
}

async function findLog(query: Query): Promise<IdentifiedLog | undefined> {
  const [log] = await query<IdentifiedLog>(
    `SELECT l.log_id, l.origin, coalesce(k.vkey, l.vkey) AS vkey, k.vkey IS NOT NULL AS rotated, k.number FROM ledger.log l
     LEFT JOIN LATERAL (SELECT vkey, number FROM ledger.log_key WHERE log_id = l.log_id ORDER BY number DESC LIMIT 1) k ON true
     ORDER BY l.log_id DESC LIMIT 1`,
  );
  return log;
}

function fits(vkey: string, signer: LedgerSigner): boolean {
  return vkey === signer.vkey || vkey === signer.previousVkey;
}

/**
 * Reads head, tree and newest checkpoint; throws `ledger_altered` where they don't agree, or where what was integrated since that
 * checkpoint may not be signed.
 */
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

  const rotation = await unsignedRotation(query, logId);
  assertCanFinish(rotation, signer);
  const [newest] = await query<{ size: Bigint; note: string }>(
    'SELECT size, note FROM ledger.checkpoint WHERE log_id = $1 ORDER BY size DESC LIMIT 1',
    [logId],
  );
  const log = { origin: signer.origin, rotation };
  if (newest === undefined) {
    await assertSignable(query, logId, { signed: 0, size, root: head.root, log });
    return { logId, tree, signed: -1, ...log };
  }
  const signs = rotation?.from ?? (await findLog(query))?.vkey ?? signer.vkey;
  const checkpoint = openStored(newest, signs);
  if (checkpoint.size !== Number(newest.size))
    throw altered(`the checkpoint stored as that of ${newest.size} entries is another`);
  if (checkpoint.size > size) throw altered(`it has ${size} entries, and ${checkpoint.size} were signed`);
  if (!sameHash(await storedRoot(query, logId, checkpoint.size, size), checkpoint.root)) {
    throw altered(`its first ${checkpoint.size} entries do not lead to the root that was signed over them`);
  }
  await assertSignable(query, logId, { signed: checkpoint.size, size, root: head.root, log });
  return { logId, tree, signed: checkpoint.size, ...log };
}

/**
 * A stored checkpoint, judged and not believed: what isn't this log's is not gone on from, nor taken for the one that is missing. Throws
 * `checkpoint_forged`.
 */
export function openStored(row: { readonly size: Bigint; readonly note: string }, vkey: string): Checkpoint {
  try {
    return openCheckpoint(row.note, parseVerifierKey(vkey));
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    throw new CodedError(
      'checkpoint_forged',
      `what stands in ledger.checkpoint for ${row.size} entries is no checkpoint of this log: ${error.message.replace(/\.$/, '')}. ` +
        `If no key was changed, ${intruded('checkpoint', `size = ${row.size}`)}`,
      error,
    );
  }
}

/** Whoever may write can place leaves and move the head too. What is signed next must be the entries that are here. */
async function assertSignable(
  query: Query,
  logId: number,
  {
    signed,
    size,
    root,
    log,
  }: { readonly signed: number; readonly size: number; readonly root: Uint8Array; readonly log: RotatingLog },
): Promise<void> {
  if (signed === size) return;
  const tree = await resume(query, logId, signed);
  const why = await growByEntries(query, logId, tree, { size, log });
  if (why !== null) throw altered(why);
  if (!sameHash(tree.root(), root))
    throw altered(`its entries from ${signed} on do not lead to the root of its ${size} entries`);
}

/** The newest rotation, as long as no checkpoint covers its entry: till then both keys sign. */
export async function unsignedRotation(query: Query, logId: number): Promise<Rotation | null> {
  const [newest] = await query<{ entry_id: string; from: string; to: string; signed: boolean }>(
    `SELECT k.entry_id, k.vkey AS to,
       coalesce((SELECT vkey FROM ledger.log_key WHERE log_id = k.log_id AND number < k.number ORDER BY number DESC LIMIT 1), l.vkey) AS from,
       EXISTS (SELECT FROM ledger.integration i JOIN ledger.checkpoint c ON c.log_id = i.log_id AND c.size > i.index
               WHERE i.entry_id = k.entry_id) AS signed
     FROM ledger.log_key k JOIN ledger.log l USING (log_id) WHERE k.log_id = $1 ORDER BY k.number DESC LIMIT 1`,
    [logId],
  );
  return newest === undefined || newest.signed
    ? null
    : { from: newest.from, to: newest.to, entryId: newest.entry_id };
}

/** Throws `ledger_key_mismatch` where a rotation was begun that this signer, for want of one of its keys, can't finish. */
export function assertCanFinish(rotation: Rotation | null, signer: LedgerSigner): void {
  if (rotation === null || (rotation.to === signer.vkey && rotation.from === signer.previousVkey)) return;
  throw new CodedError(
    'ledger_key_mismatch',
    `the ledger's key is being rotated from ${shown(rotation.from)} to ${shown(rotation.to)}, and the checkpoint that both sign is still missing: ` +
      'start once with both, the old one as COUNTERSIGN_LEDGER_PREVIOUS_KEY. ' +
      `If nobody rotates it, ${intruded('log_key', `entry_id = '${rotation.entryId}'`)}`,
  );
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

/** The root over the first `size` entries, from the stored tree of `headSize`. Throws `ledger_altered` where hashes are missing. */
export async function storedRoot(
  query: Query,
  logId: number,
  size: number,
  headSize: number,
): Promise<Uint8Array> {
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
