/** What retiring a year would take away: read from the index, which stays whatever is retired. Changes nothing. */
import type { EntryYear } from '../../db/entry-years.ts';
import { entryYear } from '../../db/entry-years.ts';
import { CodedError } from '../../domain/coded-error.ts';
import type { Bigint, Query } from '../store/query.ts';
import { readRetirements } from '../store/read-retirement.ts';
import { TILE_WIDTH } from '../format/tiles.ts';

export interface RetirementPlan {
  readonly logId: number;
  readonly year: EntryYear;
  /** Below it everything was retired before. */
  readonly from: number;
  /** Up to the first entry that belongs to a later year; without the bound that an archive sets. */
  readonly until: number;
  /** How many entries of the year there are, and the index of the last that has one; -1 where none has. */
  readonly entries: number;
  readonly last: number;
}

/** The minimum index that an archive of `size` entries allows: C2SP wants whole bundles. */
export function minimumOf(plan: RetirementPlan, size: number): number {
  return Math.floor(Math.min(plan.until, size) / TILE_WIDTH) * TILE_WIDTH;
}

/** Throws where this year can't be retired, or not yet, with the mend. */
export async function planRetirement(query: Query, year: number, now: string): Promise<RetirementPlan> {
  if (now < `${year + 1}-01-01`) {
    throw new CodedError(
      'year_not_over',
      `${year} is not over: only the entries of a past year can be retired.`,
    );
  }
  const bounds = entryYear(year);
  const partitions = await yearsThere(query);
  if (!partitions.includes(year)) {
    throw new CodedError(
      'year_absent',
      `there is no ledger.${bounds.partition}: ${year} was retired already, or never had a partition of its own.`,
    );
  }
  for (const earlier of partitions.filter((other) => other < year)) {
    const [row] = await query<{ any: boolean }>(
      `SELECT EXISTS (SELECT FROM ledger.${entryYear(earlier).partition}) AS any`,
    );
    if (row?.any === true)
      throw new CodedError(
        'earlier_year_unretired',
        `${earlier} was not retired yet: retire it first, with --year ${earlier}.`,
      );
  }
  const [log] = await query<{ log_id: number; size: Bigint }>(
    'SELECT log_id, size FROM ledger.head ORDER BY log_id DESC LIMIT 1',
  );
  if (log === undefined) throw new CodedError('ledger_absent', 'this database has no log yet.');
  const [counted] = await query<{ entries: Bigint }>(
    `SELECT count(*) AS entries FROM ledger.${bounds.partition}`,
  );
  const entries = Number(counted?.entries ?? 0);
  if (entries === 0)
    throw new CodedError('year_empty', `${year} has no entries, so there is nothing to retire.`);
  const from = await retiredBefore(query, log.log_id, bounds);
  return { logId: log.log_id, year: bounds, from, entries, ...(await reach(query, log, bounds, from)) };
}

/** The years that have a partition, oldest first. */
async function yearsThere(query: Query): Promise<number[]> {
  const rows = await query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = 'ledger.entry'::regclass ORDER BY c.relname`,
  );
  return rows.flatMap(({ name }) => {
    const year = /^entry_(\d{4})$/.exec(name)?.[1];
    return year === undefined ? [] : [Number(year)];
  });
}

/**
 * Below which minimum everything was retired with earlier years. An entry may say so already of this very year, where its
 * retirement was interrupted; but below what was retired with earlier years there is none of this one.
 */
async function retiredBefore(query: Query, logId: number, { from, until }: EntryYear): Promise<number> {
  const [first] = await query<{ index: Bigint }>(
    'SELECT index FROM ledger.integration WHERE log_id = $1 AND entry_id >= $2 AND entry_id < $3 ORDER BY index LIMIT 1',
    [logId, from, until],
  );
  const stated = (await readRetirements(query, logId)).map(({ minimum }) => minimum);
  return Math.max(0, ...stated.filter((minimum) => minimum <= Number(first?.index ?? Infinity)));
}

/**
 * Only ids that begin with a time say which year they are of. Others (they are in `entry_other`) stay where they are, whatever
 * lies around them.
 */
async function reach(
  query: Query,
  { log_id, size }: { log_id: number; size: Bigint },
  { from, until }: EntryYear,
  minimum: number,
): Promise<{ until: number; last: number }> {
  const [later] = await query<{ index: Bigint }>(
    `SELECT index FROM ledger.integration
     WHERE log_id = $1 AND index >= $2 AND entry_id >= $3 AND substr(entry_id::text, 15, 1) = '7' ORDER BY index LIMIT 1`,
    [log_id, minimum, until],
  );
  const [last] = await query<{ index: Bigint }>(
    `SELECT index FROM ledger.integration
     WHERE log_id = $1 AND index >= $2 AND entry_id >= $3 AND entry_id < $4 ORDER BY index DESC LIMIT 1`,
    [log_id, minimum, from, until],
  );
  return { until: Number(later?.index ?? size), last: Number(last?.index ?? -1) };
}
