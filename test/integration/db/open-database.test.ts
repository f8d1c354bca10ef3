import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { openDatabase } from '../../../src/db/open-database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createTestDatabase, query } from '../../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await database.drop();
});

test('values come as what they are', async () => {
  const { rows } = await sql`
    SELECT 9007199254740991::bigint AS big, '2026-11-22T10:00:00.123Z'::timestamptz AS at, '\\x00ff'::bytea AS bytes,
           NULL::bigint AS nothing`.execute(database.db);
  expect(rows).toEqual([
    {
      big: 9007199254740991,
      at: new Date('2026-11-22T10:00:00.123Z'),
      bytes: Buffer.from([0, 255]),
      nothing: null,
    },
  ]);
});

test('a number that JavaScript can’t hold is refused, not rounded', async () => {
  await expect(sql`SELECT 9007199254740993::bigint AS big`.execute(database.db)).rejects.toMatchObject({
    code: 'integer_too_large',
  });
});

test('connections that break while idle harm nobody', async () => {
  const errors: Error[] = [];
  const db = openDatabase(database.writerUrl, {
    max: 2,
    applicationName: 'to be broken',
    onError: (error) => errors.push(error),
  });
  try {
    await sql`SELECT 1`.execute(db);
    await query(
      database.superuserUrl,
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'to be broken'",
    );
    while (errors.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect((await sql<{ n: number }>`SELECT 1 AS n`.execute(db)).rows).toEqual([{ n: 1 }]);
  } finally {
    await db.destroy();
  }
});
