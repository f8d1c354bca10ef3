import { Kysely, PostgresDialect } from 'kysely';
import { Pool, TypeOverrides } from 'pg';
import type { PoolClient } from 'pg';
import { CodedError } from '../domain/coded-error.ts';
import type { Database } from './database.ts';

/** How much of PostgreSQL one process takes, and where what goes wrong between queries is told. */
export interface DatabaseOptions {
  readonly max?: number;
  readonly applicationName?: string;
  /** An idle connection broke. The pool makes a new one; whoever uses it next sees nothing. */
  readonly onError?: (error: Error) => void;
}

/** A pool of connections. Close it with `destroy()`. */
export function openDatabase(url: string, options: DatabaseOptions = {}): Kysely<Database> {
  const pool = new Pool({
    connectionString: url,
    max: options.max ?? 10,
    application_name: options.applicationName ?? 'countersign',
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 30_000,
    types: exactIntegers(),
  });
  // Without a listener a connection that breaks while idle would end the process.
  pool.on('error', options.onError ?? (() => undefined));
  pool.on('connect', prepareMarked);
  // The pool listens only while a connection is idle. One that breaks in use rejects its query, and would end the process too.
  pool.on('connect', (client) => void client.on('error', () => undefined));
  return new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
}

/** A statement that begins with this is parsed and planned once a connection, under the name it gives itself. */
const PREPARED = /^\/\* prepared (\w+) \*\//;

/** Kysely has no word for prepared statements, so the few that are worth it say so in their text. */
function prepareMarked(client: PoolClient): void {
  const plain = client.query.bind(client);
  const marked = (statement: unknown, ...rest: readonly unknown[]): unknown => {
    const name = typeof statement === 'string' ? PREPARED.exec(statement)?.[1] : undefined;
    return Reflect.apply(plain, undefined, [
      name === undefined ? statement : { name, text: statement },
      ...rest,
    ]);
  };
  Object.defineProperty(client, 'query', { value: marked });
}

const INT8 = 20;

/** `int8` as a number where that is exact; GitHub's ids and our indexes are. Everything else as `pg` has it. */
function exactIntegers(): TypeOverrides {
  const types = new TypeOverrides();
  types.setTypeParser(INT8, parseInteger);
  return types;
}

function parseInteger(value: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) {
    throw new CodedError(
      'integer_too_large',
      `the database holds ${value}, which is no exact number in JavaScript.`,
    );
  }
  return number;
}
