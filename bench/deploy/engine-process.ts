/**
 * The deploy engine in a process of its own that stays warm between deployments, as a worker's does. Takes one order after
 * the other from its parent and answers each with the milliseconds it took.
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { deploy } from '../../src/deploy/deploy-to-hosts.ts';
import { KNOWN_BLOBS } from '../../src/deploy/known-blobs.ts';
import { type Mirror, openMirror } from '../../src/deploy/mirror.ts';
import { quote, SCRIPT_READER, scriptLine } from '../../src/deploy/quote.ts';
import { openConnection } from '../../src/deploy/ssh-connection.ts';
import { UNPACK } from '../../src/deploy/stage-scripts.ts';
import { tarOf } from '../../src/deploy/tar.ts';
import type { Host, Rollout } from '../../src/domain/deploy.ts';
import { REPOSITORY_ID } from './release-files.ts';

/** To know of files what a worker knows before a deployment: nothing, or what it found out when it deployed what runs. */
export interface Reminder {
  readonly kind: 'know only';
  readonly mirrors: string;
  readonly running: string | null;
}

/** To bring a commit to hosts. */
export interface Shipment {
  readonly kind: 'deploy' | 'upload';
  readonly mirrors: string;
  readonly hosts: readonly Host[];
  readonly keyFile: string;
  readonly path: string;
  readonly release: string;
  readonly sha: string;
  readonly running: { readonly release: string; readonly sha: string } | null;
  /** Left out: as a target that says nothing of it has it. */
  readonly rollout?: Rollout;
}

export type Order = Reminder | Shipment;

export interface Answer {
  readonly milliseconds: number;
  /** What each step of the first host took. */
  readonly steps: Readonly<Record<string, number>>;
  /** Largest resident size so far, in MiB. */
  readonly peakMiB: number;
  readonly cpuMilliseconds: number;
  readonly error: string | null;
}

const random = (size: number): Uint8Array => randomBytes(size);

process.on('message', (order: Order) => void answer(order));

async function answer(order: Order): Promise<void> {
  const cpu = process.cpuUsage();
  const started = performance.now();
  let steps: Record<string, number> = {};
  let error: string | null = null;
  try {
    if (order.kind === 'know only') await knowOnly(order);
    else steps = await (order.kind === 'deploy' ? deployOnce(order) : uploadOnce(order));
  } catch (thrown) {
    error = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  }
  const milliseconds = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  process.send?.({
    milliseconds,
    steps,
    peakMiB: process.resourceUsage().maxRSS / 1024,
    cpuMilliseconds: (user + system) / 1000,
    error,
  } satisfies Answer);
}

function mirrorOf({ mirrors }: Order): Mirror {
  return openMirror({
    directory: mirrors,
    repositoryId: REPOSITORY_ID,
    url: 'http://127.0.0.1:1/nothing-is-fetched.git',
  });
}

/** All rounds ship the same two commits: without this, each but the first would know all files of the "new" one already. */
async function knowOnly(order: Reminder): Promise<void> {
  KNOWN_BLOBS.forget();
  if (order.running !== null) await mirrorOf(order).readManifest(order.running);
}

/** A whole deployment from a mirror that holds the commit, as the worker's `ship.ts` makes it. */
async function deployOnce(order: Shipment): Promise<Record<string, number>> {
  const mirror = mirrorOf(order);
  const steps: Record<string, number> = {};
  let before = performance.now();
  const took = (step: string): void => {
    const now = performance.now();
    steps[step] = (steps[step] ?? 0) + now - before;
    before = now;
  };
  await mirror.fetchCommit({ sha: order.sha, token: 'none' });
  if (order.running !== null)
    await mirror.fetchCommit({ sha: order.running.sha, token: 'none', listOnly: true });
  took('mirror');
  const [first] = order.hosts;
  const outcome = await deploy(
    {
      target: {
        repository: 'acme/shop',
        repositoryId: null,
        environment: 'production',
        hosts: order.hosts,
        path: order.path,
        keep: 2,
        shared: [],
        commands: { build: null, beforeSwitch: null, afterSwitch: null, health: null },
        timeout: 300,
        showOutput: false,
        ...(order.rollout === undefined ? {} : { rollout: order.rollout }),
      },
      privateKey: await readFile(order.keyFile, 'utf8'),
      releaseId: order.release,
      sha: order.sha,
      mirror,
      running: order.running,
      resumed: false,
    },
    {
      signal: new AbortController().signal,
      now: () => new Date().toISOString(),
      random,
      log: { info: () => undefined, warn: () => undefined },
      onProgress: async ({ host, step, state }) => {
        if (host === first) took(state === 'started' ? 'between' : step);
        await Promise.resolve();
      },
    },
  );
  took('end');
  const wrong = outcome.hosts.find((host) => host.outcome !== 'success');
  if (wrong !== undefined) throw new Error(`${wrong.outcome}: ${wrong.message}`);
  return steps;
}

/** The engine's connection, archive and stream alone: no look at the host, no reading back, no switch. */
async function uploadOnce(order: Shipment): Promise<Record<string, number>> {
  const mirror = mirrorOf(order);
  const { entries, committedAt } = await mirror.readManifest(order.sha);
  const [host] = order.hosts;
  if (host === undefined) throw new Error('no host');
  const connection = await openConnection(host, await readFile(order.keyFile, 'utf8'), random);
  const script = scriptLine([
    'set -eu',
    `mkdir -p -- ${quote(order.path)}`,
    `cd -- ${quote(order.path)}`,
    UNPACK,
  ]);
  const archive = tarOf(mirror.directory, entries, committedAt);
  const { end } = await connection.run({
    command: SCRIPT_READER,
    input: (async function* () {
      yield Buffer.from(script);
      yield* archive;
    })(),
    seconds: 300,
    keep: 64 * 1024,
  });
  connection.close();
  if (end.kind !== 'exited' || end.code !== 0)
    throw new Error(`the upload ended with ${JSON.stringify(end)}`);
  return {};
}
