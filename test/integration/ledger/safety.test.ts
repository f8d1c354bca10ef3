import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Database } from '../../../src/db/database.ts';
import { openDatabase } from '../../../src/db/open-database.ts';
import { assertLedgerSafe } from '../../../src/ledger/verify/safety.ts';
import { assertLedgerWritable } from '../../../src/ledger/store/writable.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createEmptyDatabase, createTestDatabase } from '../../support/database.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** What it says to whoever starts on `url`. */
async function problems(url: string): Promise<string> {
  const db = openDatabase(url, { max: 1 });
  try {
    return await complaint(db);
  } finally {
    await db.destroy();
  }
}

/** What it would say to the program after the owner did this, which is then undone. */
async function problemsAfter(...statements: string[]): Promise<string> {
  const db = openDatabase(database.superuserUrl, { max: 1 });
  const undone = new Error('undone');
  let message = '';
  try {
    await db.transaction().execute(async (tx) => {
      await sql`SET LOCAL ROLE countersign_owner`.execute(tx);
      for (const statement of statements) await sql.raw(statement).execute(tx);
      await sql`RESET ROLE`.execute(tx);
      await sql.raw(`SET LOCAL SESSION AUTHORIZATION ${new URL(database.writerUrl).username}`).execute(tx);
      message = await complaint(tx);
      throw undone;
    });
  } catch (error) {
    if (error !== undone) throw error;
  } finally {
    await db.destroy();
  }
  return message;
}

async function complaint(db: Kysely<Database>): Promise<string> {
  try {
    await assertLedgerSafe(db);
    return '';
  } catch (error) {
    expect(error).toMatchObject({ code: 'ledger_unsafe' });
    return (error as Error).message;
  }
}

test("the program's own role is safe", async () => {
  expect(await problems(database.writerUrl)).toBe('');
  expect(await problemsAfter('SELECT 1')).toBe('');
  expect(await problemsAfter('DROP TABLE ledger.entry_2026')).toBe('');
});

describe('it refuses', () => {
  test('a superuser', async () => {
    const message = await problems(database.superuserUrl);
    expect(message).toMatch(/is a superuser, whom neither grants nor triggers stop\./);
    expect(message).not.toContain('may act as');
  });

  test("the owner's login, in one line and not in one for each of its rights", async () => {
    const message = await problems(database.ownerUrl);
    expect(message).toMatch(/may act as countersign_owner: REVOKE countersign_owner FROM/);
    expect(message.match(/^- /gm)).toHaveLength(1);
  });

  test('whoever may not write, and says what to give instead', async () => {
    const unwritable = async (url: string): Promise<void> => {
      const db = openDatabase(url, { max: 1 });
      try {
        await assertLedgerWritable(db);
      } finally {
        await db.destroy();
      }
    };
    await expect(unwritable(database.readerUrl)).rejects.toMatchObject({
      code: 'ledger_unwritable',
      message:
        'countersign_auditor may not write the ledger, so nothing can be recorded: DATABASE_URL must name a login that is a member of countersign_writer.',
    });
    await expect(unwritable(database.eraserUrl)).rejects.toMatchObject({ code: 'ledger_unwritable' });
    await unwritable(database.writerUrl);
  });

  test("the eraser's login", async () => {
    expect(await problems(database.eraserUrl)).toMatch(/may act as countersign_eraser/);
  });

  test('a database without a ledger', async () => {
    const empty = await createEmptyDatabase();
    expect(await problems(empty.writerUrl)).toContain('there is no ledger in this database');
    await empty.drop();
  });

  test.each<[string, string[], RegExp]>([
    [
      'a grant too many',
      ['GRANT UPDATE ON ledger.entry TO countersign_writer'],
      /^- countersign_app may UPDATE on ledger\.entry: REVOKE UPDATE ON ledger\.entry FROM countersign_writer\.$/m,
    ],
    [
      'several grants too many, in one line a table',
      ['GRANT UPDATE, TRUNCATE ON ledger.tile TO countersign_writer'],
      /may UPDATE, TRUNCATE on ledger\.tile: REVOKE UPDATE, TRUNCATE ON ledger\.tile FROM countersign_writer\./,
    ],
    [
      'a grant to everybody',
      ['GRANT DELETE ON ledger.checkpoint TO PUBLIC'],
      /countersign_app may DELETE on ledger\.checkpoint: REVOKE DELETE ON ledger\.checkpoint FROM PUBLIC\./,
    ],
    [
      'a grant on a partition',
      ['GRANT TRUNCATE ON ledger.entry_2027 TO countersign_writer'],
      /countersign_app may TRUNCATE on ledger\.entry_2027/,
    ],
    [
      'a grant on one column',
      ['GRANT UPDATE (note) ON ledger.checkpoint TO countersign_writer'],
      /countersign_app may UPDATE note of ledger\.checkpoint: REVOKE UPDATE \(note\) ON ledger\.checkpoint FROM countersign_writer\./,
    ],
    [
      "more of the head's columns",
      ['GRANT UPDATE (log_id) ON ledger.head TO countersign_writer'],
      /countersign_app may UPDATE log_id of ledger\.head/,
    ],
    [
      'leave to make triggers',
      ['GRANT TRIGGER ON ledger.tile TO countersign_writer'],
      /countersign_app may TRIGGER on ledger\.tile/,
    ],
    [
      'leave to create',
      ['GRANT CREATE ON SCHEMA ledger TO countersign_writer'],
      /countersign_app may create objects in the schema ledger/,
    ],
    [
      'a trigger that is off',
      ['ALTER TABLE ledger.tile DISABLE TRIGGER refuse_change'],
      /ledger\.tile has no trigger that always refuses UPDATE and DELETE/,
    ],
    [
      'a trigger that a replica skips',
      ['ALTER TABLE ledger.tile ENABLE TRIGGER refuse_truncate'],
      /ledger\.tile has no trigger that always refuses TRUNCATE/,
    ],
    [
      'a trigger that is off on one partition',
      ['ALTER TABLE ONLY ledger.entry_2028 DISABLE TRIGGER refuse_change'],
      /ledger\.entry_2028 has no trigger that always refuses UPDATE and DELETE/,
    ],
    [
      'a trigger that is gone',
      ['DROP TRIGGER only_forward ON ledger.head'],
      /ledger\.head has no trigger that always refuses a step back/,
    ],
    [
      'a trigger that lets rows come before the head',
      ['ALTER TABLE ledger.tile ENABLE REPLICA TRIGGER within_head'],
      /ledger\.tile has no trigger that always refuses a row ahead of the head/,
    ],
    [
      'a partition without its own',
      ['DROP TRIGGER refuse_truncate ON ledger.entry_2026'],
      /ledger\.entry_2026 has no trigger that always refuses TRUNCATE/,
    ],
    [
      'a new partition without guards, in a database of which a year was retired',
      [
        'DROP TABLE ledger.entry_2026',
        `CREATE TABLE ledger.entry_2032 PARTITION OF ledger.entry
           FOR VALUES FROM ('01c78a28-0c00-0000-0000-000000000000') TO ('01cee767-a000-0000-0000-000000000000')`,
      ],
      /ledger\.entry_2032 has no trigger that always refuses TRUNCATE/,
    ],
    [
      'a trigger with a way out',
      [
        'DROP TRIGGER refuse_change ON ledger.document',
        'CREATE TRIGGER refuse_change BEFORE UPDATE ON ledger.document FOR EACH ROW WHEN (false) EXECUTE FUNCTION ledger.refuse()',
        'ALTER TABLE ledger.document ENABLE ALWAYS TRIGGER refuse_change',
      ],
      /ledger\.document has no trigger that always refuses UPDATE/,
    ],
    [
      'another function in its place',
      [
        'CREATE OR REPLACE FUNCTION ledger.refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$ BEGIN RETURN NULL; END $$',
      ],
      /the function ledger\.refuse\(\) is not the released one/,
    ],
    [
      'a trigger of somebody else',
      [
        'CREATE FUNCTION countersign.swap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$',
        'CREATE TRIGGER swap BEFORE INSERT ON ledger.entry FOR EACH ROW EXECUTE FUNCTION countersign.swap()',
      ],
      /ledger\.entry has a trigger that is not ours, swap: drop it/,
    ],
    [
      'a rule',
      ['CREATE RULE nothing AS ON INSERT TO ledger.checkpoint DO INSTEAD NOTHING'],
      /ledger\.checkpoint has a rewrite rule, nothing: drop it/,
    ],
    [
      'a leaf hash that is a plain column',
      ['ALTER TABLE ledger.entry ALTER COLUMN leaf_hash DROP EXPRESSION'],
      /leaf_hash is not generated from the bytes any more/,
    ],
  ])('%s', async (_, statements, sentence) => {
    expect(await problemsAfter(...statements)).toMatch(sentence);
  });

  test('and says everything at once, with the mend', async () => {
    const message = await problemsAfter(
      'GRANT UPDATE ON ledger.entry TO countersign_writer',
      'DROP TRIGGER refuse_change ON ledger.log',
    );
    expect(message.match(/^- /gm)).toHaveLength(2);
    expect(message).toContain(
      'DATABASE_URL must name a login that is a member of countersign_writer and of nothing else',
    );
  });
});
