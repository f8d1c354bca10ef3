import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { DeployOutcome } from '../../../src/domain/deploy.ts';
import { deployedLine } from '../../../src/effects/deployed-line.ts';
import { bytes } from '../../../src/effects/phrases.ts';
import { hostsSection } from '../../../src/effects/render-hosts.ts';
import { type CutProxy, startCutProxy } from '../../support/deploy/cut-proxy.ts';
import { DeployWorld, type DeployWish, SSHD_USABLE } from '../../support/deploy/deploy-world.ts';

const onSshd = SSHD_USABLE ? describe : describe.skip;
const none = { build: null, beforeSwitch: null, afterSwitch: null, health: null };
/** What is under way where one of both has counted already: a connection's last words. */
const AT_THE_END = 512;

/** The figures in the check run, against what proxies on the way to the hosts and a clock beside them counted. */
onSshd('what is told of a deployment at its end', () => {
  let world: DeployWorld;
  let proxies: readonly CutProxy[];
  const large = randomBytes(300_000).toString('base64');
  beforeAll(async () => {
    world = await DeployWorld.create(['web1', 'web2']);
    proxies = await Promise.all(world.servers.map((server) => startCutProxy(server.port)));
  });
  afterAll(async () => {
    await Promise.all(proxies.map((proxy) => proxy.stop()));
    await world.stop();
  });

  const hosts = () => proxies.map(({ port }, index) => world.host(index, port));
  /** Deploys, and answers how it is told, with what was counted meanwhile. */
  const deployAndTell = async (wish: DeployWish) => {
    const before = proxies.map((proxy) => proxy.carried());
    const started = performance.now();
    const outcome = await world.deploy({ hosts: hosts(), ...wish });
    const wall = (performance.now() - started) / 1000;
    const counted = proxies.map((proxy, index) => proxy.carried() - (before[index] ?? 0));
    const sent = outcome.hosts.map(({ traffic }) => traffic.sent);
    sent.forEach((size, index) => {
      expect(Math.abs(size - (counted[index] ?? 0))).toBeLessThan(AT_THE_END);
    });
    return { ...toldOf(outcome, wish.sha), sent, wall };
  };
  const toldOf = ({ outcome, hosts: each, difference }: DeployOutcome, sha: string) => {
    const progress = {
      state: outcome,
      hosts: each,
      difference,
      problem: null,
      showOutput: false,
      cancelledBy: null,
    };
    const place = {
      repository: { id: 5, owner: 'acme', name: 'shop', installationId: 9 },
      webUrl: 'https://github.com',
      entryId: '0199c0de-0000-4000-8000-00000000000d',
    };
    const { items } = hostsSection(progress, place);
    return { line: deployedLine({ sha, environment: 'production' }, progress, null), rows: items ?? [] };
  };
  const summed = (sizes: readonly number[]) => bytes(sizes.reduce((sum, size) => sum + size, 0));

  test('hosts, seconds, bytes and files are those of the network and the clock, whatever each host needed', async () => {
    const slow = { ...none, beforeSwitch: 'sleep 1' };
    const first = { release: 'r1', sha: await world.repository.commit({ a: '1', b: '1', large }) };
    const full = await deployAndTell({ ...first, target: { commands: slow } });
    expect(full.line.replace(/, [\d.]+ s$/, '')).toBe(
      `Deployed ${first.sha.slice(0, 7)} to production: 2 hosts, 6 files sent (${summed(full.sent)})`,
    );
    expect(Math.min(...full.sent)).toBeGreaterThan(large.length);
    const seconds = Number(/, ([\d.]+) s$/.exec(full.line)?.[1]);
    expect(seconds).toBeGreaterThanOrEqual(1);
    expect(seconds).toBeLessThanOrEqual(wallOf(full));
    expect(full.rows.map(filesOf)).toEqual(
      full.sent.map((size) => `3 sent (${bytes(size)}), 3 of 3 verified`),
    );

    // One file changes; on the second host somebody edited another, which is sent anew.
    await writeFile(path.join(world.path(1), 'current', 'b'), 'x');
    const second = { release: 'r2', sha: await world.repository.commit({ a: '2', b: '1', large }) };
    const next = await deployAndTell({ ...second, running: first });
    expect(next.line).toContain(`: 2 hosts, 3 files sent (${summed(next.sent)}), `);
    expect(Math.max(...next.sent)).toBeLessThan(large.length);
    expect(next.rows.map(filesOf)).toEqual([
      `1 sent (${bytes(next.sent[0] ?? 0)}), 3 of 3 verified`,
      `2 sent (${bytes(next.sent[1] ?? 0)}), 3 of 3 verified`,
    ]);

    // Back to what the first host kept. On the second it is gone, and only `a` differs from what runs.
    await rm(path.join(world.path(1), 'releases', 'r1'), { recursive: true });
    const back = await deployAndTell({ release: 'r3', sha: first.sha, running: second, kept: ['r1'] });
    expect(back.line).toContain(`: 2 hosts, 1 file sent (${summed(back.sent)}), `);
    expect(back.rows.map((row) => filesOf(row).split(' ')[0])).toEqual(['0', '1']);
  });
});

const filesOf = (row: string): string => row.split(' | ')[2] ?? '';
/** As it is shown: to a tenth, rounded up. */
const wallOf = ({ wall }: { readonly wall: number }): number => Math.ceil(wall * 10) / 10;
