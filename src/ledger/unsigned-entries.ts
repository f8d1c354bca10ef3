/**
 * What a signature must not be put on. The key signs a tree of hashes, so whoever can write to the log could have it sign an entry that
 * hands the log to a key of his own: such an entry counts as the old key's word, once a second signature is beside it. Only the
 * process that has both keys rotates one, and no other rotation gets an index; and what got one since the newest checkpoint must be
 * entries that are here.
 */
import type { EntryContent } from './entry.ts';
import { entrySchema } from './entry.ts';
import type { GrowingTree } from './growing-tree.ts';
import type { Query } from './query.ts';
import { rotatesKeyOf } from './rotates-key-of.ts';

/** A log as far as it says which rotation is its own. */
export interface RotatingLog {
  readonly origin: string;
  /** The one under way, by who has both keys, and the entry that says so. */
  readonly rotation: { readonly from: string; readonly to: string; readonly entryId: string } | null;
}

/** An entry that is about to be signed. */
export interface Unsigned {
  readonly entry_id: string;
  /** By {@link SUSPECT}. */
  readonly suspect: Uint8Array | null;
}

/** SQL, of an entry `e`: its bytes where they may be a rotation, however they are written; else null. */
export const SUSPECT = String.raw`CASE WHEN position('rotated'::bytea IN e.canonical) > 0 OR position('\x5c75'::bytea IN e.canonical) > 0
  THEN e.canonical END`;

/** Whether an entry rotates this log's key, and isn't the one of the rotation that is under way: another one in its words would never count. */
export function isForeignRotation(
  { entry_id, suspect }: Unsigned,
  { origin, rotation }: RotatingLog,
): boolean {
  if (suspect === null) return false;
  const ledger = readLoosely(suspect)?.ledger;
  if (ledger?.act !== 'rotated' || !rotatesKeyOf(origin, ledger)) return false;
  return entry_id !== rotation?.entryId || ledger.from !== rotation.from || ledger.to !== rotation.to;
}

/** Null: it is no entry, and rotates nothing. One that isn't canonical is none either, but another reader may take it for one. */
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
      `SELECT i.entry_id, e.leaf_hash, ${SUSPECT} AS suspect FROM ledger.integration i LEFT JOIN ledger.entry e ON e.id = i.entry_id
       WHERE i.log_id = $1 AND i.index >= $2 AND i.index < $3 ORDER BY i.index LIMIT ${PAGE}`,
      [logId, from, size],
    );
    if (rows.length === 0) return `its entries end before ${from}, and its head says ${size}`;
    for (const { leaf_hash, ...entry } of rows) {
      if (leaf_hash === null) return `entry ${tree.size}, which no checkpoint covers yet, is gone`;
      if (isForeignRotation(entry, log))
        return `entry ${tree.size}, which no checkpoint covers yet, rotates its key, and nobody who has both keys did that`;
      tree.append(leaf_hash);
    }
  }
  return null;
}
