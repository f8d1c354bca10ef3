import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { sql } from 'kysely';
import { run } from '../../../src/cli/migrate.ts';
import { migrate, readMigrations } from '../../../src/db/migrate.ts';
import { openDatabase } from '../../../src/db/open-database.ts';
import { QUEUE_NAMES } from '../../../src/db/queue-names.ts';
import { newEntryId } from '../../../src/ledger/format/entry-id.ts';
import { assertLedgerSafe } from '../../../src/ledger/verify/safety.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createEmptyDatabase, createTestDatabase, query } from '../../support/database.ts';

let database: TestDatabase;
let directory: string;

beforeEach(async () => {
  database = await createEmptyDatabase();
  directory = await fs.mkdtemp(path.join(os.tmpdir(), 'migrations-'));
  for (const { name, text } of await readMigrations()) await fs.writeFile(path.join(directory, name), text);
});

afterEach(async () => {
  await database.drop();
  await fs.rm(directory, { recursive: true });
});

const add = async (name: string, text: string): Promise<void> =>
  await fs.writeFile(path.join(directory, name), text);
const next = async (): Promise<string> =>
  String((await readMigrations(directory)).length + 1).padStart(4, '0');

describe('an empty database', () => {
  test('gets everything once, and nothing the second time', async () => {
    const names = (await readMigrations()).map(({ name }) => name);
    expect(await migrate(database.ownerUrl)).toEqual([...names, expect.stringMatching(/^pg-boss \d+$/)]);
    expect(await migrate(database.ownerUrl)).toEqual([]);
    const recorded = await query(
      database.readerUrl,
      'SELECT name, applied_by FROM countersign_schema.migration ORDER BY name',
    );
    expect(recorded).toEqual(names.map((name) => ({ name, applied_by: 'countersign_migrator' })));
    const queues = await query(database.writerUrl, 'SELECT name FROM pgboss.queue ORDER BY name');
    expect(queues.map(({ name }) => name)).toEqual([...QUEUE_NAMES, 'dead'].sort());
  });

  test('by twenty at once, it is still done once', async () => {
    const results = await Promise.all(
      Array.from({ length: 20 }, async () => await migrate(database.ownerUrl)),
    );
    expect(results.filter((applied) => applied.length > 0)).toHaveLength(1);
  });

  test('in several databases of one server at once', async () => {
    const others = await Promise.all([createEmptyDatabase(), createEmptyDatabase()]);
    try {
      const results = await Promise.all(
        [database, ...others].map(async ({ ownerUrl }) => await migrate(ownerUrl)),
      );
      expect(results.every((applied) => applied.length > 3)).toBe(true);
    } finally {
      for (const other of others) await other.drop();
    }
  });
});

describe('what was applied', () => {
  test('and has changed since is refused', async () => {
    await migrate(database.ownerUrl, directory);
    const file = path.join(directory, '0003_operations.sql');
    await fs.appendFile(file, '-- a harmless word');
    await expect(migrate(database.ownerUrl, directory)).rejects.toMatchObject({
      code: 'migration_changed',
      message: expect.stringContaining('migrations/0003_operations.sql is not what was applied'),
    });
  });

  test('by a newer version is refused', async () => {
    await add(`${await next()}_future.sql`, 'SELECT 1');
    await migrate(database.ownerUrl, directory);
    await expect(migrate(database.ownerUrl)).rejects.toMatchObject({ code: 'schema_newer' });
  });

  test('of the queue by a newer version is refused', async () => {
    await migrate(database.ownerUrl, directory);
    await query(
      database.ownerUrl,
      'SET ROLE countersign_owner; UPDATE pgboss.version SET version = version + 1',
    );
    await expect(migrate(database.ownerUrl, directory)).rejects.toMatchObject({ code: 'schema_newer' });
  });
});

describe('a migration that fails', () => {
  test('leaves nothing of itself, keeps what came before, and says where', async () => {
    const name = `${await next()}_broken.sql`;
    await add(name, 'CREATE TABLE countersign.half (id int);\n\nSELECT nothing FROM nowhere;\n');
    await expect(migrate(database.ownerUrl, directory)).rejects.toMatchObject({
      code: 'migration_failed',
      message: expect.stringMatching(new RegExp(`^migrations/${name}:3: relation "nowhere" does not exist`)),
    });
    expect(await query(database.ownerUrl, "SELECT to_regclass('countersign.half') AS there")).toEqual([
      { there: null },
    ]);
    await add(name, 'CREATE TABLE countersign.half (id int);');
    expect(await migrate(database.ownerUrl, directory)).toEqual([name, expect.stringMatching(/^pg-boss/)]);
  });

  test('for want of rights names the variable to mend', async () => {
    await expect(migrate(database.readerUrl, directory)).rejects.toMatchObject({
      code: 'migration_failed',
      message: expect.stringMatching(/^MIGRATION_DATABASE_URL must name a login/),
    });
  });
});

test('a gap in the numbers is refused before anything is done', async () => {
  await fs.rename(path.join(directory, '0003_operations.sql'), path.join(directory, '0004_operations.sql'));
  await expect(migrate(database.ownerUrl, directory)).rejects.toMatchObject({
    code: 'migration_misnumbered',
  });
});

describe('the command', () => {
  const io = (env: Record<string, string>): { io: Parameters<typeof run>[1]; out: () => string } => {
    let text = '';
    const sink = { write: (more: string) => void (text += more) };
    return { io: { stdout: sink, stderr: sink, env }, out: () => text };
  };

  test('applies, and says what', async () => {
    const first = io({ MIGRATION_DATABASE_URL: database.ownerUrl });
    expect(await run([], first.io)).toBe(0);
    expect(first.out()).toMatch(/applied 0001_roles\.sql\n[^]*the schema is up to date\n$/);
    const second = io({ MIGRATION_DATABASE_URL: database.ownerUrl });
    expect(await run([], second.io)).toBe(0);
    expect(second.out()).toBe('nothing to apply: the schema is up to date\n');
  });

  test.each([
    ['no address', {}, [], 'MIGRATION_DATABASE_URL is not set'],
    [
      'nobody there',
      { MIGRATION_DATABASE_URL: 'postgresql://a:hush@127.0.0.1:1/x' },
      [],
      "MIGRATION_DATABASE_URL: 127.0.0.1:1 can't be reached (ECONNREFUSED)",
    ],
    [
      'no real address',
      { MIGRATION_DATABASE_URL: 'localhost' },
      [],
      'MIGRATION_DATABASE_URL is not an address like postgresql://',
    ],
    ['an argument', {}, ['--force'], 'takes no "--force"'],
  ])('%s', async (_, env, args, said) => {
    const given = io(env);
    expect(await run(args, given.io)).toBe(2);
    expect(given.out()).toContain(said);
    expect(given.out()).not.toContain('hush');
  });
});

describe('in a migrated database', () => {
  let migrated: TestDatabase;
  beforeAll(async () => {
    migrated = await createTestDatabase();
  });
  afterAll(async () => {
    await migrated.drop();
  });

  test('everything belongs to the owner’s role', async () => {
    const strangers = await query(
      migrated.superuserUrl,
      `SELECT n.nspname || '.' || c.relname AS name, r.rolname FROM pg_class c
       JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_roles r ON r.oid = c.relowner
       WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND r.rolname <> 'countersign_owner'`,
    );
    expect(strangers).toEqual([]);
  });

  test.each([
    'CREATE TABLE countersign.mine (id int)',
    'CREATE SCHEMA mine',
    'ALTER TABLE countersign.delivery ADD COLUMN mine int',
    "UPDATE countersign.delivery SET event = 'other'",
    'DELETE FROM countersign.delivery',
    'TRUNCATE countersign.delivery',
    'DROP TABLE pgboss.job',
    "INSERT INTO countersign_schema.migration (name, sha256) VALUES ('x', 'y')",
    'SET ROLE countersign_owner',
  ])('the app’s login may not: %s', async (text) => {
    await expect(query(migrated.writerUrl, text)).rejects.toMatchObject({ code: '42501' });
  });
});

describe('the years of the ledger', () => {
  const guards = async (partition: string): Promise<unknown[]> =>
    (
      await query(
        database.ownerUrl,
        `SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = to_regclass('ledger.${partition}') ORDER BY tgname`,
      )
    ).map(({ tgname, tgenabled }) => [tgname, tgenabled]);

  test('are made ahead of time, guarded like the others, once', async () => {
    await migrate(database.ownerUrl);
    const in2030 = new Date('2030-07-01T00:00:00.000Z');
    expect(await migrate(database.ownerUrl, undefined, in2030)).toEqual([
      'ledger.entry_2032',
      'ledger.entry_2033',
      'ledger.entry_2034',
    ]);
    expect(await migrate(database.ownerUrl, undefined, in2030)).toEqual([]);
    expect(await guards('entry_2034')).toEqual(await guards('entry_2026'));
    expect(await guards('entry_2034')).toEqual([
      ['refuse_change', 'A'],
      ['refuse_truncate', 'A'],
    ]);
    const db = openDatabase(database.writerUrl, { max: 1 });
    await expect(assertLedgerSafe(db)).resolves.toBeUndefined();
    await db.destroy();
    const id = newEntryId('2034-12-31T23:59:59.999Z', (size) => Buffer.alloc(size, 0xff));
    await query(database.writerUrl, 'INSERT INTO ledger.entry (id, canonical) VALUES ($1, $2)', [id, '{}']);
    expect(
      await query(database.readerUrl, 'SELECT tableoid::regclass::text AS at FROM ledger.entry'),
    ).toEqual([{ at: 'ledger.entry_2034' }]);
  });

  test('whose entries came before their partition stay where they are', async () => {
    await migrate(database.ownerUrl);
    const id = newEntryId('2033-05-01T00:00:00.000Z', (size) => Buffer.alloc(size, 7));
    await query(database.writerUrl, 'INSERT INTO ledger.entry (id, canonical) VALUES ($1, $2)', [id, '{}']);
    expect(await migrate(database.ownerUrl, undefined, new Date('2033-06-01T00:00:00.000Z'))).toEqual([
      'ledger.entry_2034',
      'ledger.entry_2035',
      'ledger.entry_2036',
      'ledger.entry_2037',
    ]);
  });

  test('wait in short turns for whoever reads the whole ledger', async () => {
    await migrate(database.ownerUrl);
    const reader = openDatabase(database.readerUrl, { max: 1 });
    const migrated = await reader.transaction().execute(async (tx) => {
      await sql`SELECT count(*) FROM ledger.entry`.execute(tx);
      const migrating = migrate(database.ownerUrl, undefined, new Date('2028-01-01T00:00:00.000Z'));
      await wait(300);
      return { migrating };
    });
    expect(await migrated.migrating).toEqual(['ledger.entry_2032']);
    await reader.destroy();
  });
});
