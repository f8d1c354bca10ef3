/** How fast an export is verified against hashing alone, and in how much memory: each in a fresh process, in turns. */
import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Benchmark } from '../benchmark.ts';
import { median } from './workload.ts';

const ROUNDS = 5;

export interface Copy {
  readonly directory: string;
  readonly entries: number;
}

interface Verified {
  readonly milliseconds: number;
  /** Milliseconds of all cores together: what others on the machine disturb less. */
  readonly processor: number;
  readonly megabytes: number;
}

export async function copies(small: Copy, large: Copy): Promise<Benchmark> {
  const rounds: { bytes: number; text: number; large: Verified; small: Verified }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const hashed = async (encoding: string): Promise<number> =>
      (await run<{ milliseconds: number }>('hash-copy.ts', large.directory, String(large.entries), encoding))
        .milliseconds;
    rounds.push({
      bytes: await hashed('buffer'),
      large: await run<Verified>('verify-copy.ts', large.directory),
      text: await hashed('hex'),
      small: await run<Verified>('verify-copy.ts', small.directory),
    });
    console.error(`  verified a copy ${round + 1} of ${ROUNDS} times`);
  }
  const number = new Intl.NumberFormat('en');
  const perSecond = (milliseconds: readonly number[]): string =>
    `${Math.round((large.entries * 1000) / median(milliseconds))} per second`;
  const ratio = (of: (round: (typeof rounds)[number]) => number): number =>
    Number(median(rounds.map(of)).toFixed(2));
  const vsHash = ratio((round) => round.bytes / round.large.milliseconds);
  const vsText = ratio((round) => round.text / round.large.milliseconds);
  const memory = ratio((round) => round.large.megabytes / round.small.megabytes);
  const entries = `${number.format(large.entries)} entries`;
  const seconds = (milliseconds: readonly number[]): string =>
    milliseconds.map((each) => (each / 1000).toFixed(2)).join(' ');
  return {
    rows: [
      {
        what: `crypto.hash to bytes, ${entries}, 1 core`,
        measured: perSecond(rounds.map(({ bytes }) => bytes)),
        against: 1,
        rounds: `${seconds(rounds.map(({ bytes }) => bytes))} s`,
      },
      {
        what: `verify DIR, ${entries}, against that`,
        measured: perSecond(rounds.map((round) => round.large.milliseconds)),
        against: vsHash,
        rounds: `${seconds(rounds.map((round) => round.large.milliseconds))} s`,
      },
      {
        what: `verify DIR, of all ${availableParallelism()} cores together`,
        measured: `${(median(rounds.map((round) => round.large.processor)) / 1000).toFixed(2)} s`,
        against: ratio((round) => round.bytes / round.large.processor),
        rounds: `${seconds(rounds.map((round) => round.large.processor))} s`,
      },
      {
        what: 'crypto.hash to text (its default, and twice as fast); verify DIR against that',
        measured: perSecond(rounds.map(({ text }) => text)),
        against: vsText,
        rounds: `${seconds(rounds.map(({ text }) => text))} s`,
      },
      {
        what: `verify DIR, most memory: ${number.format(small.entries)} entries`,
        measured: `${Math.round(median(rounds.map((round) => round.small.megabytes)))} MB`,
        against: 1,
      },
      {
        what: `verify DIR, most memory: ${entries}`,
        measured: `${Math.round(median(rounds.map((round) => round.large.megabytes)))} MB`,
        against: memory,
      },
    ],
    ratios: { verify_vs_hash: vsHash, verify_vs_hash_to_text: vsText, rss_1m_vs_10k: memory },
  };
}

async function run<T>(script: string, ...args: readonly string[]): Promise<T> {
  const file = fileURLToPath(new URL(script, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [file, ...args]);
  return JSON.parse(stdout) as T;
}
