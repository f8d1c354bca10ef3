import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { DeployWorld, type DeployWish, SSHD_USABLE } from '../../support/deploy/deploy-world.ts';
import { createNetwork, NETWORKS_USABLE, type OwnNetwork } from '../../support/deploy/own-network.ts';

const onNetworks = SSHD_USABLE && NETWORKS_USABLE ? describe : describe.skip;

/** A proxy that closes tells both ends so. Here nobody is told: packets vanish, and only time shows it. */
onNetworks('three hosts, each in a network of its own', () => {
  let networks: OwnNetwork[];
  let world: DeployWorld;
  let running: { release: string; sha: string };
  let next: string;

  beforeAll(async () => {
    networks = [await createNetwork(), await createNetwork(), await createNetwork()];
    world = await DeployWorld.create(['web1', 'web2', 'web3'], 'openssh', (index) => {
      const { address, within } = networks[index] as OwnNetwork;
      return { address, within };
    });
    const large = randomBytes(1_500_000).toString('base64');
    next = await world.repository.commit({ a: 'next', large });
    running = { release: 'r1', sha: await world.repository.commit({ a: 'running' }) };
    expect((await deploy({ ...running, running: null })).outcome).toBe('success');
    await world.save();
  }, 60_000);
  beforeEach(async () => {
    await Promise.all(networks.map((network) => network.mend()));
    await world.restore();
  });
  afterAll(async () => {
    await world.stop();
    await Promise.all(networks.map((network) => network.remove()));
  });

  const hosts = () => networks.map((_, index) => world.host(index));
  const deploy = (wish: Partial<DeployWish> = {}) =>
    world.deploy({ release: 'r2', sha: next, running, hosts: hosts(), ...wish });
  const currents = () => Promise.all(hosts().map((_, index) => world.current(index)));
  const outcomes = (outcome: Awaited<ReturnType<typeof deploy>>) => outcome.hosts.map((host) => host.outcome);
  const second = (): OwnNetwork => networks[1] as OwnNetwork;
  const isSecond = (host: { readonly host: string }) => host.host === second().address;
  const OLD = ['releases/r1', 'releases/r1', 'releases/r1'];
  const NEW = ['releases/r2', 'releases/r2', 'releases/r2'];

  test('one on a thin cable that is pulled for a moment in the middle of the upload: all have it', async () => {
    await second().narrow(8000);
    let pulled: Promise<void> | null = null;
    const outcome = await deploy({
      onProgress: ({ host, step, state }) => {
        if (step === 'stage' && state === 'started' && isSecond(host))
          pulled ??= sleep(500)
            .then(() => second().cut())
            .then(() => sleep(1500))
            .then(() => second().mend());
      },
    });
    await second().narrow(null);
    expect(pulled).not.toBeNull();
    expect([outcome.outcome, await currents()]).toEqual(['success', NEW]);
  }, 60_000);

  test('one is pulled out in the middle of the upload: none is switched, and the next attempt succeeds', async () => {
    await second().narrow(4000);
    const outcome = await deploy({
      target: { timeout: 4 },
      onProgress: async ({ host, step, state }) => {
        if (step !== 'stage' || state !== 'started' || !isSecond(host)) return;
        await sleep(200);
        void sleep(300).then(() => second().cut());
      },
    });
    expect([outcome.outcome, await currents()]).toEqual(['failure', OLD]);
    expect(outcomes(outcome)).toEqual(['not_reached', 'failure', 'not_reached']);
    await second().mend();
    await second().narrow(null);
    expect([(await deploy({ resumed: true })).outcome, await currents()]).toEqual(['success', NEW]);
  }, 120_000);

  test('one is pulled out in the middle of the switch: unknown until it was looked at, the others go back', async () => {
    const outcome = await deploy({
      target: { timeout: 4 },
      onProgress: ({ host, step, state }) =>
        step === 'switch' && state === 'started' && isSecond(host) ? second().cut() : undefined,
    });
    expect([outcome.outcome, outcomes(outcome)]).toEqual([
      'unknown',
      ['rolled_back', 'unknown', 'not_reached'],
    ]);
    expect(outcome.hosts[1]?.message).toMatch(/^The connection to \S+ was lost and did not come back/);
    await second().mend();
    const again = await deploy({ resumed: true });
    expect([again.outcome, await currents()]).toEqual(['failure', OLD]);
    expect(world.events.filter((event) => event === 'switch started')).toHaveLength(2);
  }, 120_000);
});
