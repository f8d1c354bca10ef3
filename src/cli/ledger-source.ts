/** The database that the ledger's commands read. */
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import { databaseAddressProblem } from '../config/database-address.ts';
import { connectionProblem } from '../db/connection-problem.ts';
import type { Database } from '../db/database.ts';
import { embeddedPostgresUrls } from '../db/embedded-postgres.ts';
import { openDatabase } from '../db/open-database.ts';
import { CodedError } from '../domain/coded-error.ts';
import type { CommandIo } from './command-io.ts';

export interface OpenLedger {
  readonly db: Kysely<Database>;
  /** Host and database, without anything secret. */
  readonly name: string;
  readonly url: string;
  close(): Promise<void>;
}

/** The database in DATABASE_URL, else the one that `countersign start` runs under ./data. Throws `database_absent` or `database_unreachable`, so that a command ends with a sentence and not with a stack. */
export async function openLedgerSource(
  env: CommandIo['env'],
  login: 'readerUrl' | 'writerUrl' | 'eraserUrl' = 'readerUrl',
): Promise<OpenLedger> {
  const given = env['DATABASE_URL']?.trim() || undefined;
  const problem = given === undefined ? null : databaseAddressProblem(given);
  if (problem !== null) throw new CodedError('configuration_invalid', `DATABASE_URL ${problem}.`);
  const url = given ?? (await embeddedPostgresUrls('data/postgres'))?.[login];
  if (url === undefined) {
    throw new CodedError(
      'database_absent',
      'DATABASE_URL is not set, and there is no database of `countersign start` in ./data: give the address of the one that holds the ledger.',
    );
  }
  const db = openDatabase(url, { max: 2, applicationName: 'countersign' });
  const name = nameOf(url);
  try {
    const { rows } = await sql<{
      there: boolean;
    }>`SELECT to_regclass('ledger.log') IS NOT NULL AS there`.execute(db);
    if (rows[0]?.there !== true) {
      throw new CodedError(
        'ledger_absent',
        `${name} holds no ledger: run \`countersign migrate\` there, or name another database in DATABASE_URL.`,
      );
    }
  } catch (error) {
    await db.destroy();
    if (error instanceof CodedError) throw error;
    // Of the one under ./data nobody set an address.
    const refused = given === undefined ? null : connectionProblem(error, { variable: 'DATABASE_URL', url });
    if (refused !== null) throw refused;
    throw new CodedError(
      'database_unreachable',
      `${name} can't be read: ${error instanceof Error ? error.message || error.name : String(error)}.`,
      error,
    );
  }
  return { db, name, url, close: () => db.destroy() };
}

function nameOf(url: string): string {
  try {
    const { hostname, port, pathname } = new URL(url);
    return `the database ${hostname}${port === '' ? '' : `:${port}`}${pathname}`;
  } catch {
    return 'the database in DATABASE_URL';
  }
}
