/** What the ledger's tests share: entries that say something, and a database whose log has some. */
import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import { Client } from 'pg';
import type { Database } from '../../../src/db/database.ts';
import { openDatabase } from '../../../src/db/open-database.ts';
import type { NewEntry } from '../../../src/domain/entry.ts';
import { newEntryId } from '../../../src/ledger/format/entry-id.ts';
import { record } from '../../../src/ledger/store/record.ts';
import { startSequencer } from '../../../src/ledger/sequence/sequencer.ts';
import type { LedgerSigner } from '../../../src/ledger/sequence/signer.ts';
import { createSigner, generateLedgerKey } from '../../../src/ledger/sequence/signer.ts';
import type { TestDatabase } from '../../support/database.ts';

export const ORIGIN = 'audit.example.com/ledger/1';

export function makeSigner(): LedgerSigner {
  return createSigner({ origin: ORIGIN, privateKey: generateLedgerKey() });
}

const PEOPLE = ['alice', 'bob', 'carol', 'dave'];

export function makeEntry(number: number, changes: Partial<NewEntry> = {}): NewEntry {
  const login = PEOPLE[number % PEOPLE.length] ?? 'alice';
  return {
    kind: 'deployment.approved',
    occurredAt: '2026-03-01T12:00:00.000Z',
    who: [{ role: 'requester', actor: { id: 100 + (number % PEOPLE.length), login, kind: 'user' } }],
    repository: { id: 5, fullName: 'acme/shop' },
    commit: number.toString(16).padStart(40, '0'),
    pullRequest: number,
    environment: 'production',
    hosts: [],
    outcome: 'approved',
    reasons: ['approvals_given'],
    delivery: null,
    answers: null,
    documents: [{ name: 'facts', mediaType: 'application/json', body: Buffer.from(`{"number":${number}}`) }],
    ...changes,
  };
}

/** In a transaction of its own, or in the one given. */
export async function recordOne(
  db: Kysely<Database>,
  entry: NewEntry,
  id: string = newEntryId(new Date().toISOString(), randomBytes),
  now: string = new Date().toISOString(),
): Promise<string> {
  const at = { id, now, random: randomBytes };
  const { entryId } = db.isTransaction
    ? await record(db, entry, at)
    : await db.transaction().execute(async (tx) => await record(tx, entry, at));
  return entryId;
}

/** One after the other, so that entry `n` gets index `from + n`. */
export async function recordSome(
  db: Kysely<Database>,
  count: number,
  from = 0,
  hasDocument: (number: number) => boolean = () => true,
): Promise<string[]> {
  const ids: string[] = [];
  for (let number = from; number < from + count; number += 1) {
    ids.push(await recordOne(db, makeEntry(number, hasDocument(number) ? {} : { documents: [] })));
  }
  return ids;
}

/** Integrates and signs all that is committed, and lets go. */
export async function integrateAll(url: string, signer: LedgerSigner): Promise<void> {
  const sequencer = await startSequencer({ url, signer });
  await sequencer.stop();
}

export async function sizeOf(db: Kysely<Database>): Promise<number> {
  const head = await db.selectFrom('ledger.head').select('size').executeTakeFirst();
  return head?.size ?? 0;
}

export async function until(
  condition: () => Promise<boolean> | boolean,
  milliseconds = 20_000,
): Promise<void> {
  for (let waited = 0; waited < milliseconds; waited += 20) {
    if (await condition()) return;
    await wait(20);
  }
  throw new Error('it did not come to be');
}

/** Statements on one connection, as whoever `url` says. */
export async function act(url: string, ...statements: string[]): Promise<void> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/** As the owner, with the triggers of these tables out of the way: what somebody with the database's rights can do. */
export async function tamper(
  ownerUrl: string,
  tables: readonly string[],
  ...statements: string[]
): Promise<void> {
  await act(ownerUrl, ...tampering(tables, statements));
}

/** The same as statements. */
export function tampering(tables: readonly string[], statements: readonly string[]): string[] {
  const years = ['2026', '2027', '2028', '2029', '2030', '2031', 'other'];
  const guarded = tables.flatMap((table) =>
    table === 'entry' ? ['entry', ...years.map((year) => `entry_${year}`)] : [table],
  );
  const triggers = (how: string): string[] =>
    guarded.map((table) => `ALTER TABLE ONLY ledger.${table} ${how} TRIGGER USER`);
  return [
    'SET ROLE countersign_owner',
    ...triggers('DISABLE'),
    ...statements,
    ...triggers('ENABLE'),
    'RESET ROLE',
  ];
}

/** A database with the same contents, while nobody is connected to the first. */
export async function copyDatabase(source: TestDatabase): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const at = (url: string, database = name): string =>
    Object.assign(new URL(url), { pathname: `/${database}` }).toString();
  await act(
    at(source.superuserUrl, 'postgres'),
    `CREATE DATABASE ${name} TEMPLATE ${source.name} STRATEGY file_copy OWNER countersign_owner`,
  );
  const db = openDatabase(at(source.writerUrl));
  return {
    name,
    ownerUrl: at(source.ownerUrl),
    writerUrl: at(source.writerUrl),
    readerUrl: at(source.readerUrl),
    eraserUrl: at(source.eraserUrl),
    superuserUrl: at(source.superuserUrl),
    db,
    drop: async () => {
      await db.destroy();
      await act(at(source.superuserUrl, 'postgres'), `DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}
