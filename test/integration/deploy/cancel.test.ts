import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ONE_BY_ONE } from '../../../src/deploy/plan-rollout.ts';
import { DeployWorld, type DeployWish, SSHD_USABLE } from '../../support/deploy/deploy-world.ts';

const onSshd = SSHD_USABLE ? describe : describe.skip;

onSshd('a deployment that is cancelled', () => {
  let world: DeployWorld;
  let running: { release: string; sha: string };
  let next: string;
  let wanted = true;

  beforeAll(async () => {
    world = await DeployWorld.create(['web1', 'web2']);
    next = await world.repository.commit({ a: 'next' });
    running = { release: 'r1', sha: await world.repository.commit({ a: 'running' }) };
    expect((await world.deploy({ ...running, hosts: hosts() })).outcome).toBe('success');
    await world.save();
  });
  beforeEach(async () => {
    wanted = true;
    await world.restore();
  });
  afterAll(() => world.stop());

  const hosts = () => [world.host(0), world.host(1)];
  const commands = { build: 'echo built > built', beforeSwitch: 'true', afterSwitch: 'true', health: 'true' };
  const deploy = (wish: Partial<DeployWish> = {}) =>
    world.deploy({
      release: 'r2',
      sha: next,
      running,
      hosts: hosts(),
      cancelled: () => Promise.resolve(wanted ? null : 'It was cancelled.'),
      ...wish,
      target: { commands, ...wish.target },
    });
  /** Pressed at a moment of the last host that comes to it. */
  const cancelAt = (moment: string, of: number, wish: Partial<DeployWish> = {}) =>
    deploy({
      ...wish,
      onProgress: ({ host, step, state }) => {
        if (`${step} ${state}` === moment && host.port === world.host(of).port) wanted = false;
      },
    });
  const there = async () =>
    Promise.all(
      [0, 1].map(async (index) => ({
        current: await world.current(index),
        releases: await world.list('releases', index),
        own: await world.list('.countersign', index),
      })),
    );
  const untouched = {
    current: 'releases/r1',
    releases: ['r1'],
    own: ['history', 'hook', 'mutex', 'releases'],
  };

  test.each([
    'lock finished',
    'stage finished',
    'verify finished',
    'build started',
    'before_switch finished',
  ])('at "%s": nothing was switched, nothing is left, and the locks are given back', async (moment) => {
    const outcome = await cancelAt(moment, 0);
    expect([outcome.outcome, outcome.hosts.map((host) => host.outcome)]).toEqual([
      'cancelled',
      ['not_reached', 'not_reached'],
    ]);
    expect(outcome.hosts[0]?.message).toBe('Not switched. It was cancelled.');
    expect(await there()).toEqual([untouched, untouched]);
    expect(world.events).not.toContain('switch started');
  });

  test('a command that runs is let end; nothing after it is begun', async () => {
    const slow = { ...commands, build: 'sleep 2; echo built > ../../built' };
    const outcome = await cancelAt('build started', 1, { target: { commands: slow } });
    expect([outcome.outcome, await world.read('built', 1)]).toEqual(['cancelled', 'built\n']);
    expect(world.events).not.toContain('before_switch started');
  });

  test.each<[string, number, string[]]>([
    ['switch finished', 0, ['rolled_back', 'not_reached']],
    ['after_switch finished', 0, ['rolled_back', 'not_reached']],
    ['health finished', 0, ['rolled_back', 'not_reached']],
    ['switch finished', 1, ['rolled_back', 'rolled_back']],
    ['after_switch finished', 1, ['rolled_back', 'rolled_back']],
  ])('at "%s" of host %i: what was switched goes back', async (moment, of, expected) => {
    const outcome = await cancelAt(moment, of);
    expect([outcome.outcome, outcome.hosts.map((host) => host.outcome)]).toEqual(['cancelled', expected]);
    expect(outcome.hosts[0]?.message).toBe('It runs r1 again. It was cancelled.');
    expect((await there()).map(({ current, own }) => [current, own])).toEqual([
      [untouched.current, untouched.own],
      [untouched.current, untouched.own],
    ]);
  });

  test('also where the target says that a failed one stops as it is', async () => {
    const rollout = { ...ONE_BY_ONE, onFailure: 'stop' as const };
    const outcome = await cancelAt('health finished', 0, { target: { commands, rollout } });
    expect([outcome.outcome, await world.current()]).toEqual(['cancelled', 'releases/r1']);
  });

  test('in the pause between two batches: it isn’t waited out', async () => {
    const started = performance.now();
    const rollout = { ...ONE_BY_ONE, pause: 60 };
    const deployed = deploy({ target: { commands, rollout } });
    while (!world.events.includes('health finished')) await sleep(50);
    wanted = false;
    expect((await deployed).outcome).toBe('cancelled');
    expect(performance.now() - started).toBeLessThan(30_000);
  });

  test('once the last host is well: too late, and harmless', async () => {
    const outcome = await cancelAt('health finished', 1);
    expect([outcome.outcome, await world.current(0), await world.current(1)]).toEqual([
      'success',
      'releases/r2',
      'releases/r2',
    ]);
  });

  test('while it is switched back for another reason: it goes on going back', async () => {
    const outcome = await cancelAt('switch_back started', 0, {
      target: { commands: { ...commands, health: 'false' } },
    });
    expect([outcome.outcome, await world.current()]).toEqual(['failure', 'releases/r1']);
  });

  test('after a crash, by whoever takes it up: what was switched before goes back', async () => {
    const crashed = deploy({
      onProgress: ({ host, step, state }) => {
        if (`${step} ${state}` === 'switch started' && host.port === world.host(1).port)
          throw new Error('crash');
      },
    });
    await expect(crashed).rejects.toThrow('crash');
    expect(await world.current(0)).toBe('releases/r2');
    wanted = false;
    const outcome = await deploy({ resumed: true });
    expect([outcome.outcome, outcome.hosts.map((host) => host.outcome)]).toEqual([
      'cancelled',
      ['rolled_back', 'not_reached'],
    ]);
    expect((await there()).map(({ current, own }) => [current, own])).toEqual([
      [untouched.current, untouched.own],
      [untouched.current, untouched.own],
    ]);
  });

  test('whether it was can’t be asked: everything stops, and nothing is cleaned up', async () => {
    const deployed = deploy({
      cancelled: () => (wanted ? Promise.resolve(null) : Promise.reject(new Error('the database is gone'))),
      onProgress: ({ step, state }) => {
        if (`${step} ${state}` === 'verify finished') wanted = false;
      },
    });
    await expect(deployed).rejects.toThrow('the database is gone');
    expect(await world.list('.countersign')).toContain('lock');
  });
});
