import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { TestDatabase } from '../../support/database.ts';
import { createTestDatabase, query } from '../../support/database.ts';
import { act, integrateAll, makeSigner, recordSome } from './ledger-fixture.ts';

const TABLES = [
  'entry',
  'log',
  'integration',
  'tile',
  'head',
  'checkpoint',
  'witness',
  'log_key',
  'retirement',
  'subject',
  'subject_login',
  'document',
];
const PARTITIONS = ['entry_2026', 'entry_2031', 'entry_other'];

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  await recordSome(database.db, 3);
  await integrateAll(database.writerUrl, makeSigner());
});
afterAll(() => database.drop());

/** A column of each that can be named in an UPDATE. */
const COLUMN: Record<string, string> = {
  log: 'origin = origin',
  integration: 'index = index',
  tile: 'index = index',
  head: 'log_id = log_id',
  checkpoint: 'note = note',
  witness: 'evidence = evidence',
  log_key: 'vkey = vkey',
  retirement: 'entry_id = entry_id',
  subject: 'secret = secret',
  subject_login: 'login = login',
  document: 'body = body',
};
const update = (table: string): string =>
  `UPDATE ledger.${table} SET ${COLUMN[table] ?? 'canonical = canonical'}`;

describe("the program's role", () => {
  const attempts = [...TABLES, ...PARTITIONS].flatMap((table) => [
    update(table),
    `DELETE FROM ledger.${table}`,
    `TRUNCATE ledger.${table} CASCADE`,
    `ALTER TABLE ledger.${table} DISABLE TRIGGER ALL`,
    `DROP TABLE ledger.${table} CASCADE`,
  ]);

  test.each([
    ...attempts,
    'UPDATE ledger.projection SET outcome = outcome',
    'DELETE FROM ledger.projection',
    'SELECT * FROM ledger.head FOR UPDATE OF head; UPDATE ledger.pending SET entry_id = entry_id',
    "INSERT INTO ledger.entry_2026 (id, canonical) VALUES ('019b76da-a800-7000-8000-000000000001', '{}')",
    "INSERT INTO ledger.entry (id, canonical, recorded_at) VALUES ('019b76da-a800-7000-8000-000000000001', '{}', now())",
    "INSERT INTO ledger.checkpoint (log_id, size, root, note, signed_at) VALUES (1, 9, '', '', now())",
    "INSERT INTO ledger.retirement (entry_id) VALUES ('019b76da-a800-7000-8000-000000000001')",
    // Rows in the way of those to come. Three entries are integrated.
    "INSERT INTO ledger.integration VALUES (1, 3, gen_random_uuid(), sha256('x'))",
    "INSERT INTO ledger.integration VALUES (2, 0, gen_random_uuid(), sha256('x'))",
    "INSERT INTO ledger.tile VALUES (1, 0, 0, convert_to(repeat('x', 8192), 'UTF8'), sha256('x'))",
    "INSERT INTO ledger.tile VALUES (1, 6, 9223372036854775807, convert_to(repeat('x', 8192), 'UTF8'), sha256('x'))",
    "INSERT INTO ledger.checkpoint (log_id, size, root, note) VALUES (1, 4, sha256('x'), 'x')",
    'DROP FUNCTION ledger.refuse() CASCADE',
    'CREATE TABLE ledger.more (id int)',
    'CREATE TRIGGER more BEFORE INSERT ON ledger.entry FOR EACH ROW EXECUTE FUNCTION ledger.refuse()',
    'SET ROLE countersign_owner',
    "SET session_replication_role = 'replica'",
  ])('can not: %s', async (statement) => {
    await expect(act(database.writerUrl, statement)).rejects.toMatchObject({ code: '42501' });
  });

  test('can not give a leaf hash of its own', async () => {
    const forged =
      "INSERT INTO ledger.entry (id, canonical, leaf_hash) VALUES ('019b76da-a800-7000-8000-000000000001', '{}', '')";
    await expect(act(database.writerUrl, forged)).rejects.toThrow(/leaf_hash|permission denied/);
  });

  test('can move the head, and only forward', async () => {
    await expect(act(database.writerUrl, 'UPDATE ledger.head SET size = size - 1')).rejects.toThrow(
      'the head only grows',
    );
    await expect(act(database.writerUrl, 'UPDATE ledger.head SET size = size')).rejects.toThrow(
      'the head only grows',
    );
    await expect(
      act(database.writerUrl, 'BEGIN', 'UPDATE ledger.head SET size = size + 1', 'ROLLBACK'),
    ).resolves.toBeUndefined();
  });
});

describe('the owner, while the triggers stand,', () => {
  const kept = ['entry', 'log', 'integration', 'checkpoint', 'entry_2026'];

  test.each([
    ...kept.map(update),
    ...kept.map((table) => `DELETE FROM ledger.${table}`),
    'DELETE FROM ledger.head',
    update('document'),
    update('subject'),
  ])('can not: %s', async (statement) => {
    await expect(act(database.ownerUrl, 'SET ROLE countersign_owner', statement)).rejects.toThrow(
      'because what was recorded stays',
    );
  });

  test.each([...TABLES, ...PARTITIONS])('can not empty ledger.%s', async (table) => {
    await expect(
      act(database.ownerUrl, 'SET ROLE countersign_owner', `TRUNCATE ledger.${table} CASCADE`),
    ).rejects.toThrow('because what was recorded stays');
  });

  test('can not rewrite the bytes by changing their type', async () => {
    const rewrite = `ALTER TABLE ledger.entry ALTER COLUMN canonical TYPE bytea USING 'forged'`;
    await expect(act(database.ownerUrl, 'SET ROLE countersign_owner', rewrite)).rejects.toThrow(
      'generated column',
    );
  });
});

test('a superuser who acts as a replica meets the triggers too', async () => {
  const superuser = database.superuserUrl;
  await expect(
    act(superuser, "SET session_replication_role = 'replica'", 'DELETE FROM ledger.entry'),
  ).rejects.toThrow('because what was recorded stays');
  await expect(
    act(superuser, "SET session_replication_role = 'replica'", 'TRUNCATE ledger.entry_2026'),
  ).rejects.toThrow('because what was recorded stays');
});

test('the eraser takes away people and documents, and nothing else', async () => {
  await expect(
    act(database.eraserUrl, 'BEGIN', 'DELETE FROM ledger.subject', 'DELETE FROM ledger.document', 'ROLLBACK'),
  ).resolves.toBeUndefined();
  const kept = [
    'entry',
    'integration',
    'tile',
    'checkpoint',
    'head',
    'log',
    'log_key',
    'witness',
    'retirement',
  ];
  for (const table of kept) {
    await expect(act(database.eraserUrl, `DELETE FROM ledger.${table}`)).rejects.toMatchObject({
      code: '42501',
    });
  }
});

test('the eraser sees which deployments are under way, and no more of them', async () => {
  await expect(
    act(database.eraserUrl, 'SELECT id, state, started_entry FROM countersign.deployment'),
  ).resolves.toBeUndefined();
  for (const statement of [
    'SELECT requester_login FROM countersign.deployment',
    "UPDATE countersign.deployment SET state = 'succeeded'",
    'SELECT * FROM countersign.effect',
  ])
    await expect(act(database.eraserUrl, statement)).rejects.toMatchObject({ code: '42501' });
});

test('the reader reads, and nothing else', async () => {
  const [counted] = await query(database.readerUrl, 'SELECT count(*)::int AS n FROM ledger.entry');
  expect(counted).toEqual({ n: 3 });
  await expect(
    act(database.readerUrl, 'INSERT INTO ledger.pending (entry_id) VALUES (gen_random_uuid())'),
  ).rejects.toMatchObject({ code: '42501' });
  await expect(act(database.readerUrl, 'DELETE FROM ledger.pending')).rejects.toMatchObject({
    code: '42501',
  });
});

test("everything in the schema is the owner's, who can not log in", async () => {
  const owners = await query(
    database.readerUrl,
    `SELECT DISTINCT pg_get_userbyid(relowner) AS owner, rolcanlogin AS login FROM pg_class JOIN pg_roles r ON r.oid = relowner
     WHERE relnamespace = 'ledger'::regnamespace`,
  );
  expect(owners).toEqual([{ owner: 'countersign_owner', login: false }]);
});
