/** The proof that one entry is in the log, as people keep it: in a check run, in a file. */
import type { Kysely } from 'kysely';
import { setTimeout as wait } from 'node:timers/promises';
import type { Database } from '../../db/database.ts';
import { CodedError } from '../../domain/coded-error.ts';
import { openCheckpoint } from '../format/checkpoint.ts';
import { parseVerifierKey } from '../format/note.ts';
import { formatProof } from '../format/proof.ts';
import type { Bigint } from '../store/query.ts';
import { queryOf } from '../store/query.ts';
import { hashReader } from '../store/stored-tree.ts';
import { inclusionRanges, rangeHash } from '../format/tree-proof.ts';

export interface EntryProof {
  readonly index: number;
  readonly origin: string;
  /** tlog-proof text, under the newest checkpoint. */
  readonly proof: string;
  /** Of the key that signs the log now. */
  readonly vkey: string;
  readonly logId: number;
  /** Of the entry, as the index has it: what the proof is of, whether or not the bytes are here. */
  readonly leafHash: Buffer;
}

/** One tile that the proof needs, with where the entry is. */
interface Row {
  readonly log_id: number;
  readonly index: Bigint;
  readonly origin: string;
  readonly size: Bigint;
  readonly note: string;
  readonly vkey: string;
  readonly leaf_hash: Buffer;
  readonly canonical: Buffer | null;
  readonly level: number;
  readonly tile: Bigint;
  /** Null where the hashes are gone. */
  readonly hashes: Buffer | null;
}

/**
 * With the entry's own bytes in its `extra` line, so that nothing else is needed to verify it. Null until the entry is integrated
 * and a checkpoint covers it, which takes some milliseconds after its commit; and where the newest one isn't signed by the log's key.
 */
export async function entryProof(db: Kysely<Database>, entryId: string): Promise<EntryProof | null> {
  return prove(await queryOf(db)<Row>(BY_ENTRY, [entryId]), true);
}

/** The same by index, in the newest log; `withBytes` puts the entry's own bytes into the proof's `extra` line. */
export async function proofAtIndex(
  db: Kysely<Database>,
  index: number,
  withBytes: boolean,
): Promise<EntryProof | null> {
  return prove(await queryOf(db)<Row>(BY_INDEX, [index]), withBytes);
}

/** Waits for a just committed entry's proof. Null when `milliseconds` have passed: no sequencer is at work. */
export async function waitForEntryProof(
  db: Kysely<Database>,
  entryId: string,
  milliseconds: number,
): Promise<EntryProof | null> {
  for (let waited = 0, step = 5; ; waited += step, step = Math.min(step * 2, 100)) {
    const proof = await entryProof(db, entryId);
    if (proof !== null || waited >= milliseconds) return proof;
    await wait(step);
  }
}

/**
 * Everything in one statement, prepared once a connection: where the entry is, the newest checkpoint, and of each level the tile
 * above the entry and the one at the edge of the checkpoint's tree, which are all that a proof is made of. Tiles that the head
 * hasn't filled aren't stored: level 0's is the newest leaf hashes, a higher level's the roots of the level below.
 */
function statement(name: string, condition: string): string {
  return `/* prepared ${name} */ WITH place AS MATERIALIZED (
      SELECT i.log_id, i.index, i.leaf_hash, l.origin, h.size AS head, c.size, c.note, e.canonical,
        coalesce((SELECT vkey FROM ledger.log_key k WHERE k.log_id = l.log_id ORDER BY number DESC LIMIT 1), l.vkey) AS vkey
      FROM ledger.integration i
      JOIN ledger.log l USING (log_id)
      JOIN ledger.head h USING (log_id)
      JOIN LATERAL (SELECT size, note FROM ledger.checkpoint WHERE log_id = i.log_id ORDER BY size DESC LIMIT 1) c ON c.size > i.index
      LEFT JOIN ledger.entry e ON e.id = i.entry_id
      WHERE ${condition}),
    wanted AS MATERIALIZED (
      SELECT DISTINCT log_id, head, level, size >> (8 * level) AS width, tile
      FROM place, generate_series(0, 6) AS level, LATERAL (VALUES (index >> (8 * level + 8)), (size >> (8 * level + 8))) AS t (tile)
      WHERE tile << 8 < size >> (8 * level))
    SELECT p.log_id, p.index, p.leaf_hash, p.origin, p.size, p.note, p.vkey, p.canonical, w.level, w.tile, CASE
      WHEN (w.tile + 1) << 8 <= w.head >> (8 * w.level)
        THEN (SELECT hashes FROM ledger.tile t WHERE t.log_id = w.log_id AND t.level = w.level AND t.index = w.tile)
      WHEN w.level = 0
        THEN (SELECT string_agg(i.leaf_hash, '' ORDER BY i.index) FROM ledger.integration i
              WHERE i.log_id = w.log_id AND i.index >= w.tile << 8 AND i.index < w.width)
      ELSE (SELECT string_agg(t.root, '' ORDER BY t.index) FROM ledger.tile t
            WHERE t.log_id = w.log_id AND t.level = w.level - 1 AND t.index >= w.tile << 8 AND t.index < w.width)
      END AS hashes
    FROM place p, wanted w`;
}

const BY_ENTRY = statement('ledger_proof_by_entry', 'i.entry_id = $1');
const BY_INDEX = statement(
  'ledger_proof_by_index',
  'i.index = $1 AND i.log_id = (SELECT max(log_id) FROM ledger.log)',
);

function prove(rows: readonly Row[], withBytes: boolean): EntryProof | null {
  const [place] = rows;
  if (place === undefined) return null;
  if (!isSigned(place)) return null;
  const [index, size] = [Number(place.index), Number(place.size)];
  const read = hashReader(
    new Map(
      rows.flatMap(({ level, tile, hashes }) => (hashes === null ? [] : [[`${level}/${tile}`, hashes]])),
    ),
  );
  const hashes = inclusionRanges(index, size).map((range) => rangeHash(range, read));
  const extra = withBytes ? place.canonical : null;
  return {
    index,
    origin: place.origin,
    proof: formatProof({ index, hashes, checkpoint: place.note, extra }),
    vkey: place.vkey,
    logId: place.log_id,
    leafHash: place.leaf_hash,
  };
}

/** Whoever may write can add a checkpoint that is none; what isn't signed proves nothing to anybody, and must not pass for a proof. */
function isSigned({ note, vkey }: Row): boolean {
  try {
    openCheckpoint(note, parseVerifierKey(vkey));
    return true;
  } catch (error) {
    if (error instanceof CodedError) return false;
    throw error;
  }
}
