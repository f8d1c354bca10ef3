/** What two processes record and integrate together, each with its own sequencer, against one with as many callers. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setTimeout as wait } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Database } from '../../src/db/database.ts';
import { openDatabase } from '../../src/db/open-database.ts';
import { verifyDatabase } from '../../src/ledger/verify/verify-database.ts';
import type { Benchmark } from '../benchmark.ts';
import { CALLERS, median } from './workload.ts';

const ROUNDS = 5;
const ENTRIES = 6_000;

export async function twoProcesses(url: string, keyFile: string): Promise<Benchmark> {
  const db = openDatabase(url, { max: 1 });
  try {
    const rounds: { one: number; two: number }[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const one = await integrated(db, url, keyFile, 1);
      rounds.push({ one, two: await integrated(db, url, keyFile, 2) });
    }
    await assertOneHistory(db);
    const ratio = Number(median(rounds.map(({ one, two }) => two / one)).toFixed(2));
    const row = (what: string, rates: readonly number[], against: number): Benchmark['rows'][number] => ({
      what,
      measured: `${Math.round(median(rates))} per second`,
      against,
      rounds: rates.map(Math.round).join(' '),
    });
    return {
      rows: [
        row(
          `1 process, ${CALLERS} callers: recorded, integrated and signed`,
          rounds.map(({ one }) => one),
          1,
        ),
        row(
          `2 processes, ${CALLERS / 2} callers each: the same; no gap, no fork`,
          rounds.map(({ two }) => two),
          ratio,
        ),
      ],
      ratios: { two_processes: ratio },
    };
  } finally {
    await db.destroy();
  }
}

/** Entries a second, from the first call until a checkpoint covers the last. */
async function integrated(
  db: Kysely<Database>,
  url: string,
  keyFile: string,
  count: number,
): Promise<number> {
  const script = fileURLToPath(new URL('./recording-process.ts', import.meta.url));
  const args = [script, url, keyFile, String(CALLERS / count), String(ENTRIES / count)];
  const processes = Array.from({ length: count }, () =>
    spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  await Promise.all(processes.map(async ({ stdout }) => await once(stdout, 'data')));
  await settled(db, processes, 0);
  const from = await signed(db);
  const before = performance.now();
  for (const { stdin } of processes) stdin.write('go\n');
  await settled(db, processes, from + ENTRIES);
  const milliseconds = performance.now() - before;
  for (const { stdin } of processes) stdin.end();
  await Promise.all(processes.map(async (child) => child.exitCode ?? (await once(child, 'exit'))));
  return (ENTRIES * 1000) / milliseconds;
}

/** Until nothing waits and everything is signed. */
async function settled(
  db: Kysely<Database>,
  processes: readonly ChildProcess[],
  size: number,
): Promise<void> {
  for (;;) {
    const { rows } = await sql<{ waiting: number }>`SELECT count(*) AS waiting FROM ledger.pending`.execute(
      db,
    );
    if (rows[0]?.waiting === 0 && (await signed(db)) >= size) return;
    if (processes.some(({ exitCode }) => exitCode !== null))
      throw new Error('a process that records has ended');
    await wait(5);
  }
}

/** The size of the log, once it is signed; less before. */
async function signed(db: Kysely<Database>): Promise<number> {
  const { rows } = await sql<{ size: number }>`
    SELECT h.size FROM ledger.head h WHERE EXISTS (SELECT FROM ledger.checkpoint c WHERE c.size = h.size)`.execute(
    db,
  );
  return rows[0]?.size ?? -1;
}

/** A fork would be two roots over one size, a gap an index without an entry: verifying finds either. */
async function assertOneHistory(db: Kysely<Database>): Promise<void> {
  const { findings } = await verifyDatabase(db);
  if (findings.length > 0) throw new Error(`the ledger does not hold: ${findings[0]?.sentence}`);
}
