/**
 * Entries that are still in the database, and that whoever reads `ledger.entry` doesn't see: deleting them isn't the only
 * way to make them disappear, and whoever looks for the culprit must be told which it was.
 */
import { CodedError } from '../../domain/coded-error.ts';
import type { Findings } from '../source/finding.ts';
import type { Query } from '../store/query.ts';

export interface HidingTable {
  /** With its schema. */
  readonly name: string;
  /** A partition that was taken out loses its guards with it; row security answers as if rows weren't there. */
  readonly how: 'detached' | 'row_security';
}

/** A detached partition is known by its columns, for it may have been renamed or moved since. */
export async function hidingTables(query: Query): Promise<HidingTable[]> {
  return await query<HidingTable>(
    `SELECT n.nspname || '.' || c.relname AS name, CASE WHEN c.relrowsecurity THEN 'row_security' ELSE 'detached' END AS how
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND (
       (n.nspname = 'ledger' AND c.relrowsecurity)
       OR (c.relkind = 'r' AND NOT c.relispartition AND 2 = (
         SELECT count(*) FROM pg_attribute a
         WHERE a.attrelid = c.oid AND a.atttypid = 'bytea'::regtype AND a.attname IN ('canonical', 'leaf_hash'))))
     ORDER BY name`,
  );
}

/** To be called before the entries are looked at, so that it is read before those it explains. */
export async function verifyNothingHidden(query: Query, findings: Findings): Promise<void> {
  for (const { name, how } of await hidingTables(query)) {
    findings.add(
      'entry_deleted',
      null,
      how === 'detached'
        ? `The table ${name} was detached from ledger.entry: entries that are missing may be in it, where nothing guards them.`
        : `Row security was put on ${name}: rows that are missing may only be hidden from this login.`,
    );
  }
}

/**
 * A database without a log may be new; or its log was taken away, and then something is left of it. Throws `ledger_altered`.
 * Where really nothing is left, only what is kept outside can tell.
 */
export async function assertNeverBegun(query: Query, patienceSeconds: number): Promise<void> {
  const [left] = await query<{ placed: number; checkpoints: number; waiting: number }>(
    `SELECT (SELECT count(*) FROM ledger.integration)::int AS placed, (SELECT count(*) FROM ledger.checkpoint)::int AS checkpoints,
       (SELECT count(*) FROM ledger.entry WHERE recorded_at NOT BETWEEN clock_timestamp() - make_interval(secs => $1) AND clock_timestamp())::int AS waiting`,
    [patienceSeconds],
  );
  const { placed, checkpoints, waiting } = left ?? { placed: 0, checkpoints: 0, waiting: 0 };
  if (placed + checkpoints > 0) {
    throw new CodedError(
      'ledger_altered',
      `the row that says whose log this is was taken away; left of the log are ${placed} indices and ${checkpoints} checkpoints.`,
    );
  }
  if (waiting > 0) {
    throw new CodedError(
      'ledger_altered',
      `${waiting} entries were recorded and there is no log: no sequencer was ever at work, or the log was taken away.`,
    );
  }
}
