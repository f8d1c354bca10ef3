import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { missingForOutside } from '../outside.ts';

/** Where Debian puts the sources of Go libraries. */
const GOPATH = process.env['GOPATH'] ?? '/usr/share/gocode';
const SOURCE = join(import.meta.dirname, '../../outside/witness/main.go');

/** The program of `test/outside/witness`, built once. */
export interface GoWitnessProgram {
  /** Starts one that knows these logs and has seen nothing. */
  start(name: string, logs: readonly string[]): Promise<GoWitness>;
  remove(): Promise<void>;
}

export interface GoWitness {
  readonly url: string;
  readonly vkey: string;
  stop(): Promise<void>;
}

/** Null, aloud, where Go or its `x/mod` isn't installed; in CI that fails. */
export async function buildGoWitness(): Promise<GoWitnessProgram | null> {
  const missing = missingForOutside();
  if (missing !== null) {
    const told = `the C2SP witness client was not tested against Go, for want of ${missing}`;
    if (process.env['CI'] === 'true') throw new Error(told);
    console.warn(`SKIPPED: ${told}`);
    return null;
  }
  const folder = await mkdtemp(join(tmpdir(), 'countersign-go-'));
  const binary = join(folder, 'witness');
  await promisify(execFile)('go', ['build', '-o', binary, SOURCE], {
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      GOCACHE: join(folder, 'cache'),
      GO111MODULE: 'off',
      GOPATH,
    },
  });
  return {
    start: async (name, logs) => {
      const child = spawn(binary, [name, ...logs], { stdio: ['pipe', 'pipe', 'inherit'] });
      const ended = once(child, 'exit');
      const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
      const [url = '', vkey = ''] = line.split(' ');
      return {
        url,
        vkey,
        stop: async () => {
          child.stdin.end();
          await ended;
        },
      };
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
