/**
 * The years by which `ledger.entry` is cut: an entry's id begins with its time, so a year is a range of ids and a partition of
 * its own. Owns their names, their bounds, and the making of those to come, guarded as the migration guards its own.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Client } from 'pg';
import { DatabaseError } from 'pg';
import { CodedError } from '../domain/coded-error.ts';

export interface EntryYear {
  readonly year: number;
  /** In the schema `ledger`. */
  readonly partition: string;
  /** The first id of the year, and the first of the year after. */
  readonly from: string;
  readonly until: string;
}

/** Throws RangeError for what is no year that an id can have. */
export function entryYear(year: number): EntryYear {
  if (!Number.isSafeInteger(year) || year < 1970 || year > 9999) throw new RangeError(`no year: ${year}`);
  return { year, partition: `entry_${year}`, from: firstId(year), until: firstId(year + 1) };
}

/** The id that a UUID version 7 of a year's first millisecond can't be below. */
function firstId(year: number): string {
  const hex = Date.UTC(year, 0, 1).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

/** How many years beyond this one have their partition made: as long as nobody migrates, so long there is one. */
const AHEAD = 4;
const ATTEMPTS = 20;
const LOCKED_FOR = '2s';

/**
 * Makes what is missing of this year's partition and of the next years', and returns their names. A year whose entries went to
 * `entry_other` already stays there: PostgreSQL would have to move them. A year that is over is never made again, so one that
 * was retired stays so.
 */
export async function createYears(client: Client, owner: string, now: Date): Promise<string[]> {
  const made: string[] = [];
  for (let ahead = 0; ahead <= AHEAD; ahead += 1) {
    const year = entryYear(now.getUTCFullYear() + ahead);
    if (await isWanted(client, owner, year)) {
      await create(client, owner, year);
      made.push(`ledger.${year.partition}`);
    }
  }
  return made;
}

async function isWanted(client: Client, owner: string, year: EntryYear): Promise<boolean> {
  await client.query(`SET ROLE ${owner}`);
  try {
    const { rows } = await client.query<{ wanted: boolean }>(
      `SELECT to_regclass($1) IS NULL AND NOT EXISTS (SELECT FROM ledger.entry_other WHERE id >= $2 AND id < $3) AS wanted`,
      [`ledger.${year.partition}`, year.from, year.until],
    );
    return rows[0]?.wanted === true;
  } finally {
    await client.query('RESET ROLE');
  }
}

/**
 * One transaction, so that no partition is ever seen without its guards. It needs the table to itself for a moment: it waits
 * for whoever reads the whole ledger just now in short turns, since everybody who records queues behind whoever waits.
 */
async function create(client: Client, owner: string, { partition, from, until }: EntryYear): Promise<void> {
  const name = `ledger.${partition}`;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await client.query(`BEGIN;
        SET LOCAL ROLE ${owner};
        SET LOCAL lock_timeout = '${LOCKED_FOR}';
        CREATE TABLE ${name} PARTITION OF ledger.entry FOR VALUES FROM ('${from}') TO ('${until}');
        CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON ${name} FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse();
        ALTER TABLE ${name} ENABLE ALWAYS TRIGGER refuse_truncate;
        ALTER TABLE ${name} ENABLE ALWAYS TRIGGER refuse_change;
        GRANT SELECT ON ${name} TO countersign_writer, countersign_reader;
        COMMIT`);
      return;
    } catch (error) {
      await client.query('ROLLBACK');
      if (!(error instanceof DatabaseError) || error.code !== '55P03') throw error;
      if (attempt === ATTEMPTS) {
        throw new CodedError(
          'entry_year_not_made',
          `${name} could not be made, for somebody reads the ledger all the time: run \`countersign migrate\` again when no verify and no export is at work.`,
          error,
        );
      }
      await wait(1000);
    }
  }
}
