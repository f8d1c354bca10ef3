/**
 * How fast entries that a hundred callers recorded get their index and their signature, how fast all of it goes with a hundred
 * callers at once, and what one caller pays in its own transaction: each against plain inserts of the same bytes.
 */
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Database } from '../../src/db/database.ts';
import type { EmbeddedPostgresUrls } from '../../src/db/embedded-postgres.ts';
import { openDatabase } from '../../src/db/open-database.ts';
import { startSequencer } from '../../src/ledger/sequence/sequencer.ts';
import type { LedgerSigner } from '../../src/ledger/sequence/signer.ts';
import type { Benchmark } from '../benchmark.ts';
import { lookAtBytes } from './look-at-bytes.ts';
import {
  CALLERS,
  CONNECTIONS,
  calling,
  createPlainTable,
  insertOne,
  insertPlain,
  median,
  rate,
  recordOne,
} from './workload.ts';

const ROUNDS = 5;
const ENTRIES = 6_000;
const SINGLES = 400;

export async function throughput(urls: EmbeddedPostgresUrls, signer: LedgerSigner): Promise<Benchmark> {
  await createPlainTable(urls.ownerUrl);
  const db = openDatabase(urls.writerUrl, { max: CONNECTIONS });
  try {
    return await measure(db, urls.writerUrl, signer);
  } finally {
    await db.destroy();
  }
}

async function measure(db: Kysely<Database>, url: string, signer: LedgerSigner): Promise<Benchmark> {
  const rounds: Round[] = [];
  await round(db, url, signer, 500);
  for (let number = 0; number < ROUNDS; number += 1) rounds.push(await round(db, url, signer, ENTRIES));
  const singles = await compareSingles(db);
  const look = await lookAtBytes(url);
  const row = (what: string, of: (round: Round) => number): Record<string, string | number> => ({
    what,
    measured: `${Math.round(median(rounds.map(of)))} per second`,
    against: Number(median(rounds.map((round) => of(round) / round.plain)).toFixed(2)),
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
        what: 'what may not be signed is looked for in the bytes of each entry',
        measured: `${look.microseconds} µs an entry`,
        against: look.ratio,
      },
      {
        what: 'one caller, a plain insert in its transaction, p50',
        measured: `${singles.plain.toFixed(2)} ms`,
        against: 1,
      },
      {
        what: 'one caller, recording in its transaction, p50',
        measured: `${singles.record.toFixed(2)} ms`,
        against: Number((singles.record / singles.plain).toFixed(2)),
      },
    ],
    ratios: {
      look_at_bytes: look.ratio,
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
