/**
 * Whether the connected role may do the writer's work at all. One that may only read would serve, look healthy, and record
 * nothing: each job would fail for ever.
 */
import type { Kysely } from 'kysely';
import type { Database } from '../../db/database.ts';
import { CodedError } from '../../domain/coded-error.ts';
import { queryOf } from './query.ts';

/** Throws `ledger_unwritable`. That there is no ledger at all is `assertLedgerSafe`'s to say. */
export async function assertLedgerWritable(db: Kysely<Database>): Promise<void> {
  // A table of each schema that the writer adds to. The catalogue may be read by everybody, whatever they may do.
  const [found] = await queryOf(db)<{ role: string; refused: boolean | null }>(
    `SELECT current_user::text AS role,
       (SELECT bool_or(NOT (has_schema_privilege(n.oid, 'USAGE') AND has_any_column_privilege(c.oid, 'INSERT')))
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE (n.nspname, c.relname) IN (('ledger', 'entry'), ('ledger', 'head'), ('countersign', 'deployment'), ('pgboss', 'job'))
       ) AS refused`,
  );
  if (found?.refused === true)
    throw new CodedError(
      'ledger_unwritable',
      `${found.role} may not write the ledger, so nothing can be recorded: DATABASE_URL must name a login that is a member of countersign_writer.`,
    );
}
