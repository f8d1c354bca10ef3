/** One way to ask PostgreSQL, for what runs on the pool as well as on a connection of its own. */
import type { Kysely } from 'kysely';
import { CompiledQuery } from 'kysely';
import type pg from 'pg';
import type { Database } from '../../db/database.ts';

export type Query = <Row extends object>(text: string, values?: readonly unknown[]) => Promise<Row[]>;

/** `bigint`s come as numbers from our pool and as text from a bare client; both are exact below 2^53. */
export type Bigint = number | string;

/** On the pool, or in a transaction. */
export function queryOf(db: Kysely<Database>): Query {
  return async <Row extends object>(text: string, values: readonly unknown[] = []) => {
    const { rows } = await db.executeQuery<Row>(CompiledQuery.raw(text, [...values]));
    return rows;
  };
}

/** On one connection. */
export function queryOfClient(client: pg.ClientBase): Query {
  return async <Row extends object>(text: string, values: readonly unknown[] = []) => {
    const { rows } = await client.query<Row>(text, [...values]);
    return rows;
  };
}
