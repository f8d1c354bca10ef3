import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ONE_BY_ONE } from '../../../src/deploy/plan-rollout.ts';
import { type CutProxy, startCutProxy } from '../../support/deploy/cut-proxy.ts';
import { DeployWorld, type DeployWish, SSHD_USABLE } from '../../support/deploy/deploy-world.ts';

const onSshd = SSHD_USABLE ? describe : describe.skip;
const none = { build: null, beforeSwitch: null, afterSwitch: null, health: null };

onSshd('a deployment to several hosts', () => {
  let world: DeployWorld;
  let proxies: readonly CutProxy[];
  let running: { release: string; sha: string };
  let next: string;

  beforeAll(async () => {
    world = await DeployWorld.create(['web1', 'web2', 'web3']);
    proxies = await Promise.all(world.servers.map((server) => startCutProxy(server.port)));
    next = await world.repository.commit({ a: 'next' });
    running = { release: 'r1', sha: await world.repository.commit({ a: 'running' }) };
    expect((await deploy({ ...running, running: null })).outcome).toBe('success');
    await world.save();
  });
  beforeEach(async () => {
    for (const proxy of proxies) {
      proxy.refuse(false);
      proxy.cutAfter(null);
    }
    await world.restore();
  });
  afterAll(async () => {
    await Promise.all(proxies.map((proxy) => proxy.stop()));
    await world.stop();
  });

  const hosts = () => world.servers.map((_, index) => world.host(index, proxies[index]?.port));
  const deploy = (wish: Partial<DeployWish> = {}) =>
    world.deploy({ release: 'r2', sha: next, running, hosts: hosts(), ...wish });
  const currents = () => Promise.all(world.servers.map((_, index) => world.current(index)));
  const locks = () =>
    Promise.all(
      world.servers.map((_, index) =>
        world.list('.countersign', index).then((names) => names.includes('lock')),
      ),
    );
  const outcomes = (outcome: Awaited<ReturnType<typeof deploy>>) => outcome.hosts.map((host) => host.outcome);
  const OLD = ['releases/r1', 'releases/r1', 'releases/r1'];
  const NEW = ['releases/r2', 'releases/r2', 'releases/r2'];

  test('all are staged and verified before the first is switched', async () => {
    const outcome = await deploy();
    expect([outcome.outcome, await currents(), await locks()]).toEqual([
      'success',
      NEW,
      [false, false, false],
    ]);
    const verified = world.events.lastIndexOf('verify finished');
    expect(world.events.indexOf('switch started')).toBeGreaterThan(verified);
    expect(world.events.filter((event) => event === 'switch finished')).toHaveLength(3);
  });

  test.each<[string, () => Promise<unknown>, string]>([
    [
      'cannot be reached',
      async () => {
        proxies[1]?.refuse(true);
        await Promise.resolve();
      },
      'connect',
    ],
    [
      'is held by somebody else',
      () => symlink('other', path.join(world.path(1), '.countersign', 'lock')),
      'lock',
    ],
    ['fails its build', () => writeFile(path.join(world.path(1), 'fails'), ''), 'build'],
  ])('one that %s: none is switched', async (_, prepare, failedAt) => {
    await prepare();
    const outcome = await deploy({
      target: { commands: { ...none, build: 'if [ -e ../../fails ]; then exit 1; fi' } },
    });
    expect(outcome.outcome).toBe('failure');
    expect(outcome.hosts[1]).toMatchObject({ outcome: 'failure', failedAt });
    expect([outcome.hosts[0], outcome.hosts[2]]).toMatchObject([
      {
        outcome: 'not_reached',
        message: expect.stringMatching(/Not switched, because the deployment failed on 127\.0\.0\.1:\d+\./),
      },
      { outcome: 'not_reached' },
    ]);
    expect([await currents(), world.events.includes('switch started')]).toEqual([OLD, false]);
    expect(await locks()).toEqual([false, failedAt === 'lock', false]);
  });

  test('the second is unhealthy: it and the first are switched back, newest first; the third never was', async () => {
    await writeFile(path.join(world.path(1), 'sick'), '');
    const back: number[] = [];
    const outcome = await deploy({
      target: { commands: { ...none, health: 'if [ -e ../../sick ]; then exit 1; fi' } },
      onProgress: ({ host, step, state }) => {
        if (step === 'switch_back' && state === 'finished')
          back.push(hosts().findIndex(({ port }) => port === host.port));
      },
    });
    expect([outcome.outcome, outcomes(outcome), back]).toEqual([
      'failure',
      ['rolled_back', 'rolled_back', 'not_reached'],
      [1, 0],
    ]);
    expect([outcome.hosts[0]?.failedAt, outcome.hosts[1]?.failedAt]).toEqual(['switch_back', 'health']);
    expect([await currents(), await locks()]).toEqual([OLD, [false, false, false]]);
  });

  describe('the network goes away', () => {
    test('while a release is sent: nothing was switched anywhere', async () => {
      const sha = await world.repository.commit({ large: Buffer.alloc(3_000_000, 'x') });
      proxies[1]?.cutAfter(1_000_000);
      const outcome = await deploy({ sha });
      expect(outcome.hosts[1]).toMatchObject({
        outcome: 'failure',
        failedAt: 'stage',
        message: expect.stringMatching(/was lost during/),
      });
      expect(await currents()).toEqual(OLD);
    });

    test('during the switch, and comes back: the host is asked again, and it goes on', async () => {
      const outcome = await deploy({
        onProgress: ({ host, step, state }) => {
          if (step === 'switch' && state === 'started' && host.port === proxies[1]?.port) proxies[1].cut();
        },
      });
      expect([outcome.outcome, await currents()]).toEqual(['success', NEW]);
    });

    test('during the health command: its outcome is unknown, so the host is switched back once it answers', async () => {
      await writeFile(path.join(world.path(1), 'slow'), '');
      const outcome = await deploy({
        target: { commands: { ...none, health: 'if [ -e ../../slow ]; then sleep 20; fi' } },
        onProgress: ({ host, step, state }) => {
          if (step === 'health' && state === 'started' && host.port === proxies[1]?.port)
            setTimeout(() => proxies[1]?.cut(), 300);
        },
      });
      expect(world.events).toContain('health unknown');
      expect([outcomes(outcome), await currents()]).toEqual([
        ['rolled_back', 'rolled_back', 'not_reached'],
        OLD,
      ]);
      expect(outcome.hosts[1]).toMatchObject({
        failedAt: 'health',
        message: expect.stringMatching(/lost during/),
      });
    });

    test('and does not come back: unknown, said so, never a success; the others are switched back', async () => {
      const outcome = await deploy({
        onProgress: ({ host, step, state }) => {
          // Also where it comes back just then, its lock is not given away before it was looked at.
          if (step === 'switch_back' && state === 'unknown') proxies[1]?.refuse(false);
          if (step !== 'switch' || state !== 'started' || host.port !== proxies[1]?.port) return;
          proxies[1].refuse(true);
          proxies[1].cut();
        },
      });
      expect([outcome.outcome, outcomes(outcome)]).toEqual([
        'unknown',
        ['rolled_back', 'unknown', 'not_reached'],
      ]);
      expect(await currents()).toEqual(OLD);
      // It may run there: nobody else may touch it, until it was looked at again under the same name.
      expect(await locks()).toEqual([false, true, false]);
      // The others were taken back already, so it is too: none is switched a second time.
      world.events.length = 0;
      const again = await deploy({ resumed: true });
      expect([again.outcome, await currents(), await locks()]).toEqual([
        'failure',
        OLD,
        [false, false, false],
      ]);
      expect(world.events).not.toContain('switch started');
    });
  });

  test("one that an earlier attempt switched can't be looked at: unknown, and the others are switched back", async () => {
    const crashed = deploy({
      onProgress: ({ host, step, state }) => {
        if (
          step === 'after_switch' ||
          (step === 'switch' && state === 'started' && host.port === hosts()[2]?.port)
        )
          throw new Error('crash');
      },
    });
    await expect(crashed).rejects.toThrow('crash');
    expect(await currents()).toEqual(['releases/r2', 'releases/r2', 'releases/r1']);
    proxies[1]?.refuse(true);
    const outcome = await deploy({ resumed: true });
    expect([outcome.outcome, outcomes(outcome)]).toEqual([
      'unknown',
      ['rolled_back', 'unknown', 'not_reached'],
    ]);
    expect(await currents()).toEqual(['releases/r1', 'releases/r2', 'releases/r1']);
    proxies[1]?.refuse(false);
    const again = await deploy({ resumed: true });
    expect([outcomes(again), await currents(), await locks()]).toEqual([
      ['rolled_back', 'rolled_back', 'not_reached'],
      OLD,
      [false, false, false],
    ]);
  });

  test('lost in the switch where nothing goes back after a failure: unknown, and locked, until it was looked at', async () => {
    const target = { rollout: { ...ONE_BY_ONE, onFailure: 'stop' } } as const;
    const lost = await deploy({
      target,
      onProgress: ({ host, step, state }) => {
        if (step !== 'switch' || state !== 'started' || host.port !== proxies[1]?.port) return;
        proxies[1].refuse(true);
        proxies[1].cut();
      },
    });
    expect([lost.outcome, outcomes(lost), await locks()]).toEqual([
      'unknown',
      ['success', 'unknown', 'not_reached'],
      [false, true, false],
    ]);
    expect(lost.hosts[1]?.message).not.toContain('still runs');
    proxies[1]?.refuse(false);
    const again = await deploy({ resumed: true, target });
    expect([again.outcome, await currents(), await locks()]).toEqual(['success', NEW, [false, false, false]]);
  });

  test('a step that cannot be recorded stops every host at once, in the middle of what it does', async () => {
    const started = performance.now();
    await writeFile(path.join(world.path(0), 'quick'), '');
    const crashed = deploy({
      target: { commands: { ...none, build: 'if [ ! -e ../../quick ]; then sleep 25; fi' } },
      onProgress: ({ step, state }) => {
        if (step === 'build' && state === 'finished') throw new Error('the record cannot be written');
      },
    });
    await expect(crashed).rejects.toThrow('the record cannot be written');
    expect(performance.now() - started).toBeLessThan(20_000);
    expect([world.events.at(-1), await currents()]).toEqual(['build finished', OLD]);
  });

  test('a new host beside old ones gets all of it, the others what changed', async () => {
    await rm(world.path(2), { recursive: true });
    await mkdir(world.path(2));
    const sha = await world.repository.commit({ a: 'running', b: 'b' });
    const outcome = await deploy({ sha });
    expect(outcome.hosts.map((host) => [host.outcome, host.files.transferred, host.previousRelease])).toEqual(
      [
        ['success', 1, 'r1'],
        ['success', 1, 'r1'],
        ['success', 2, null],
      ],
    );
  });
});
