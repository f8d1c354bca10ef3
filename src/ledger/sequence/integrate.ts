/**
 * One batch: recorded entries get the next indices, the tree grows, the head moves. All of it is one statement, so a crash
 * leaves either the whole batch or none of it, and the pending rows say which.
 */
import { DatabaseError } from 'pg';
import { CodedError } from '../../domain/coded-error.ts';
import { altered, intruded, openStored, unsignedRotation } from './log.ts';
import type { OpenLog } from './log.ts';
import { sameHash } from '../format/hash.ts';
import type { Bigint, Query } from '../store/query.ts';
import type { LedgerSigner } from './signer.ts';
import type { Unsigned } from './unsigned-entries.ts';
import { LOOKED_AT, refusalOf } from './unsigned-entries.ts';

interface Waiting extends Unsigned {
  readonly position: Bigint;
  readonly leaf_hash: Buffer;
}

export interface IntegrateOptions {
  /** The entry that must come before all others that wait. */
  readonly only?: string;
  /** Is told of each entry that gets no index, whatever comes: it `why`. */
  readonly refused?: (entryId: string, why: string) => void;
}

/**
 * Integrates up to `most` recorded entries and says how many it were. What must not be signed gets no index. Throws `head_moved` where
 * another process moved the head, which the advisory lock should prevent: the log must then be opened again. After any throw, `log` is
 * spent.
 */
export async function integrate(
  query: Query,
  log: OpenLog,
  most: number,
  options: IntegrateOptions = {},
): Promise<number> {
  // By the order of recording. An entry whose transaction commits later is simply in a later batch: nothing is skipped, because
  // a row leaves `pending` only with its index.
  const found = await query<Waiting>(
    `SELECT p.position, p.entry_id, e.leaf_hash, ${LOOKED_AT} FROM ledger.pending p JOIN ledger.entry e ON e.id = p.entry_id
     WHERE $2::uuid IS NULL OR p.entry_id = $2 ORDER BY p.position LIMIT $1`,
    [most, options.only ?? null],
  );
  const waiting = found.filter((entry) => refusalOf(entry, log) === null);
  if (waiting.length < found.length) {
    const refused = found.filter((entry) => !waiting.includes(entry));
    await dropRefused(query, refused);
    for (const entry of refused) options.refused?.(entry.entry_id, refusalOf(entry, log) ?? '');
    return await integrate(query, log, most, options);
  }
  if (waiting.length === 0) return 0;
  const { logId, tree } = log;
  const before = { size: tree.size, root: tree.root() };
  for (const { leaf_hash } of waiting) tree.append(leaf_hash);
  const tiles = tree.takeFinished();

  // Arrays of bytea would travel as hexadecimal text, so hashes travel as one value and are cut apart there.
  const [moved] = await query<{ placed: Bigint; gone: Bigint }>(
    `WITH head AS (
       UPDATE ledger.head SET size = $4, root = $5 WHERE log_id = $1 AND size = $2 AND root = $3 RETURNING log_id),
     tiles AS (
       INSERT INTO ledger.tile (log_id, level, index, hashes, root)
       SELECT log_id, t.level, t.index, substr($8::bytea, (t.at::int - 1) * 8192 + 1, 8192), substr($9::bytea, (t.at::int - 1) * 32 + 1, 32)
       FROM head, unnest($6::smallint[], $7::bigint[]) WITH ORDINALITY AS t (level, index, at)),
     placed AS (
       INSERT INTO ledger.integration (log_id, index, entry_id, leaf_hash)
       SELECT log_id, $2 + e.at - 1, e.id, substr($11::bytea, (e.at::int - 1) * 32 + 1, 32)
       FROM head, unnest($10::uuid[]) WITH ORDINALITY AS e (id, at) RETURNING 1),
     gone AS (
       DELETE FROM ledger.pending USING head WHERE position = ANY ($12::bigint[]) RETURNING 1)
     SELECT (SELECT count(*) FROM placed) AS placed, (SELECT count(*) FROM gone) AS gone`,
    [
      logId,
      before.size,
      before.root,
      tree.size,
      tree.root(),
      tiles.map((tile) => tile.level),
      tiles.map((tile) => tile.index),
      Buffer.concat(tiles.map((tile) => tile.hashes)),
      Buffer.concat(tiles.map((tile) => tile.root)),
      waiting.map((row) => row.entry_id),
      Buffer.concat(waiting.map((row) => row.leaf_hash)),
      waiting.map((row) => row.position),
    ],
  );
  if (Number(moved?.placed) !== waiting.length) {
    throw new CodedError('head_moved', `another process moved the ledger's head on from ${before.size}.`);
  }
  return waiting.length;
}

/** They would stand in the way of all that comes after. The entries stay, without an index, and `verify` names each. */
async function dropRefused(query: Query, refused: readonly Waiting[]): Promise<void> {
  await query('DELETE FROM ledger.pending WHERE position = ANY ($1::bigint[])', [
    refused.map(({ position }) => position),
  ]);
}

/**
 * Signs the head, which is committed by now, and commits the checkpoint before anybody outside can have seen it. A crash
 * between the two statements leaves entries without a checkpoint, which the next sequencer signs. While the key is being
 * rotated both keys sign, up to and with the first checkpoint over the entry that says so.
 */
export async function signHead(query: Query, log: OpenLog, signer: LedgerSigner): Promise<OpenLog> {
  const head = { size: log.tree.size, root: log.tree.root() };
  const note = signer.sign(head, log.rotation === null ? 'key' : 'both');
  const inserted = await query(
    'INSERT INTO ledger.checkpoint (log_id, size, root, note) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING size',
    [log.logId, head.size, head.root, note],
  );
  if (inserted.length === 0) {
    const [there] = await query<{ size: Bigint; root: Buffer; note: string }>(
      'SELECT size, root, note FROM ledger.checkpoint WHERE log_id = $1 AND size = $2',
      [log.logId, head.size],
    );
    if (there === undefined || !sameHash(there.root, head.root))
      throw altered(`another root was signed over ${head.size} entries`);
    openStored(there, log.rotation?.from ?? signer.vkey);
  }
  const rotation = log.rotation === null ? null : await unsignedRotation(query, log.logId);
  return { ...log, signed: head.size, rotation };
}

/** The row that a batch found in its way; null where the error is another. Nothing of ours can have put it there: the head comes first. */
export function occupied(error: unknown): CodedError | null {
  if (!(error instanceof DatabaseError) || error.code !== '23505') return null;
  if (error.constraint !== 'tile_pkey' && error.constraint !== 'integration_pkey') return null;
  const table = error.table ?? '';
  const key = /\((.*?)\)=\((.*?)\)/.exec(error.detail ?? '');
  const [columns, values] = [key?.[1]?.split(', ') ?? [], key?.[2]?.split(', ') ?? []];
  const where = columns.map((column, at) => `${column} = ${values[at]}`).join(' AND ');
  return new CodedError(
    'ledger_occupied',
    `a row in ledger.${table} is over entries that are still to come, and in the way of them: ${intruded(table, where)}`,
    error,
  );
}

/** Takes away pending rows of entries that have an index already, or wait by an earlier row: only somebody's own insert leaves such. */
export async function dropDoubles(query: Query): Promise<void> {
  await query(
    `DELETE FROM ledger.pending p WHERE EXISTS (SELECT FROM ledger.integration i WHERE i.entry_id = p.entry_id)
       OR EXISTS (SELECT FROM ledger.pending o WHERE o.entry_id = p.entry_id AND o.position < p.position)`,
  );
}
