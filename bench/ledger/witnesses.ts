/** What it takes to compare a log with very many checkpoints of a witness: each verification in a fresh process. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { LedgerSigner } from '../../src/ledger/sequence/signer.ts';
import type { Benchmark } from '../benchmark.ts';
import { makeWitnessedCopy } from './witness-clone.ts';

const [SOME, MANY] = [10_000, 100_000] as const;

interface Verified {
  readonly milliseconds: number;
  readonly megabytes: number;
  readonly witnessed: number;
}

export async function witnesses(signer: LedgerSigner): Promise<Benchmark> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-bench-witness-'));
  try {
    const some = await verified(folder, signer, SOME);
    const many = await verified(folder, signer, MANY);
    const row = ({ milliseconds, megabytes, witnessed }: Verified): Benchmark['rows'][number] => ({
      what: `verify DIR --witness CLONE, ${new Intl.NumberFormat('en').format(witnessed)} checkpoints`,
      measured: `${(milliseconds / 1000).toFixed(1)} s, ${Math.round(megabytes)} MB`,
      against: Number((milliseconds / witnessed / (some.milliseconds / some.witnessed)).toFixed(2)),
    });
    return {
      rows: [row(some), row(many)],
      ratios: {
        witnessed_100k_seconds: Number((many.milliseconds / 1000).toFixed(1)),
        rss_witnessed_100k_vs_10k: Number((many.megabytes / some.megabytes).toFixed(2)),
      },
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** In a heap that leaves no room for what is not needed, since V8 takes what there is. */
async function verified(folder: string, signer: LedgerSigner, checkpoints: number): Promise<Verified> {
  const { directory, clone } = await makeWitnessedCopy(
    join(folder, String(checkpoints)),
    signer,
    checkpoints,
  );
  const script = fileURLToPath(new URL('verify-copy.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--max-old-space-size=64',
    script,
    directory,
    clone,
  ]);
  return JSON.parse(stdout) as Verified;
}
