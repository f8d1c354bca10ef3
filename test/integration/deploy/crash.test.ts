import { mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { DeployWorld, type DeployWish, SSHD_USABLE } from '../../support/deploy/deploy-world.ts';

const onSshd = SSHD_USABLE ? describe : describe.skip;

class Crash extends Error {}

/**
 * The process dies at a step: nothing more is said, sent or cleaned up. What is left on the host is what the next attempt
 * finds, under the same release.
 */
onSshd('after a crash at any step, the deployment goes on', () => {
  let world: DeployWorld;
  let running: { release: string; sha: string };
  let next: string;
  beforeAll(async () => {
    world = await DeployWorld.create();
    running = { release: 'r1', sha: await world.repository.commit({ a: 'running', same: 's' }) };
    next = await world.repository.commit({ a: 'next', same: 's' });
    await world.deploy(running);
    await world.save();
  });
  beforeEach(() => world.restore());
  afterAll(() => world.stop());

  const commands = {
    build: 'echo built >> built',
    beforeSwitch: 'true',
    afterSwitch: 'echo "$COUNTERSIGN_RELEASE" >> ../../restarts',
    health: 'if [ -e ../../sick ]; then exit 1; fi',
  };
  const deploy = (wish: Partial<DeployWish> = {}) =>
    world.deploy({ release: 'r2', sha: next, running, target: { commands }, ...wish });
  const crashAt = async (moment: string, wish: Partial<DeployWish> = {}) => {
    const crashed = deploy({
      ...wish,
      onProgress: ({ step, state }) => {
        if (`${step} ${state}` === moment) throw new Crash(moment);
      },
    });
    await expect(crashed).rejects.toBeInstanceOf(Crash);
  };

  const steps = [
    'connect',
    'probe',
    'lock',
    'stage',
    'verify',
    'build',
    'before_switch',
    'switch',
    'after_switch',
    'health',
    'prune',
    'unlock',
  ];
  const moments = steps.flatMap((step) => [`${step} started`, `${step} finished`]);

  test.each(moments)('%s', async (moment) => {
    await crashAt(moment);
    // Nothing is said after the moment at which it couldn't be.
    expect(world.events.at(-1)).toBe(moment);
    const switched = moments.indexOf(moment) >= moments.indexOf('switch finished');
    expect(await world.current()).toBe(switched ? 'releases/r2' : 'releases/r1');

    const outcome = await deploy({ resumed: true });
    expect(outcome).toMatchObject({
      outcome: 'success',
      hosts: [{ outcome: 'success', previousRelease: 'r1', files: { total: 2, verified: 2 } }],
    });
    expect([await world.current(), await world.read('current/a'), await world.list('releases')]).toEqual([
      'releases/r2',
      'next',
      ['r1', 'r2'],
    ]);
    expect(await world.list('.countersign')).toEqual(['history', 'hook', 'mutex', 'releases']);
    expect(await world.read('.countersign/history')).toBe('r1\nr2\n');
  });

  test.each(['switch finished', 'after_switch finished', 'health started'])(
    '%s, and found unhealthy then: switched back',
    async (moment) => {
      await crashAt(moment);
      const outcome = await deploy({ resumed: true, target: { commands: { ...commands, health: 'false' } } });
      expect(outcome.hosts[0]).toMatchObject({
        outcome: 'rolled_back',
        failedAt: 'health',
        previousRelease: 'r1',
      });
      expect([await world.current(), await world.list('.countersign')]).toEqual([
        'releases/r1',
        ['history', 'hook', 'mutex', 'releases'],
      ]);
    },
  );

  test.each(['switch_back started', 'switch_back finished', 'unlock started'])(
    'while it was being switched back: %s',
    async (moment) => {
      const sick = { target: { commands: { ...commands, health: 'false' } } };
      await crashAt(moment, sick);
      const outcome = await deploy({ ...sick, resumed: true });
      expect([outcome.outcome, await world.current()]).toEqual(['failure', 'releases/r1']);
      expect(await world.list('.countersign')).toEqual(['history', 'hook', 'mutex', 'releases']);
    },
  );

  /** `mv` kills the script that called it, before or after it put a link in the place of `current`. */
  const deadly = (before: string, after: string) =>
    `for last; do :; done
if [ "$last" = current ]; then ${before} /bin/mv "$@"; ${after} else exec /bin/mv "$@"; fi`;
  const KILL = 'kill -9 "$PPID"; exit 1;';

  test('the script is killed on the host right after its switch: it is asked again, and goes on', async () => {
    const outcome = await world.withProgram('mv', deadly('', KILL), () => deploy());
    expect([outcome.outcome, await world.current(), await world.list('.countersign')]).toEqual([
      'success',
      'releases/r2',
      ['history', 'hook', 'mutex', 'releases'],
    ]);
  });

  test('it is killed right after its switch, and somebody broke the lock: unknown, until it was looked at', async () => {
    const broken = `rm -f .countersign/lock; ${KILL}`;
    const outcome = await world.withProgram('mv', deadly('', broken), () => deploy());
    expect([outcome.outcome, await world.current()]).toEqual(['unknown', 'releases/r2']);
    const again = await deploy({ resumed: true });
    expect([again.outcome, await world.current(), await world.list('.countersign')]).toEqual([
      'success',
      'releases/r2',
      ['history', 'hook', 'mutex', 'releases'],
    ]);
  });

  test('it is killed before its switch each time: what runs there before runs on, and is what is told', async () => {
    const outcome = await world.withProgram('mv', deadly(KILL, ''), () => deploy());
    expect(outcome.hosts[0]).toMatchObject({
      outcome: 'rolled_back',
      failedAt: 'switch',
      message: expect.stringContaining('was killed (SIGKILL) before it could say whether it was done'),
    });
    expect([await world.current(), await world.list('.countersign')]).toEqual([
      'releases/r1',
      ['history', 'hook', 'mutex', 'releases'],
    ]);
  });

  test('after the first switch away from what another tool had deployed: back to just that', async () => {
    await world.clear();
    const theirs = path.join(world.path(), 'releases', '20260101');
    await mkdir(theirs, { recursive: true });
    await symlink(theirs, path.join(world.path(), 'current'));
    await crashAt('switch finished', { running: null });
    const outcome = await deploy({
      running: null,
      resumed: true,
      target: { commands: { ...commands, health: 'false' } },
    });
    expect(outcome.hosts[0]).toMatchObject({ outcome: 'rolled_back', previousRelease: '20260101' });
    expect([await world.current(), await world.list('releases')]).toEqual([theirs, ['20260101', 'r2']]);
  });

  test('a finished deployment that is asked for again changes nothing and runs nothing', async () => {
    await deploy();
    const before = await world.read('restarts');
    const again = await deploy({ resumed: true });
    expect([again.outcome, await world.read('restarts'), await world.read('current/built')]).toEqual([
      'success',
      before,
      'built\n',
    ]);
  });

  test('what a crash left half-staged does not stay in the way of another release', async () => {
    await crashAt('verify started');
    expect(await world.list('releases')).toEqual([expect.stringMatching(/^\.r2\.[0-9a-f]{16}\.part$/), 'r1']);
    const outcome = await deploy({ release: 'r3' });
    expect(outcome.hosts[0]).toMatchObject({
      outcome: 'failure',
      failedAt: 'lock',
      message: expect.stringMatching(/locked by r2/),
    });
    await deploy({ resumed: true });
    expect(await world.list('releases')).toEqual(['r1', 'r2']);
  });

  test('many crashes, one after the other, end in one release', async () => {
    for (const moment of moments) {
      await crashAt(moment).catch(() => undefined);
    }
    expect((await deploy({ resumed: true })).outcome).toBe('success');
    expect([await world.current(), await world.list('releases')]).toEqual(['releases/r2', ['r1', 'r2']]);
  });
});
