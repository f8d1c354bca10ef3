/** What the ledger's benchmarks share: an entry, the same bytes in a plain table, and callers that insert either. */
import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import { Client } from 'pg';
import type { Database } from '../../src/db/database.ts';
import type { NewEntry } from '../../src/domain/entry.ts';
import { entryBytes, entryContent } from '../../src/ledger/format/entry.ts';
import { newEntryId } from '../../src/ledger/format/entry-id.ts';
import { record } from '../../src/ledger/store/record.ts';

export const CALLERS = 100;
/** Connections that the callers share, as in a process of ours. */
export const CONNECTIONS = 16;
export const ORIGIN = 'bench.example.com/ledger/1';

export const ENTRY: NewEntry = {
  kind: 'decision.made',
  occurredAt: '2026-03-01T12:00:00.000Z',
  who: [{ role: 'requester', actor: { id: 7, login: 'alice', kind: 'user' } }],
  repository: { id: 5, fullName: 'acme/shop' },
  commit: 'c'.repeat(40),
  pullRequest: 12,
  environment: 'production',
  hosts: ['web1.internal:22', 'web2.internal:22'],
  outcome: 'approved',
  reasons: ['approvals_given', 'checks_passed', 'range_traced'],
  delivery: '72d3162e-cc78-11e3-81ab-4c9367dc0958',
  answers: null,
  documents: [],
};

/** What ENTRY's bytes are, but for its id and time. */
const BYTES = Buffer.from(
  entryBytes(
    entryContent(ENTRY, {
      id: newEntryId(ENTRY.occurredAt, randomBytes),
      recordedAt: ENTRY.occurredAt,
      people: [{ actor: 'a'.repeat(43), login: 'b'.repeat(43) }],
      commitments: [],
    }),
  ),
);

export async function recordOne(db: Kysely<Database>): Promise<void> {
  const now = new Date().toISOString();
  const at = { id: newEntryId(now, randomBytes), now, random: randomBytes };
  await db.transaction().execute(async (tx) => await record(tx, ENTRY, at));
}

export async function insertOne(db: Kysely<Database>): Promise<void> {
  const id = newEntryId(new Date().toISOString(), randomBytes);
  await db.transaction().execute(async (tx) => {
    await sql`INSERT INTO bench.plain (id, bytes, hash) VALUES (${id}, ${BYTES}, ${BYTES.subarray(0, 32)})`.execute(
      tx,
    );
  });
}

/** By one connection, a hundred rows a statement. */
export async function insertPlain(url: string, entries: number): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const values = Array.from(
    { length: 100 },
    (_, at) => `($${at * 3 + 1}, $${at * 3 + 2}, $${at * 3 + 3})`,
  ).join(', ');
  for (let done = 0; done < entries; done += 100) {
    const now = new Date().toISOString();
    const rows = Array.from({ length: 100 }, () => [
      newEntryId(now, randomBytes),
      BYTES,
      BYTES.subarray(0, 32),
    ]);
    await client.query(`INSERT INTO bench.plain (id, bytes, hash) VALUES ${values}`, rows.flat());
  }
  await client.end();
}

/** As the ledger's table of entries is, without partitions, triggers and what derives the hash; under other names, for `verify` takes its like for a part of it. */
export async function createPlainTable(ownerUrl: string): Promise<void> {
  const client = new Client({ connectionString: ownerUrl });
  await client.connect();
  await client.query(`
    SET ROLE countersign_owner;
    CREATE SCHEMA bench;
    CREATE TABLE bench.plain (
      id uuid PRIMARY KEY,
      bytes bytea NOT NULL,
      hash bytea NOT NULL,
      recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
    );
    ALTER TABLE bench.plain ALTER bytes SET STORAGE EXTERNAL;
    GRANT USAGE ON SCHEMA bench TO countersign_writer;
    GRANT INSERT ON bench.plain TO countersign_writer`);
  await client.end();
}

/** `entries` calls by so many callers, each making its next when its last is done. */
export async function calling(
  entries: number,
  call: () => Promise<unknown>,
  callers: number = CALLERS,
): Promise<void> {
  let left = entries;
  const caller = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await call();
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
}

export async function rate(entries: number, work: () => Promise<void>): Promise<number> {
  const before = performance.now();
  await work();
  return (entries * 1000) / (performance.now() - before);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
