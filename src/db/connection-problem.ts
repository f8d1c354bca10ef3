/** Why a database couldn't be connected to, in one sentence that names the variable which says where it is. */
import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import { CodedError } from '../domain/coded-error.ts';
import { errorCodeOf } from '../domain/error-code.ts';
import type { Database } from './database.ts';

export interface DatabaseAddress {
  /** `DATABASE_URL`, `MIGRATION_DATABASE_URL` */
  readonly variable: string;
  readonly url: string;
}

/** Throws `database_unreachable` where no connection comes about. */
export async function assertConnects(db: Kysely<Database>, address: DatabaseAddress): Promise<void> {
  try {
    await sql`SELECT 1`.execute(db);
  } catch (error) {
    throw connectionProblem(error, address) ?? error;
  }
}

/** Null: it is an error of another kind. The address's password is in none of the sentences. */
export function connectionProblem(error: unknown, { variable, url }: DatabaseAddress): CodedError | null {
  const { host, database, user } = partsOf(url);
  const said = error instanceof Error ? error.message : String(error);
  const why = sentence(errorCodeOf(error) ?? '', said, { host, database, user });
  return why === null ? null : new CodedError('database_unreachable', `${variable}: ${why}`, error);
}

interface Parts {
  readonly host: string;
  readonly database: string;
  readonly user: string;
}

function sentence(code: string, said: string, { host, database, user }: Parts): string | null {
  if (code === '28P01' || said.startsWith('SASL:'))
    return `${host}/${database} refused the login ${user}: password authentication failed.`;
  if (code === '28000' || code === '42501') return `${host}/${database} refused the login ${user}: ${said}.`;
  if (code === '3D000')
    return `${host} has no database ${database}: name one that is there, or make it (docs/database.md).`;
  if (['53300', '57P03'].includes(code)) return `${host}/${database} takes no connection now: ${said}.`;
  if (
    /^(?:ECONN|ENOTFOUND|EAI_|ETIMEDOUT|EHOST|ENETUNREACH|EPIPE)/.test(code) ||
    /connection timeout|timeout exceeded/i.test(said)
  )
    return `${host} can't be reached (${code === '' ? said : code}): is PostgreSQL running there, and are host and port right?`;
  return null;
}

function partsOf(url: string): Parts {
  const parsed = URL.parse(url);
  return {
    host: parsed?.host ?? '?',
    database: decodeURIComponent(parsed?.pathname.slice(1) ?? '?'),
    user: decodeURIComponent(parsed?.username ?? '?'),
  };
}
