/**
 * Full deployments by the real app to three real sshds, each hit at a random moment: the worker is killed, a network is cut, dead or
 * slow, a disk is full. Then it is left alone to come to an end, and every host and the ledger are looked at.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { listEntries } from '../src/ledger/store/read.ts';
import { verifyDatabase } from '../src/ledger/verify/verify-database.ts';
import { withPostgres } from '../bench/with-postgres.ts';
import { type ChaosWorld, openChaosWorld } from './deploy/chaos-world.ts';
import { type Fault, chanceFrom, chooseFault, describeFault } from './deploy/faults.ts';
import { inspectHost } from './deploy/inspect.ts';
import { type SeenHost, type Wrongs, judgeRun } from './deploy/judge-run.ts';

export interface ChaosSummary {
  readonly runs: number;
  /** Runs that were hit before they had ended by themselves. */
  readonly interrupted: number;
  /** Final names that held something else than their commit, `current` pointing at nothing, or hosts that don't run what the end says. */
  readonly half: number;
  /** Deployments with more than one beginning or end in the ledger, and hosts whose `current` went there, or back, more than once. */
  readonly double: number;
  /**
   * Deployments that came to no end or to one that nothing here can bring about, locks, staging folders and half-made notes left behind, and
   * what the ledger's verification found.
   */
  readonly lost: number;
  readonly seed: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly network: string;
  readonly disk: string;
}

const END_SECONDS = 420;
const SETTLED: readonly string[] = ['succeeded', 'failed', 'rejected', 'superseded'];

export interface ChaosOptions {
  readonly runs: number;
  readonly seed: number;
  /** Gets a line a run. */
  readonly say: (line: string) => void;
}

/** In a PostgreSQL of its own. */
export async function run(options: ChaosOptions): Promise<ChaosSummary> {
  return withPostgres(({ writerUrl }) => runOn(writerUrl, options));
}

/** On an empty ledger, by the app's login. */
export async function runOn(writerUrl: string, options: ChaosOptions): Promise<ChaosSummary> {
  const directory = await mkdtemp(path.join(tmpdir(), 'countersign-chaos-'));
  await chmod(directory, 0o755);
  try {
    const world = await openChaosWorld(directory, writerUrl);
    try {
      return await runs(world, options);
    } finally {
      await world.close();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function runs(world: ChaosWorld, { runs: wanted, seed, say }: ChaosOptions): Promise<ChaosSummary> {
  const chance = chanceFrom(seed);
  const { hosts } = world.hosts;
  const count = { interrupted: 0, half: 0, double: 0, lost: 0, succeeded: 0, failed: 0 };
  const note = (wrongs: Omit<Wrongs, 'half'> & Partial<Wrongs>): void => {
    for (const kind of ['half', 'double', 'lost'] as const) {
      const found = wrongs[kind] ?? [];
      count[kind] += found.length;
      for (const one of found) say(`  ${kind}: ${one}`);
    }
  };
  // One that nothing happens to, so that there is something to go back to.
  const first = await world.mergeChange(0);
  const state = await settled(world, first);
  if (state !== 'succeeded') throw new Error(`undisturbed, it ended as ${state ?? 'nothing'}`);
  let before = await look(world, null);
  note(judgeRun(before, { sha: first, state }));
  for (let number = 1; number <= wanted; number += 1) {
    const fault = chooseFault(chance, hosts);
    const started = performance.now();
    for (const { way } of hosts) way.limit(fault.rate);
    const told = world.stepsTold();
    const sha = await world.mergeChange(number);
    const hit = await hitWhen(world, fault, told, sha);
    for (const { way } of hosts) way.limit(null);
    if (hit) count.interrupted += 1;
    const state = await settled(world, sha);
    if (state === 'succeeded') count.succeeded += 1;
    else if (state === 'failed') count.failed += 1;
    say(
      `run ${number} of ${wanted}: ${describeFault(fault)}${hit ? '' : ' (too late, it had ended)'}: ${state ?? 'no end'}, ${((performance.now() - started) / 1000).toFixed(0)} s`,
    );
    const seen = await look(world, before);
    note(judgeRun(seen, { sha, state }));
    before = seen;
  }
  note(await inspectLedger(world));
  return {
    runs: wanted,
    ...count,
    seed,
    network: 'loopback, through a proxy of our own',
    disk: hosts.every(({ fill }) => fill !== null) ? 'a small tmpfs each' : 'not ours to fill',
  };
}

/** Waits for the moment, and lets it happen. False: the deployment had ended before. */
async function hitWhen(world: ChaosWorld, fault: Fault, told: number, sha: string): Promise<boolean> {
  while (world.stepsTold() - told < fault.afterSteps) {
    if (SETTLED.includes((await stateOf(world, sha)) ?? '')) return false;
    await sleep(10);
  }
  await sleep(fault.delayMilliseconds);
  const hit = fault.hosts.flatMap((index) => world.hosts.hosts[index] ?? []);
  const mend = async (): Promise<void> => {
    for (const { way, fill } of hit) {
      way.set('open');
      await fill?.(false);
    }
  };
  const { kind } = fault;
  for (const { way, fill } of hit) {
    if (kind === 'cut' || kind === 'kill and cut') way.set('cut');
    if (kind === 'dead') way.set('dead');
    if (kind === 'full' || kind === 'kill and full') await fill?.(true);
  }
  const mended = sleep(fault.lastsMilliseconds).then(mend);
  if (kind.startsWith('kill')) await world.killWorker();
  await mended;
  return true;
}

/** How it ended; null: it didn't in time. */
async function settled(world: ChaosWorld, sha: string): Promise<string | null> {
  for (const end = Date.now() + END_SECONDS * 1000; Date.now() < end; await sleep(100)) {
    const state = await stateOf(world, sha);
    if (state !== null && SETTLED.includes(state)) return state;
  }
  return null;
}

async function stateOf({ db }: ChaosWorld, sha: string): Promise<string | null> {
  const row = await db
    .selectFrom('countersign.deployment')
    .select('state')
    .where('sha', '=', sha)
    .where('environment', '=', 'staging')
    .executeTakeFirst();
  return row?.state ?? null;
}

/** The hosts now, beside what they ran at the last look; null: there was none. */
async function look(
  { hosts: { hosts }, repository }: ChaosWorld,
  last: readonly SeenHost[] | null,
): Promise<readonly SeenHost[]> {
  return Promise.all(
    hosts.map(async ({ shop, current }, index) => {
      const found = await inspectHost(shop, repository);
      return { before: last?.[index]?.found.running ?? null, pointed: current.taken(), found };
    }),
  );
}

async function inspectLedger({ db }: ChaosWorld): Promise<{ double: string[]; lost: string[] }> {
  const double: string[] = [];
  const lost: string[] = [];
  const rows = await db.selectFrom('countersign.deployment').selectAll().execute();
  for (const kind of ['deployment.started', 'deployment.finished'] as const) {
    const commits = (await listEntries(db, { kinds: [kind], limit: 1000 })).map(
      ({ content }) => content.commit ?? '',
    );
    for (const { sha } of rows) {
      const times = commits.filter((commit) => commit === sha).length;
      if (times > 1) double.push(`${sha} has ${times} ${kind}`);
      if (times === 0) lost.push(`${sha} has no ${kind}`);
    }
  }
  const { findings } = await verifyDatabase(db);
  return { double, lost: [...lost, ...findings.map((finding) => JSON.stringify(finding))] };
}
