import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSigner, generateLedgerKey } from '../src/ledger/sequence/signer.ts';
import type { Benchmark, BenchmarkOptions } from './benchmark.ts';
import { growth } from './ledger/growth.ts';
import { throughput } from './ledger/throughput.ts';
import { witnesses } from './ledger/witnesses.ts';
import { twoProcesses } from './ledger/two-processes.ts';
import { withPostgres } from './with-postgres.ts';
import { ORIGIN } from './ledger/workload.ts';

/** The log is grown to this many entries; `--entries N` says otherwise. */
const ENTRIES = 1_000_000;

/** What the ledger costs against plain inserts and plain hashing, and whether it costs the same when it is large. */
export async function run({ entries = ENTRIES }: BenchmarkOptions): Promise<Benchmark> {
  const privateKey = generateLedgerKey();
  const signer = createSigner({ origin: ORIGIN, privateKey });
  const parts = [
    ...(await withPostgres(async (urls, directory) => {
      const keyFile = join(directory, 'bench-key.pem');
      await writeFile(keyFile, privateKey, { mode: 0o600 });
      console.error('  inserts, recording, integrating …');
      const inserted = await throughput(urls, signer);
      console.error('  two processes …');
      return [inserted, await twoProcesses(urls.writerUrl, keyFile)];
    })),
    await withPostgres(async (urls, directory) => {
      console.error(`  a log of ${entries} entries …`);
      return await growth(urls.writerUrl, signer, entries, join(directory, 'copies'));
    }),
    await witnesses(signer),
  ];
  return {
    rows: parts.flatMap(({ rows }) => rows),
    ratios: Object.assign({}, ...parts.map(({ ratios }) => ratios)) as Benchmark['ratios'],
  };
}
