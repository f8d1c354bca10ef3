/** How a deployment grows with hosts and with files. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { ONE_BY_ONE } from '../../src/deploy/plan-rollout.ts';
import type { Host, Rollout } from '../../src/domain/deploy.ts';
import type { DemoServer } from '../../demo/servers/servers.ts';
import { median } from './contest.ts';
import { startDistantWay } from './distant-way.ts';
import type { Engine } from './engine.ts';
import { hostOf, startManyHosts, startOneHost } from './hosts.ts';
import { has } from './programs.ts';
import { type ReleaseFiles, makeRelease } from './release-files.ts';
import { type RsyncSetup, rsyncToMany } from './rsync-many.ts';

export interface Growth {
  readonly rows: readonly Record<string, string | number>[];
  readonly ratios: Readonly<Record<string, number>>;
}

interface Setup {
  readonly engine: Engine;
  readonly release: ReleaseFiles;
  readonly directory: string;
}

const HOSTS = 16;
const HOST_ROUNDS = 3;
/** All are sent to at once, and switched at once. A target that says nothing has eight and one. */
const AT_ONCE: Rollout = { ...ONE_BY_ONE, batch: 'all', parallel: HOSTS };
const MANY_FILES = 10_000;
const FILE_ROUNDS = 3;
/** Hosts are elsewhere, and so is most of what one waits for. */
const ONE_WAY_MILLISECONDS = 10;

/** 20 of 2,000 files changed, on one host and on 16 at once. All their work (copying, hashing) is done by this one machine. */
export async function measureManyHosts({ engine, release, directory }: Setup): Promise<Growth> {
  const hosts = await startManyHosts(path.join(directory, 'many'), HOSTS + 1);
  const ways = await Promise.all(
    hosts.servers.map(({ port }) => startDistantWay(port, ONE_WAY_MILLISECONDS)),
  );
  const hostAt = (server: DemoServer, index: number): Host => hostOf(server, ways[index]?.port);
  const all = hosts.servers.map(hostAt);
  const shaOf = (index: number): string => release.commits[index % 2 === 0 ? 0 : 1];
  const deployTo = async (
    some: readonly Host[],
    version: number,
    rollout: Rollout = AT_ONCE,
  ): Promise<number> =>
    (
      await engine.run({
        kind: 'deploy',
        mirrors: release.mirrors,
        hosts: some,
        keyFile: hosts.keyFile,
        path: hosts.path,
        release: `r${version}`,
        sha: shaOf(version),
        running: version === 0 ? null : { release: `r${version - 1}`, sha: shaOf(version - 1) },
        rollout,
      })
    ).milliseconds;
  try {
    await deployTo(all, 0);
    const one: number[] = [];
    const many: number[] = [];
    for (let version = 1; version <= HOST_ROUNDS; version += 1) {
      one.push(await deployTo(all.slice(0, 1), version));
      many.push(await deployTo(all.slice(1), version));
    }
    const theirs = await measureRsyncToMany({ ...hosts, hosts: all, folders: release.folders });
    return {
      rows: [
        row('ours, 1 host', one, hosts.apart),
        row(`ours, ${HOSTS} hosts at once`, many, hosts.apart),
        ...theirs.rows,
      ],
      ratios: { hosts16_vs_1: ratioOf(many, one), ...theirs.ratios },
    };
  } finally {
    for (const way of ways) way.stop();
    await hosts.stop();
  }
}

/** One `rsync` and its ssh for each host, beside ours: the same machine, and what its processors make of sixteen times the work. */
async function measureRsyncToMany({
  servers,
  hosts,
  mount,
  apart,
  keyFile,
  folders,
}: Omit<RsyncSetup, 'mount'> & {
  readonly mount: string | null;
  readonly apart: string;
}): Promise<Growth> {
  if (mount === null || !(await has('rsync'))) {
    console.error(
      'left out, for it is not installed, or no mount namespace may be made: rsync to many hosts',
    );
    return { rows: [], ratios: {} };
  }
  const way = await rsyncToMany({ servers, hosts, keyFile, mount, folders });
  const one: number[] = [];
  const many: number[] = [];
  try {
    for (let round = 0; round < HOST_ROUNDS; round += 1) {
      one.push(await way.turn(0, 1));
      many.push(await way.turn(1, HOSTS + 1));
    }
  } finally {
    await way.end();
  }
  return {
    rows: [
      row('rsync -az --link-dest, 1 host', one, apart),
      row(`rsync -az --link-dest, ${HOSTS} hosts at once`, many, apart),
    ],
    ratios: { rsync_hosts16_vs_1: ratioOf(many, one) },
  };
}

const ratioOf = (many: readonly number[], one: readonly number[]): number =>
  Number((median(many) / median(one)).toFixed(2));

function row(what: string, milliseconds: readonly number[], apart: string): Record<string, string | number> {
  return {
    where: '20 ms round trip, 20 files changed',
    what,
    ms: Math.round(median(milliseconds)),
    rounds: milliseconds.map((one) => Math.round(one)).join(' '),
    does: `the hosts are this one machine too, which does the work of all of them; ${apart}`,
  };
}

/** A whole deployment of 10,000 files beside one of 2,000, all sent, and each per file. */
export async function measureManyFiles({ engine, release, directory }: Setup): Promise<Growth> {
  const large = await makeRelease(path.join(directory, 'large'), MANY_FILES);
  const hosts = await startOneHost(path.join(directory, 'files'));
  const [server] = hosts.servers;
  if (server === undefined) throw new Error('no server');
  const to = path.join(server.root, 'shop');
  const times = new Map<ReleaseFiles, number[]>([
    [release, []],
    [large, []],
  ]);
  try {
    for (let round = 0; round <= FILE_ROUNDS; round += 1) {
      for (const [files, taken] of round % 2 === 0 ? times : [...times].toReversed()) {
        await rm(to, { recursive: true, force: true });
        const { milliseconds } = await engine.run({
          kind: 'deploy',
          mirrors: files.mirrors,
          hosts: [hostOf(server)],
          keyFile: hosts.keyFile,
          path: to,
          release: 'r1',
          sha: files.commits[0],
          running: null,
        });
        if (round > 0) taken.push(milliseconds);
      }
    }
  } finally {
    await hosts.stop();
    await rm(path.join(directory, 'large'), { recursive: true, force: true });
  }
  const perFile = ([{ files }, taken]: readonly [ReleaseFiles, readonly number[]]): number =>
    median(taken) / files;
  const [small = Number.NaN, big = Number.NaN] = [...times].map(perFile);
  return {
    rows: [...times].map(([{ files, bytes }, taken]) => ({
      where: `loopback, ${files} files, ${(bytes / 1e6).toFixed(1)} MB, all of it`,
      what: 'ours',
      ms: Math.round(median(taken)),
      rounds: taken.map((one) => Math.round(one)).join(' '),
      does: `${((1000 * median(taken)) / files).toFixed(0)} microseconds a file`,
    })),
    ratios: { files10k_per_file_vs_2k: Number((big / small).toFixed(2)) },
  };
}
