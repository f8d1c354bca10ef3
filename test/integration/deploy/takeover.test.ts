import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { DeployWorld, type DeployWish, SSHD_USABLE } from '../../support/deploy/deploy-world.ts';

const onSshd = SSHD_USABLE ? describe : describe.skip;

/** A worker that stood still while another took its job, and goes on then as if nothing had been. */
onSshd('two attempts at one deployment', () => {
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

  const deploy = (wish: Partial<DeployWish> = {}) =>
    world.deploy({ release: 'r2', sha: next, running, ...wish });
  /** Stands still at a moment until it is told to go on. */
  const standing = async (moment: string, wish: Partial<DeployWish> = {}) => {
    const reached = Promise.withResolvers<void>();
    const told = Promise.withResolvers<void>();
    const ended = deploy({
      ...wish,
      onProgress: async ({ step, state }) => {
        if (`${step} ${state}` !== moment) return;
        reached.resolve();
        await told.promise;
      },
    });
    ended.catch(() => undefined);
    await reached.promise;
    return { goOn: told.resolve, ended };
  };

  test.each(['stage started', 'stage finished', 'build started', 'switch started'])(
    'the older stood at "%s": it changes nothing any more, and the younger ends well',
    async (moment) => {
      const commands = { build: 'echo built >> built', beforeSwitch: null, afterSwitch: null, health: null };
      const older = await standing(moment, { target: { commands } });
      const younger = await standing('build started', { resumed: true, target: { commands } });
      older.goOn();
      await expect(older.ended).rejects.toMatchObject({ code: 'taken_over' });
      expect(await world.current()).toBe('releases/r1');
      younger.goOn();
      expect((await younger.ended).outcome).toBe('success');
      expect([
        await world.current(),
        await world.read('current/a'),
        await world.read('current/built'),
      ]).toEqual(['releases/r2', 'next', expect.stringMatching(/^built\n(?:built\n)?$/)]);
      expect(await world.list('.countersign')).toEqual(['history', 'hook', 'mutex', 'releases']);
    },
  );

  test('the older stood before its switch until another release ran there: that one stays', async () => {
    const older = await standing('switch started');
    await deploy({ resumed: true });
    await deploy({ release: 'r3', sha: running.sha, running: { release: 'r2', sha: next } });
    older.goOn();
    expect((await older.ended).hosts[0]).toMatchObject({ outcome: 'failure', failedAt: 'switch' });
    expect([await world.current(), await world.list('.countersign')]).toEqual([
      'releases/r3',
      ['history', 'hook', 'mutex', 'releases'],
    ]);
  });

  test('what the older still sends never gets into the release of the younger', async () => {
    // The older attempt's `tar` hangs on the host while the younger goes through.
    const slow = path.join(world.path(), 'slow');
    await writeFile(slow, '');
    const tar = `if [ -e ${slow} ] && mkdir ${slow}.taken 2>/dev/null; then sleep 4; fi\nexec /usr/bin/tar "$@"`;
    await world.withProgram('tar', tar, async () => {
      const older = deploy();
      older.catch(() => undefined);
      // Whichever comes first hangs: so the younger begins once the older does.
      while (!existsSync(`${slow}.taken`)) await sleep(20);
      expect((await deploy({ resumed: true })).outcome).toBe('success');
      expect((await older).hosts[0]).toMatchObject({ outcome: 'failure', failedAt: 'stage' });
    });
    expect([await world.list('releases'), await world.read('current/a')]).toEqual([['r1', 'r2'], 'next']);
  });

  test('told to stop, it breaks off at once, says nothing more, and the next attempt goes on', async () => {
    const stop = new AbortController();
    const commands = { build: 'sleep 15', beforeSwitch: null, afterSwitch: null, health: null };
    const reason = new Error('the claim is lost');
    const stopped = deploy({ signal: stop.signal, target: { commands } });
    stopped.catch(() => undefined);
    while (!world.events.includes('build started')) await sleep(20);
    await sleep(300);
    const asked = performance.now();
    stop.abort(reason);
    await expect(stopped).rejects.toBe(reason);
    // It didn't wait for the build.
    expect(performance.now() - asked).toBeLessThan(10_000);
    expect([world.events.at(-1), await world.current()]).toEqual(['build started', 'releases/r1']);
    expect((await deploy({ resumed: true })).outcome).toBe('success');
  });

  test('told to stop before it began, it touches no host', async () => {
    await expect(deploy({ signal: AbortSignal.abort(new Error('stopping')) })).rejects.toThrow('stopping');
    expect(world.events).toEqual([]);
  });
});
