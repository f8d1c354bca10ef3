/** What the ledger's tests share: entries that say something, and a database whose log has some. */
import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import { Client } from 'pg';
import type { Database } from '../../../src/db/database.ts';
import type { NewEntry } from '../../../src/domain/entry.ts';
import { newEntryId } from '../../../src/ledger/entry-id.ts';
import { record } from '../../../src/ledger/record.ts';
import { startSequencer } from '../../../src/ledger/sequencer.ts';
import type { LedgerSigner } from '../../../src/ledger/signer.ts';
import { createSigner, generateLedgerKey } from '../../../src/ledger/signer.ts';

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

export async function recordOne(db: Kysely<Database>, entry: NewEntry): Promise<string> {
  const now = new Date().toISOString();
  const at = { id: newEntryId(now, randomBytes), now, random: randomBytes };
  const { entryId } = await db.transaction().execute(async (tx) => await record(tx, entry, at));
  return entryId;
}

/** One after the other, so that entry `n` gets index `from + n`. */
export async function recordSome(db: Kysely<Database>, count: number, from = 0): Promise<string[]> {
  const ids: string[] = [];
  for (let number = from; number < from + count; number += 1)
    ids.push(await recordOne(db, makeEntry(number)));
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
  const partitions = tables.flatMap((table) =>
    table === 'entry'
      ? [
          'entry',
          'entry_2026',
          'entry_2027',
          'entry_2028',
          'entry_2029',
          'entry_2030',
          'entry_2031',
          'entry_other',
        ]
      : [table],
  );
  await act(
    ownerUrl,
    'SET ROLE countersign_owner',
    ...partitions.map((table) => `ALTER TABLE ONLY ledger.${table} DISABLE TRIGGER USER`),
    ...statements,
    ...partitions.map((table) => `ALTER TABLE ONLY ledger.${table} ENABLE TRIGGER USER`),
  );
}
