/**
 * What a deployment over SSH costs, beside what else carries a folder to a server, in one run on real OpenSSH servers of this machine.
 * Ours is timed in a process that runs already, from the commit in the mirror, new to it, to the lock given back; the others from their
 * start to their end.
 */
import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Benchmark } from './benchmark.ts';
import { type Contender, type Standing, hold } from './deploy/contest.ts';
import { startDistantWay } from './deploy/distant-way.ts';
import { startEngine } from './deploy/engine.ts';
import { hostOf, startOneHost } from './deploy/hosts.ts';
import { measureManyFiles, measureManyHosts } from './deploy/growth.ts';
import { measureGitHubRequests } from './deploy/github-requests.ts';
import { measureOtherTools } from './deploy/other-tools.ts';
import { has } from './deploy/programs.ts';
import { fullContenders, incrementalContenders } from './deploy/ways.ts';
import { type ReleaseFiles, makeRelease } from './deploy/release-files.ts';

const FILES = 2_000;
const ROUNDS = 7;
const DISTANT_ROUNDS = 5;
const ROUND_TRIP_MILLISECONDS = 20;
const NEEDED_BYTES = 6 * 1024 ** 3;

type Rows = Record<string, string | number>[];

/** Every ratio is ours to theirs, or ours to ours: smaller is better. Says what it left out for want of a program. */
export async function run(): Promise<Benchmark> {
  const directory = await mkdtemp(path.join(await roomyFolder(), 'countersign-bench-deploy-'));
  const engine = startEngine();
  const stops: (() => unknown)[] = [() => engine.stop()];
  try {
    const release = await makeRelease(path.join(directory, 'release'), FILES);
    const near = await startOneHost(path.join(directory, 'near'));
    stops.push(() => near.stop());
    const [server] = near.servers;
    if (server === undefined) throw new Error('no server');
    const rows: Rows = [];
    const ratios: Record<string, number> = {};

    const setup = { engine, release, root: server.root, keyFile: near.keyFile };
    const host = hostOf(server);
    const full = await round(fullContenders({ ...setup, host }), ROUNDS);
    note(rows, `loopback, ${sizeOf(release)}, all of it`, full, 'tar | ssh');
    ratios['full_vs_tar'] = ratio(full, 'ours, upload alone', 'tar | ssh');
    ratios['full_verified_vs_rsync'] = ratio(full, 'ours', 'rsync -az');
    ratios['full_verified_vs_rsync_plain'] = ratio(full, 'ours', 'rsync -a');

    const incremental = await round(await incrementalContenders({ ...setup, host }), ROUNDS);
    note(rows, 'loopback, 20 files changed', incremental, 'rsync -az --link-dest');
    ratios['incremental_vs_linkdest'] = ratio(incremental, 'ours', 'rsync -az --link-dest');
    ratios['incremental_vs_linkdest_plain'] = ratio(incremental, 'ours', 'rsync -a --link-dest');
    ratios['incremental_vs_checksum'] = ratio(incremental, 'ours', 'rsync -azc');
    ratios['incremental_vs_checksum_plain'] = ratio(incremental, 'ours', 'rsync -ac');

    const way = await startDistantWay(server.port, ROUND_TRIP_MILLISECONDS / 2);
    stops.push(() => way.stop());
    const distant = hostOf(server, way.port);
    const farFull = await round(fullContenders({ ...setup, host: distant }), DISTANT_ROUNDS);
    note(rows, '20 ms round trip, all of it', farFull, 'tar | ssh');
    ratios['rtt20_full_vs_tar'] = ratio(farFull, 'ours, upload alone', 'tar | ssh');
    const far = await round(await incrementalContenders({ ...setup, host: distant }), DISTANT_ROUNDS);
    note(rows, '20 ms round trip, 20 files changed', far, 'rsync -az --link-dest');
    ratios['rtt20_incremental_vs_linkdest'] = ratio(far, 'ours', 'rsync -az --link-dest');
    ratios['rtt20_incremental_vs_linkdest_plain'] = ratio(far, 'ours', 'rsync -a --link-dest');

    ratios['rss_mb'] = Math.round(engine.peakMiB());
    for (const measure of [measureManyHosts, measureManyFiles]) {
      const grown = await measure({ engine, release, directory });
      rows.push(...grown.rows);
      Object.assign(ratios, grown.ratios);
      console.error(`  ${JSON.stringify(grown.ratios)}`);
    }
    rows.push({
      where: 'the engine’s process, after all of the above',
      what: 'largest resident size',
      MiB: Math.round(engine.peakMiB()),
      does: 'rss_mb is that after what 2,000 files on one host took',
    });
    rows.push(...(await measureOtherTools({ ...setup, host, directory })));
    const requests = await measureGitHubRequests();
    rows.push(...requests.rows);
    Object.assign(ratios, requests.ratios);
    return { rows, ratios };
  } finally {
    for (const stop of stops.toReversed()) await stop();
    await rm(directory, { recursive: true, force: true });
  }
}

/** Those whose program is here; what is left out is said aloud. */
async function round(contenders: readonly Contender[], rounds: number): Promise<readonly Standing[]> {
  const present: Contender[] = [];
  for (const contender of contenders) {
    const needs = /^(rsync|tar)/.exec(contender.name)?.[0];
    if (needs === undefined || (await has(needs))) present.push(contender);
    else console.error(`left out, for ${needs} is not installed: ${contender.name}`);
  }
  return hold(present, rounds);
}

function note(rows: Rows, where: string, standings: readonly Standing[], base: string): void {
  for (const { name, median } of standings) console.error(`  ${where}: ${name} ${Math.round(median)} ms`);
  const against = standings.find(({ name }) => name === base)?.median ?? Number.NaN;
  for (const { name, does, median, milliseconds } of standings) {
    rows.push({
      where,
      what: name,
      ms: Math.round(median),
      [`times ${base}`]: Number((median / against).toFixed(2)),
      rounds: milliseconds.map((one) => Math.round(one)).join(' '),
      does,
    });
  }
}

/** NaN, which JSON writes as null, where one of them was left out. */
function ratio(standings: readonly Standing[], ours: string, theirs: string): number {
  const of = (name: string): number => standings.find((one) => one.name === name)?.median ?? Number.NaN;
  return Number((of(ours) / of(theirs)).toFixed(2));
}

function sizeOf({ files, bytes }: ReleaseFiles): string {
  return `${files} files, ${(bytes / 1e6).toFixed(1)} MB`;
}

/** In memory where there is room: then nobody's disk is measured. */
async function roomyFolder(): Promise<string> {
  const shared = '/dev/shm';
  const free = await statfs(shared).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => 0,
  );
  return free > NEEDED_BYTES ? shared : tmpdir();
}
