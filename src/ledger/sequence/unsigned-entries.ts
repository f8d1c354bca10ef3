/**
 * What a signature must not be put on. The key signs a tree of hashes, so whoever can write to the log could have it sign an entry that
 * hands the log to a key of his own, or one that says where the bytes went that he deletes: such an entry counts as the key's word. Only
 * the process that has both keys rotates one, and only the owner retires a year; no other entry that says so gets an index. And what
 * got one since the newest checkpoint must be entries that are here.
 */
import type { EntryContent } from '../format/entry.ts';
import { entrySchema } from '../format/entry.ts';
import type { GrowingTree } from '../format/growing-tree.ts';
import type { Query } from '../store/query.ts';
import { rotatesKeyOf } from '../format/rotates-key-of.ts';

/** A log as far as it says which rotation is its own. */
export interface RotatingLog {
  readonly origin: string;
  /** The one under way, by who has both keys, and the entry that says so. */
  readonly rotation: { readonly from: string; readonly to: string; readonly entryId: string } | null;
}

/** An entry that is about to be signed. */
export interface Unsigned {
  readonly entry_id: string;
  /** Its bytes where they may say something about the log's key or its years, however they are written; else null. */
  readonly suspect: Uint8Array | null;
  /** Whether the owner put it down as a retirement, in the transaction that recorded it. */
  readonly retires: boolean;
}

/** How PostgreSQL writes the bytes of a backslash and a `u`: JSON may have any character in that form. */
const ESCAPE = String.raw`\x5c75`;
const mentions = (word: string): string => `position('${word}'::bytea IN e.canonical) > 0`;

/** SQL, of an entry `e`: the columns of {@link Unsigned} but for its id. */
export const LOOKED_AT = String.raw`CASE WHEN ${mentions('rotated')} OR ${mentions('pruned')} OR ${mentions(ESCAPE)} THEN e.canonical END AS suspect,
  e.id IN (SELECT entry_id FROM ledger.retirement) AS retires`;

/** Why an entry gets no index: it `…`. Null where it may have one. */
export function refusalOf(entry: Unsigned, log: RotatingLog): string | null {
  if (entry.suspect === null) return null;
  const ledger = readLoosely(entry.suspect)?.ledger;
  if (ledger?.act === 'rotated' && rotatesKeyOf(log.origin, ledger) && !isUnderWay(entry, ledger, log))
    return 'rotates its key, and nobody who has both keys did that';
  if (ledger?.act === 'pruned' && !entry.retires)
    return 'says that a year was retired, and nobody who may act as countersign_owner did that';
  return null;
}

/** Another entry in the words of the one under way would never count. */
function isUnderWay(
  { entry_id }: Unsigned,
  { from, to }: { readonly from: string; readonly to: string },
  { rotation }: RotatingLog,
): boolean {
  return entry_id === rotation?.entryId && from === rotation.from && to === rotation.to;
}

/** Null: it is no entry, and says nothing. One that isn't canonical is none either, but another reader may take it for one. */
function readLoosely(bytes: Uint8Array): EntryContent | null {
  try {
    return entrySchema.safeParse(JSON.parse(Buffer.from(bytes).toString())).data ?? null;
  } catch {
    return null;
  }
}

/** How many leaves are read at once. */
const PAGE = 4096;

/** Grows `tree` by the entries with an index from its size on, up to `size`. Why they may not be signed, or null. */
export async function growByEntries(
  query: Query,
  logId: number,
  tree: GrowingTree,
  { size, log }: { readonly size: number; readonly log: RotatingLog },
): Promise<string | null> {
  while (tree.size < size) {
    const from = tree.size;
    const rows = await query<Unsigned & { leaf_hash: Buffer | null }>(
      `SELECT i.entry_id, e.leaf_hash, ${LOOKED_AT} FROM ledger.integration i LEFT JOIN ledger.entry e ON e.id = i.entry_id
       WHERE i.log_id = $1 AND i.index >= $2 AND i.index < $3 ORDER BY i.index LIMIT ${PAGE}`,
      [logId, from, size],
    );
    if (rows.length === 0) return `its entries end before ${from}, and its head says ${size}`;
    for (const { leaf_hash, ...entry } of rows) {
      if (leaf_hash === null) return `entry ${tree.size}, which no checkpoint covers yet, is gone`;
      const why = refusalOf(entry, log);
      if (why !== null) return `entry ${tree.size}, which no checkpoint covers yet, ${why}`;
      tree.append(leaf_hash);
    }
  }
  return null;
}
