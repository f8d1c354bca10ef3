/** The proof that one entry is in the log, as people keep it: in a check run, in a file. */
import type { Kysely } from 'kysely';
import { setTimeout as wait } from 'node:timers/promises';
import type { Database } from '../db/database.ts';
import { formatProof } from './proof.ts';
import type { Bigint, Query } from './query.ts';
import { queryOf } from './query.ts';
import { readTiles } from './stored-tree.ts';
import { inclusionRanges, rangeHash, tilesNeeded } from './tree-proof.ts';

export interface EntryProof {
  readonly index: number;
  readonly origin: string;
  /** tlog-proof text, under the newest checkpoint. */
  readonly proof: string;
}

interface Place {
  readonly log_id: number;
  readonly index: Bigint;
  readonly origin: string;
  readonly head: Bigint;
  readonly size: Bigint;
  readonly note: string;
  readonly canonical: Buffer | null;
}

/** Null until the entry is integrated and a checkpoint covers it, which takes some milliseconds after its commit. */
export async function entryProof(db: Kysely<Database>, entryId: string): Promise<EntryProof | null> {
  const query = queryOf(db);
  const place = await findPlace(query, 'i.entry_id = $1', [entryId]);
  return place === null ? null : await proveAt(query, place, null);
}

/** The same by index, in the newest log; `withBytes` puts the entry's own bytes into the proof's `extra` line. */
export async function proofAtIndex(
  db: Kysely<Database>,
  index: number,
  withBytes: boolean,
): Promise<EntryProof | null> {
  const query = queryOf(db);
  const place = await findPlace(query, 'i.index = $1 AND i.log_id = (SELECT max(log_id) FROM ledger.log)', [
    index,
  ]);
  return place === null ? null : await proveAt(query, place, withBytes ? place.canonical : null);
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

async function findPlace(query: Query, condition: string, values: readonly unknown[]): Promise<Place | null> {
  const [place] = await query<Place>(
    `SELECT i.log_id, i.index, l.origin, h.size AS head, c.size, c.note, e.canonical
     FROM ledger.integration i
     JOIN ledger.log l USING (log_id)
     JOIN ledger.head h USING (log_id)
     JOIN LATERAL (SELECT size, note FROM ledger.checkpoint WHERE log_id = i.log_id ORDER BY size DESC LIMIT 1) c ON c.size > i.index
     LEFT JOIN ledger.entry e ON e.id = i.entry_id
     WHERE ${condition}`,
    values,
  );
  return place ?? null;
}

async function proveAt(query: Query, place: Place, extra: Uint8Array | null): Promise<EntryProof> {
  const [index, size] = [Number(place.index), Number(place.size)];
  const ranges = inclusionRanges(index, size);
  const read = await readTiles(query, place.log_id, tilesNeeded(ranges, size), Number(place.head));
  const hashes = ranges.map((range) => rangeHash(range, read));
  return {
    index,
    origin: place.origin,
    proof: formatProof({ index, hashes, checkpoint: place.note, extra }),
  };
}
