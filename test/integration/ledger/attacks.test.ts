/**
 * What somebody with the database's own rights can do to a ledger, and how it comes out: PostgreSQL refuses it, or `verify`
 * names what was done, or the program doesn't start. Each attack is made in a transaction that is then undone.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Database } from '../../../src/db/database.ts';
import { openDatabase } from '../../../src/db/open-database.ts';
import { ledgerProblems } from '../../../src/ledger/verify/safety.ts';
import { verifyDatabase } from '../../../src/ledger/verify/verify-database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createTestDatabase } from '../../support/database.ts';
import { integrateAll, makeSigner, recordSome } from './ledger-fixture.ts';

let database: TestDatabase;
let ids: string[] = [];

/** Twelve entries, under checkpoints at 5 and 12. */
beforeAll(async () => {
  database = await createTestDatabase();
  const signer = makeSigner();
  for (const count of [5, 7]) {
    ids = [...ids, ...(await recordSome(database.db, count, ids.length))];
    await integrateAll(database.writerUrl, signer);
  }
});
afterAll(() => database.drop());

interface Outcome {
  /** The first that `verify` says to the program's own login, or why it can't. */
  readonly verify: string;
  /** What keeps the program from starting. */
  readonly start: string;
}

/** Rejects with what PostgreSQL says where it refuses the attack. */
async function outcomeOf(as: 'owner' | 'superuser', how: readonly string[]): Promise<Outcome> {
  const undone = new Error('undone');
  const db = openDatabase(database.superuserUrl, { max: 1 });
  let outcome: Outcome = { verify: '', start: '' };
  try {
    await db.transaction().execute(async (tx) => {
      if (as === 'owner') await sql`SET LOCAL ROLE countersign_owner`.execute(tx);
      // PostgreSQL keeps a column's type while a view reads it, and whoever may alter the table may drop the view first.
      await sql`DROP VIEW ledger.reading`.execute(tx);
      for (const statement of how) await sql.raw(statement).execute(tx);
      await sql`RESET ROLE`.execute(tx);
      await sql.raw(`SET LOCAL SESSION AUTHORIZATION ${new URL(database.writerUrl).username}`).execute(tx);
      outcome = { start: (await ledgerProblems(tx)).join('\n'), verify: await firstSentence(tx) };
      throw undone;
    });
  } catch (error) {
    if (error !== undone) throw error;
  } finally {
    await db.destroy();
  }
  return outcome;
}

async function firstSentence(tx: Kysely<Database>): Promise<string> {
  try {
    return (await verifyDatabase(tx)).findings[0]?.sentence ?? 'it holds';
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return `${code}: ${message}`;
  }
}

const YEAR = `FOR VALUES FROM ('019b76da-a800-0000-0000-000000000000') TO ('01a2ce8b-d400-0000-0000-000000000000')`;
const detach = 'ALTER TABLE ledger.entry DETACH PARTITION ledger.entry_2026';
const attach = `ALTER TABLE ledger.entry ATTACH PARTITION ledger.entry_2026 ${YEAR}`;
const released = `CREATE OR REPLACE FUNCTION ledger.refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  RAISE EXCEPTION 'ledger: % on %.% is refused, because what was recorded stays', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege';
END
$$`;
const lenient = released.replace(/RAISE EXCEPTION[^;]*/, 'RETURN NEW');
const asReplica = "SET LOCAL session_replication_role = 'replica'";

/** The bytes of entry 7 with another outcome, and those of any other as they are. */
const forged = `convert_to(replace(convert_from(canonical, 'UTF8'), '"outcome":"approved","pullRequest":7,', '"outcome":"rejected","pullRequest":7,'), 'UTF8')`;
const alter = (table = 'entry'): string => `UPDATE ledger.${table} SET canonical = ${forged}`;
const rewrite = `ALTER TABLE ledger.entry ALTER canonical TYPE bytea USING ${forged}`;

const TIME = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;
const signed = (size: number): string => String.raw`checkpoint ${size}, said to be signed at ${TIME}`;
/** The sentence about one entry, of which the id is known only later. */
const entry = (index: number, says: string): (() => RegExp) => {
  return () =>
    new RegExp(
      String.raw`^Entry ${index} \(deployment\.approved, ${ids[index]}, recorded ${TIME}\) ${says}$`,
    );
};
const ALTERED = entry(
  7,
  String.raw`was altered \(its bytes now say outcome "rejected", its search columns still "approved"\); it was last known good under ${signed(12)}\.`,
);
/** All twelve of a partition: whether a year was retired, only an entry can say. */
const ALL_GONE = new RegExp(
  String.raw`^Entries 0 to 11 are gone, and no entry says that they were retired; they were last known good under ${signed(12)}\.$`,
);
const DELETED = entry(0, String.raw`was deleted; it was last known good under ${signed(12)}\.`);
const HOLDS = /^it holds$/;
const SAFE = /^$/;
const guardless = (table: string, what: string): RegExp =>
  new RegExp(
    String.raw`^ledger\.${table} has no trigger that always refuses ${what}: enable it, or restore it as the migrations have it\.$`,
    'm',
  );

describe('PostgreSQL refuses', () => {
  const stays = /because what was recorded stays$/;
  test.each<{ name: string; as: 'owner' | 'superuser'; how: string[]; says: RegExp }>([
    { name: 'the owner an UPDATE', as: 'owner', how: [alter()], says: stays },
    { name: 'a superuser an UPDATE', as: 'superuser', how: [alter()], says: stays },
    { name: 'a superuser as a replica an UPDATE', as: 'superuser', how: [asReplica, alter()], says: stays },
    {
      name: 'a superuser as a replica an UPDATE of one partition',
      as: 'superuser',
      how: [asReplica, alter('entry_2026')],
      says: stays,
    },
    {
      name: 'the owner a TRUNCATE of one partition',
      as: 'owner',
      how: ['TRUNCATE ledger.entry_2026'],
      says: stays,
    },
    {
      name: 'a superuser as a replica a TRUNCATE of one partition',
      as: 'superuser',
      how: [asReplica, 'TRUNCATE ledger.entry_2026'],
      says: stays,
    },
    {
      name: 'the owner a TRUNCATE of everything at once',
      as: 'owner',
      how: ['TRUNCATE ledger.log, ledger.entry, ledger.integration CASCADE'],
      says: stays,
    },
    {
      name: 'the owner other bytes by ALTER … USING',
      as: 'owner',
      how: [rewrite],
      says: /^cannot alter type of a column used by a generated column$/,
    },
    {
      name: 'the owner to wind the head back',
      as: 'owner',
      how: ['UPDATE ledger.head SET size = size - 1'],
      says: /^ledger: the head only grows$/,
    },
    {
      name: 'an index for two entries',
      as: 'superuser',
      how: ["INSERT INTO ledger.integration VALUES (1, 7, gen_random_uuid(), sha256('x'))"],
      says: /^duplicate key value violates unique constraint "integration_pkey"$/,
    },
    {
      name: 'two indices for one entry',
      as: 'superuser',
      how: [
        'INSERT INTO ledger.integration SELECT 1, 12, entry_id, leaf_hash FROM ledger.integration WHERE index = 7',
      ],
      says: /^duplicate key value violates unique constraint "integration_entry_id_key"$/,
    },
    {
      name: 'an entry of more bytes than a bundle can count',
      as: 'superuser',
      how: [
        "INSERT INTO ledger.entry (id, canonical) VALUES (gen_random_uuid(), decode(repeat('20', 65536), 'hex'))",
      ],
      says: /violates check constraint "entry_canonical_check"$/,
    },
  ])('$name', async ({ as, how, says }) => {
    await expect(outcomeOf(as, how)).rejects.toThrow(says);
  });
});

describe('it comes out when', () => {
  test.each<{
    name: string;
    /** The owner, where nothing else is said. */
    as?: 'owner' | 'superuser';
    how: string[];
    /** Rights and triggers are as they were, where the program would start. */
    start: RegExp;
    verify: RegExp | (() => RegExp);
  }>([
    {
      name: 'nothing was done at all: it holds',
      how: ['SELECT 1'],
      start: SAFE,
      verify: HOLDS,
    },
    {
      name: 'a trigger was disabled, and an entry changed',
      how: ['ALTER TABLE ledger.entry DISABLE TRIGGER refuse_change', alter()],
      start: guardless('entry_2026', 'UPDATE and DELETE'),
      verify: ALTERED,
    },
    {
      name: 'a trigger was disabled, an entry changed, and the trigger enabled again for all but replicas',
      how: [
        'ALTER TABLE ledger.entry DISABLE TRIGGER refuse_change',
        alter(),
        'ALTER TABLE ledger.entry ENABLE TRIGGER refuse_change',
      ],
      start: guardless('entry', 'UPDATE and DELETE'),
      verify: ALTERED,
    },
    {
      name: 'a trigger was dropped, an entry changed, and the trigger made again as it was',
      how: [
        'DROP TRIGGER refuse_change ON ledger.entry',
        alter(),
        'CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON ledger.entry FOR EACH ROW EXECUTE FUNCTION ledger.refuse()',
        'ALTER TABLE ledger.entry ENABLE ALWAYS TRIGGER refuse_change',
      ],
      start: SAFE,
      verify: ALTERED,
    },
    {
      name: 'the function of the triggers was replaced, and an entry changed',
      how: [lenient, alter()],
      start:
        /^the function ledger\.refuse\(\) is not the released one: restore it as the migrations have it\.$/,
      verify: ALTERED,
    },
    {
      name: 'the function was replaced, an entry changed, and the function put back',
      how: [lenient, alter(), released],
      start: SAFE,
      verify: ALTERED,
    },
    {
      name: 'triggers were turned off in the catalogue',
      as: 'superuser',
      how: ["UPDATE pg_trigger SET tgenabled = 'D' WHERE tgname = 'refuse_change'", alter()],
      start: guardless('entry', 'UPDATE and DELETE'),
      verify: ALTERED,
    },
    {
      name: 'a partition was emptied',
      how: ['ALTER TABLE ledger.entry_2026 DISABLE TRIGGER refuse_truncate', 'TRUNCATE ledger.entry_2026'],
      start: guardless('entry_2026', 'TRUNCATE'),
      verify: ALL_GONE,
    },
    { name: 'a partition was dropped', how: ['DROP TABLE ledger.entry_2026'], start: SAFE, verify: ALL_GONE },
    {
      name: 'a partition was detached',
      how: [detach],
      start:
        /^ledger\.entry_2026 was detached from ledger\.entry, and nothing guards the entries in it: run `countersign verify`, and attach it again\.$/,
      verify:
        /^The table ledger\.entry_2026 was detached from ledger\.entry: entries that are missing may be in it, where nothing guards them\.$/,
    },
    {
      name: 'a partition was detached, and put away under another name',
      how: [
        detach,
        'ALTER TABLE ledger.entry_2026 RENAME TO old',
        `CREATE TABLE ledger.entry_2026 PARTITION OF ledger.entry ${YEAR}`,
      ],
      start: /^ledger\.old was detached from ledger\.entry, and nothing guards the entries in it/m,
      verify: /^The table ledger\.old was detached from ledger\.entry/,
    },
    {
      name: 'a partition was detached, its entries changed, and attached again',
      how: [detach, alter('entry_2026'), attach],
      start: SAFE,
      verify: ALTERED,
    },
    {
      name: 'a partition was detached, an entry deleted, and attached again',
      how: [
        detach,
        'DELETE FROM ledger.entry_2026 WHERE id = (SELECT entry_id FROM ledger.integration WHERE index = 0)',
        attach,
      ],
      start: SAFE,
      verify: DELETED,
    },
    {
      name: 'the bytes were rewritten by ALTER … USING, with the leaf hash no longer generated',
      how: ['ALTER TABLE ledger.entry ALTER leaf_hash DROP EXPRESSION', rewrite],
      start: /^ledger\.entry\.leaf_hash is not generated from the bytes any more\.$/,
      verify: ALTERED,
    },
    {
      name: 'the bytes were rewritten by ALTER … USING, with the leaf hash generated anew',
      how: [
        'ALTER TABLE ledger.entry DROP COLUMN leaf_hash',
        rewrite,
        String.raw`ALTER TABLE ledger.entry ADD leaf_hash bytea NOT NULL GENERATED ALWAYS AS (pg_catalog.sha256('\x00'::bytea || canonical)) STORED`,
      ],
      start: SAFE,
      verify: ALTERED,
    },
    {
      name: 'leaf hashes are generated from something else, though nothing signed was touched yet',
      how: ['ALTER TABLE ledger.entry ALTER leaf_hash SET EXPRESSION AS (pg_catalog.sha256(canonical))'],
      start: /^ledger\.entry\.leaf_hash is not generated from the bytes any more\.$/,
      verify: HOLDS,
    },
    {
      name: 'two entries changed places by ALTER … USING',
      how: [
        'ALTER TABLE ledger.integration ALTER index TYPE bigint USING CASE index WHEN 7 THEN 8 WHEN 8 THEN 7 ELSE index END',
      ],
      start: SAFE,
      verify: new RegExp(
        `^Of the entries 5 to 11, at least one was altered or removed together with its stored hash, for they do not lead to the root of ${signed(12)}; ` +
          String.raw`all before were last known good under ${signed(5)}\.$`,
      ),
    },
    {
      name: 'a stored hash was rewritten by ALTER … USING',
      how: [
        "ALTER TABLE ledger.integration ALTER leaf_hash TYPE bytea USING CASE index WHEN 7 THEN sha256('x') ELSE leaf_hash END",
      ],
      start: SAFE,
      verify: new RegExp(
        String.raw`^The stored hash of entry 7 was altered; the entry itself is what ${signed(12)}, covers\.$`,
      ),
    },
    {
      name: 'a checkpoint was rewritten by ALTER … USING',
      how: [
        String.raw`ALTER TABLE ledger.checkpoint ALTER note TYPE text USING replace(note, E'\n12\n', E'\n13\n')`,
      ],
      start: SAFE,
      verify:
        /^Checkpoint 12 was altered: the checkpoint over 13 entries does not have audit\.example\.com\/ledger\/1's signature\.$/,
    },
    {
      name: 'row security hides the entries',
      how: ['ALTER TABLE ledger.entry ENABLE ROW LEVEL SECURITY'],
      start:
        /^ledger\.entry has row security, which can hide what was recorded: ALTER TABLE ledger\.entry DISABLE ROW LEVEL SECURITY\.$/,
      verify:
        /^Row security was put on ledger\.entry: rows that are missing may only be hidden from this login\.$/,
    },
    {
      name: 'a view that tells another story stands in place of the entries',
      how: [
        'ALTER TABLE ledger.entry RENAME TO kept',
        `CREATE VIEW ledger.entry AS SELECT id, ${forged} AS canonical, leaf_hash, recorded_at FROM ledger.kept`,
        'GRANT SELECT ON ledger.entry TO countersign_writer',
      ],
      start: guardless('entry', 'UPDATE and DELETE'),
      verify: ALTERED,
    },
    {
      name: 'a rule lets new entries vanish, though nothing signed was touched yet',
      how: ['CREATE RULE vanish AS ON INSERT TO ledger.entry DO INSTEAD NOTHING'],
      start: /^ledger\.entry has a rewrite rule, vanish: drop it\.$/,
      verify: HOLDS,
    },
    {
      name: 'the log was emptied, and all that refers to it',
      how: [
        ...['log', 'log_key', 'head', 'tile', 'checkpoint', 'witness'].map(
          (table) => `ALTER TABLE ledger.${table} DISABLE TRIGGER USER`,
        ),
        'TRUNCATE ledger.log CASCADE',
      ],
      start: guardless('log', 'TRUNCATE'),
      verify:
        /^ledger_altered: the row that says whose log this is was taken away; left of the log are 12 indices and 0 checkpoints\.$/,
    },
    {
      name: 'all but the entries was emptied',
      how: [
        ...['log', 'log_key', 'head', 'tile', 'checkpoint', 'witness', 'integration', 'entry'].map(
          (table) => `ALTER TABLE ledger.${table} DISABLE TRIGGER USER`,
        ),
        'TRUNCATE ledger.log, ledger.integration CASCADE',
        // Ten seconds later.
        "UPDATE ledger.entry SET recorded_at = recorded_at - interval '1 minute'",
      ],
      start: guardless('log', 'TRUNCATE'),
      verify:
        /^ledger_altered: 12 entries were recorded and there is no log: no sequencer was ever at work, or the log was taken away\.$/,
    },
    {
      name: 'everything was emptied: only what is kept outside tells that from a new ledger, but it is not said to hold',
      how: [
        ...[
          'log',
          'log_key',
          'head',
          'tile',
          'checkpoint',
          'witness',
          'integration',
          'entry',
          'entry_2026',
        ].map((table) => `ALTER TABLE ledger.${table} DISABLE TRIGGER USER`),
        'TRUNCATE ledger.log, ledger.integration, ledger.entry_2026 CASCADE',
      ],
      start: guardless('log', 'TRUNCATE'),
      verify:
        /^ledger_absent: this database has no signed log yet: start Countersign once, so that it signs one\.$/,
    },
  ])('$name', async ({ as = 'owner', how, start, verify }) => {
    const outcome = await outcomeOf(as, how);
    expect(outcome.start).toMatch(start);
    expect(outcome.verify).toMatch(typeof verify === 'function' ? verify() : verify);
  });
});
