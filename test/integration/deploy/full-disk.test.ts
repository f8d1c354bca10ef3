import { symlink } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { DeployWorld, type DeployWish, SSHD_USABLE } from '../../support/deploy/deploy-world.ts';

const onSshd = SSHD_USABLE ? describe : describe.skip;

/** The disk is full for what is written at the end: `/dev/full` answers each write as such a disk does, to root too. */
onSshd('a disk that is full once the release runs', () => {
  let world: DeployWorld;
  let running: { release: string; sha: string };
  let next: string;
  beforeAll(async () => {
    world = await DeployWorld.create();
    running = { release: 'r1', sha: await world.repository.commit({ a: 'running' }) };
    next = await world.repository.commit({ a: 'next' });
    await world.deploy(running);
    await world.save();
  });
  beforeEach(() => world.restore());
  afterAll(() => world.stop());

  const deployOnFull = (wish: Partial<DeployWish> = {}) =>
    world.deploy({
      release: 'r2',
      sha: next,
      running,
      onProgress: ({ step, state }) =>
        step === 'prune' && state === 'started'
          ? symlink('/dev/full', path.join(world.path(), '.countersign', 'history.new'))
          : undefined,
      ...wish,
    });
  const own = () => world.list('.countersign');

  test('the release can’t be noted as activated: it runs, that is said, and the lock is given back', async () => {
    const outcome = await deployOnFull();
    expect(outcome.hosts.map((host) => [host.outcome, host.message])).toEqual([
      ['success', expect.stringMatching(/^Cleaning up failed: .*No space left on device/s)],
    ]);
    expect(world.events.slice(-4)).toEqual([
      'prune started',
      'prune failed',
      'unlock started',
      'unlock finished',
    ]);
    expect([await world.current(), await own(), await world.read('.countersign/history')]).toEqual([
      'releases/r2',
      ['history', 'hook', 'mutex', 'releases'],
      'r1\n',
    ]);
  });

  test('the next deployment is let in, and notes itself', async () => {
    await deployOnFull();
    const sha = await world.repository.commit({ a: 'third' });
    const outcome = await world.deploy({ release: 'r3', sha, running: { release: 'r2', sha: next } });
    expect(outcome.hosts.map((host) => [host.outcome, host.message])).toEqual([['success', '']]);
    expect([await world.current(), await own(), await world.read('.countersign/history')]).toEqual([
      'releases/r3',
      ['history', 'hook', 'mutex', 'releases'],
      'r1\nr3\n',
    ]);
  });

  test('a crash right after that: whoever takes it up notes it once, and gives the lock back', async () => {
    const crashed = deployOnFull({
      onProgress: async ({ step, state }) => {
        if (step === 'prune' && state === 'started')
          await symlink('/dev/full', path.join(world.path(), '.countersign', 'history.new'));
        if (step === 'unlock') throw new Error('crash');
      },
    });
    await expect(crashed).rejects.toThrow('crash');
    expect(await own()).toEqual(['history', 'history.new', 'hook', 'lock', 'mutex', 'releases']);
    const full = await world.deploy({ release: 'r2', sha: next, running, resumed: true });
    expect([full.outcome, await own()]).toEqual(['success', ['history', 'hook', 'mutex', 'releases']]);
    const again = await world.deploy({ release: 'r2', sha: next, running, resumed: true });
    expect([again.outcome, again.hosts[0]?.message, await world.read('.countersign/history')]).toEqual([
      'success',
      '',
      'r1\nr2\n',
    ]);
  });
});
