/** A log grown to a million entries: what appending, proving and verifying cost there, against a thousand; then its export. */
import { join } from 'node:path';
import type { Kysely } from 'kysely';
import { Client } from 'pg';
import type { Database } from '../../src/db/database.ts';
import { openDatabase } from '../../src/db/open-database.ts';
import { proofAtIndex } from '../../src/ledger/prove/entry-proof.ts';
import { exportLog } from '../../src/ledger/export/export.ts';
import { leafHash } from '../../src/ledger/format/hash.ts';
import { integrate, signHead } from '../../src/ledger/sequence/integrate.ts';
import { openLog } from '../../src/ledger/sequence/log.ts';
import { parseProof, verifyProof } from '../../src/ledger/format/proof.ts';
import { queryOfClient } from '../../src/ledger/store/query.ts';
import { startSequencer } from '../../src/ledger/sequence/sequencer.ts';
import type { LedgerSigner } from '../../src/ledger/sequence/signer.ts';
import { verifyDatabase } from '../../src/ledger/verify/verify-database.ts';
import type { Benchmark } from '../benchmark.ts';
import type { Copy } from './copies.ts';
import { copies } from './copies.ts';
import { fillTo, recordBatch } from './fill.ts';
import { median, recordOne } from './workload.ts';

const FEW = 1_000;
/** What memory at the full size is compared with. */
const SOME = 10_000;
const APPENDED = 500;
const PROOFS = 300;

interface Cost {
  /** Milliseconds to integrate and sign a batch, to record one entry, to prove one. */
  readonly append: number;
  readonly record: number;
  readonly proof: number;
  readonly slowProof: number;
  /** Microseconds an entry, in the database. */
  readonly verify: number;
  /** Of this process, in megabytes. */
  readonly memory: number;
}

export async function growth(
  url: string,
  signer: LedgerSigner,
  entries: number,
  directory: string,
): Promise<Benchmark> {
  const db = openDatabase(url, { max: 2 });
  try {
    const started = performance.now();
    await fillTo(url, signer, FEW);
    const few = await costs(db, url, signer);
    const small = await grown(db, url, signer, SOME, join(directory, 'some'));
    // V8 takes what it likes at first; flat means that the rest of the way needs no more.
    await fillTo(url, signer, Math.max(SOME, entries / 10));
    const memory = process.memoryUsage().rss;
    const large = await grown(db, url, signer, entries, join(directory, 'all'));
    const flat = process.memoryUsage().rss / memory;
    console.error(`  grown and exported in ${Math.round((performance.now() - started) / 1000)} s`);
    const all = await costs(db, url, signer);
    console.error('  proved, appended and verified');
    const copied = await copies(small, large);
    return {
      rows: [
        ...compared(few, all, entries),
        {
          what: `growing to ${entries} and exporting: memory against that a tenth of the way`,
          measured: `${Math.round((memory * flat) / 2 ** 20)} MB`,
          against: Number(flat.toFixed(2)),
        },
        ...copied.rows,
      ],
      ratios: {
        proof_p50_ms: Number(all.proof.toFixed(2)),
        append_1m_vs_1k: Number((all.append / few.append).toFixed(2)),
        record_1m_vs_1k: Number((all.record / few.record).toFixed(2)),
        proof_1m_vs_1k: Number((all.proof / few.proof).toFixed(2)),
        verify_1m_vs_1k: Number((all.verify / few.verify).toFixed(2)),
        rss_growing: Number(flat.toFixed(2)),
        ...copied.ratios,
      },
    };
  } finally {
    await db.destroy();
  }
}

/** Lets it grow to `size` and writes a copy. */
async function grown(
  db: Kysely<Database>,
  url: string,
  signer: LedgerSigner,
  size: number,
  directory: string,
): Promise<Copy> {
  await fillTo(url, signer, size, tellEvery(size, 'grown to'));
  const manifest = await exportLog(db, {
    directory,
    now: new Date().toISOString(),
    progress: tellEvery(size, 'exported'),
  });
  return { directory, entries: manifest.size };
}

function tellEvery(size: number, doing: string): (done: number) => void {
  let told = 0;
  return (done) => {
    if (done - told < size / 10 || size < 100_000) return;
    told = done;
    console.error(
      `  ${doing} ${new Intl.NumberFormat('en').format(done)}, ${Math.round(process.memoryUsage().rss / 2 ** 20)} MB`,
    );
  };
}

async function costs(db: Kysely<Database>, url: string, signer: LedgerSigner): Promise<Cost> {
  const before = performance.now();
  const { size, found, findings } = await verifyDatabase(db);
  if (found > 0) throw new Error(`the ledger does not hold: ${findings[0]?.sentence}`);
  const verify = ((performance.now() - before) * 1000) / size;
  const proofs = await times(PROOFS, async () => await prove(db, Math.floor(Math.random() * size), signer));
  const append = await appending(url, signer);
  const recorded = await times(200, async () => await recordOne(db));
  // Those too get their index: the log must hold when it is verified again.
  await (await startSequencer({ url, signer })).stop();
  return {
    verify,
    proof: median(proofs),
    slowProof: proofs.toSorted((a, b) => b - a)[Math.floor(PROOFS / 100)] ?? Number.NaN,
    append,
    record: median(recorded),
    memory: process.memoryUsage().rss / 2 ** 20,
  };
}

/** Only the asking is in the time; whether it proves is looked at besides. */
async function prove(db: Kysely<Database>, index: number, signer: LedgerSigner): Promise<number> {
  const before = performance.now();
  const found = await proofAtIndex(db, index, true);
  const milliseconds = performance.now() - before;
  const extra = found === null ? null : parseProof(found.proof).extra;
  if (found === null || extra === null) throw new Error(`there is no proof of entry ${index}`);
  verifyProof(found.proof, leafHash(extra), signer.vkey);
  return milliseconds;
}

/** Median milliseconds in which a batch of entries that wait gets its indices and its signature. */
async function appending(url: string, signer: LedgerSigner): Promise<number> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const query = queryOfClient(client);
  let log = await openLog(query, 1, signer);
  // What single callers recorded since.
  while ((await integrate(query, log, APPENDED)) > 0);
  const measured: number[] = [];
  for (let batch = 0; batch < 15; batch += 1) {
    await recordBatch(url, log.tree.size, APPENDED);
    const before = performance.now();
    await integrate(query, log, APPENDED);
    log = await signHead(query, log, signer);
    measured.push(performance.now() - before);
  }
  await client.end();
  return median(measured);
}

async function times(count: number, work: () => Promise<number | void>): Promise<number[]> {
  const measured: number[] = [];
  for (let turn = 0; turn < count; turn += 1) {
    const before = performance.now();
    const own = await work();
    measured.push(own ?? performance.now() - before);
  }
  return measured;
}

function compared(few: Cost, all: Cost, entries: number): Benchmark['rows'] {
  const row = (what: string, unit: string, of: (cost: Cost) => number): Benchmark['rows'][number] => ({
    what: `${what}: at ${FEW}, at ${entries}`,
    measured: `${of(few).toFixed(2)}, ${of(all).toFixed(2)} ${unit}`,
    against: Number((of(all) / of(few)).toFixed(2)),
  });
  return [
    row(`integrating and signing ${APPENDED} entries`, 'ms', ({ append }) => append),
    row('recording one entry, p50', 'ms', ({ record }) => record),
    row('proof of one entry in one query, p50', 'ms', ({ proof }) => proof),
    row('proof of one entry in one query, p99', 'ms', ({ slowProof }) => slowProof),
    row('verifying the database, each entry', 'µs', ({ verify }) => verify),
  ];
}
