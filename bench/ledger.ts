import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import { Client } from 'pg';
import type { Database } from '../src/db/database.ts';
import { removeEmbeddedPostgres, startEmbeddedPostgres } from '../src/db/embedded-postgres.ts';
import { migrate } from '../src/db/migrate.ts';
import { openDatabase } from '../src/db/open-database.ts';
import type { NewEntry } from '../src/domain/entry.ts';
import { newEntryId } from '../src/ledger/entry-id.ts';
import { record } from '../src/ledger/record.ts';
import { startSequencer } from '../src/ledger/sequencer.ts';
import type { LedgerSigner } from '../src/ledger/signer.ts';
import { createSigner, generateLedgerKey } from '../src/ledger/signer.ts';
import type { Benchmark } from './benchmark.ts';

const ROUNDS = 3;
const ENTRIES = 6_000;
const CALLERS = 100;
/** Connections that the callers share, as in a process of ours. */
const CONNECTIONS = 16;
const SINGLES = 400;

/**
 * What the ledger costs against plain inserts of the same bytes: how fast recorded entries get their index and their
 * signature, how fast all of it goes with a hundred callers at once, and what one caller pays in its own transaction.
 */
export async function run(): Promise<Benchmark> {
  const dataDir = await fs.mkdtemp(path.join(os.tmpdir(), 'countersign-bench-'));
  await fs.chmod(dataDir, 0o755);
  const postgres = await startEmbeddedPostgres({ dataDir, log: () => undefined });
  try {
    await migrate(postgres.ownerUrl);
    await createPlainTable(postgres.ownerUrl);
    const db = openDatabase(postgres.writerUrl, { max: CONNECTIONS });
    const signer = createSigner({ origin: 'bench.example.com/ledger/1', privateKey: generateLedgerKey() });
    try {
      return await measure(db, postgres.writerUrl, signer);
    } finally {
      await db.destroy();
    }
  } finally {
    await postgres.stop();
    await removeEmbeddedPostgres(dataDir);
    await fs.rm(dataDir, { recursive: true, force: true });
  }
}

async function measure(db: Kysely<Database>, url: string, signer: LedgerSigner): Promise<Benchmark> {
  const rounds: Round[] = [];
  await round(db, url, signer, 500);
  for (let number = 0; number < ROUNDS; number += 1) rounds.push(await round(db, url, signer, ENTRIES));
  const singles = await compareSingles(db);
  const row = (what: string, of: (round: Round) => number): Record<string, string | number> => ({
    what,
    'entries per second': Math.round(median(rounds.map(of))),
    'against plain': Number(median(rounds.map((round) => of(round) / round.plain)).toFixed(2)),
    rounds: rounds.map((round) => Math.round(of(round))).join(' '),
  });
  const ratio = (of: (round: Round) => number): number =>
    Number(median(rounds.map((round) => of(round) / round.plain)).toFixed(2));
  return {
    rows: [
      row('plain inserts, 100 rows each, 1 connection', (round) => round.plain),
      row(`integrated and signed, what ${CALLERS} callers had recorded`, (round) => round.integrated),
      row(`recorded, each in a transaction, and integrated, ${CALLERS} callers`, (round) => round.both),
      row(`plain inserts, each in a transaction, ${CALLERS} callers`, (round) => round.plainSingles),
      {
        what: 'one caller, plain insert: ms',
        'entries per second': Math.round(1000 / singles.plain),
        'against plain': 1,
        rounds: singles.plain.toFixed(2),
      },
      {
        what: 'one caller, recording: ms',
        'entries per second': Math.round(1000 / singles.record),
        'against plain': Number((singles.record / singles.plain).toFixed(2)),
        rounds: singles.record.toFixed(2),
      },
    ],
    ratios: {
      integrate_100_callers: ratio((round) => round.integrated),
      record_and_integrate_100_callers: ratio((round) => round.both),
      record_and_integrate_vs_plain_transactions: Number(
        median(rounds.map((round) => round.both / round.plainSingles)).toFixed(2),
      ),
      record_cost: Number((singles.record / singles.plain).toFixed(2)),
    },
  };
}

interface Round {
  readonly plain: number;
  readonly plainSingles: number;
  readonly integrated: number;
  readonly both: number;
}

async function round(
  db: Kysely<Database>,
  url: string,
  signer: LedgerSigner,
  entries: number,
): Promise<Round> {
  const plain = await rate(entries, () => insertPlain(url, entries));
  const plainSingles = await rate(entries, () => calling(entries, () => insertOne(db)));
  await calling(entries, () => recordOne(db));
  // Started before the clock: what a start costs is no part of a rate.
  const integrated = await rateOfIntegration(db, url, signer, entries);
  const sequencer = await startSequencer({ url, signer });
  const both = await rate(entries, async () => {
    await calling(entries, () => recordOne(db));
    await sequencer.stop();
  });
  return { plain, plainSingles, integrated, both };
}

/** From the first look at what waits to the signature over all of it. */
async function rateOfIntegration(
  db: Kysely<Database>,
  url: string,
  signer: LedgerSigner,
  entries: number,
): Promise<number> {
  const before = performance.now();
  const sequencer = await startSequencer({ url, signer });
  await sequencer.stop();
  const milliseconds = performance.now() - before;
  const { rows } = await sql<{ n: number }>`SELECT count(*)::int AS n FROM ledger.pending`.execute(db);
  if (rows[0]?.n !== 0) throw new Error('not everything was integrated');
  return (entries * 1000) / milliseconds;
}

async function rate(entries: number, work: () => Promise<void>): Promise<number> {
  const before = performance.now();
  await work();
  return (entries * 1000) / (performance.now() - before);
}

/** `entries` calls by as many callers as there are, each making its next when its last is done. */
async function calling(entries: number, call: () => Promise<unknown>): Promise<void> {
  let left = entries;
  const caller = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await call();
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
}

const ENTRY: NewEntry = {
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
/** As large as ENTRY's bytes are. */
const BYTES = Buffer.alloc(720, 0x61);

async function recordOne(db: Kysely<Database>): Promise<void> {
  const now = new Date().toISOString();
  const at = { id: newEntryId(now, randomBytes), now, random: randomBytes };
  await db.transaction().execute(async (tx) => await record(tx, ENTRY, at));
}

async function insertOne(db: Kysely<Database>): Promise<void> {
  const id = newEntryId(new Date().toISOString(), randomBytes);
  await db.transaction().execute(async (tx) => {
    await sql`INSERT INTO bench.plain (id, canonical, leaf_hash) VALUES (${id}, ${BYTES}, ${BYTES.subarray(0, 32)})`.execute(
      tx,
    );
  });
}

async function insertPlain(url: string, entries: number): Promise<void> {
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
    await client.query(`INSERT INTO bench.plain (id, canonical, leaf_hash) VALUES ${values}`, rows.flat());
  }
  await client.end();
}

/** In turns, so that whatever else the machine does meets both alike. Medians, in milliseconds. */
async function compareSingles(db: Kysely<Database>): Promise<{ plain: number; record: number }> {
  const times: { plain: number[]; record: number[] } = { plain: [], record: [] };
  for (let turn = 0; turn < SINGLES; turn += 1) {
    const before = performance.now();
    await insertOne(db);
    const between = performance.now();
    await recordOne(db);
    times.plain.push(between - before);
    times.record.push(performance.now() - between);
  }
  return { plain: median(times.plain), record: median(times.record) };
}

async function createPlainTable(ownerUrl: string): Promise<void> {
  const client = new Client({ connectionString: ownerUrl });
  await client.connect();
  await client.query(`
    SET ROLE countersign_owner;
    CREATE SCHEMA bench;
    CREATE TABLE bench.plain (
      id uuid PRIMARY KEY,
      canonical bytea NOT NULL,
      leaf_hash bytea NOT NULL,
      recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
    );
    ALTER TABLE bench.plain ALTER canonical SET STORAGE EXTERNAL;
    GRANT USAGE ON SCHEMA bench TO countersign_writer;
    GRANT INSERT ON bench.plain TO countersign_writer`);
  await client.end();
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
