import { spawn } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { DeployWorld, type DeployWish, SSHD_USABLE } from '../../support/deploy/deploy-world.ts';

const onSshd = SSHD_USABLE ? describe : describe.skip;

/** A command lives on where its worker was killed or its connection went. */
onSshd('no two commands run at once on a host', () => {
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

  const NONE = { build: null, beforeSwitch: null, afterSwitch: null, health: null };
  const deploy = (wish: Partial<DeployWish> = {}) =>
    world.deploy({ release: 'r2', sha: next, running, ...wish });
  const order = () => world.read('order').catch(() => '');
  const until = async (so: () => Promise<boolean>) => {
    while (!(await so())) await sleep(20);
  };
  /** Its worker is gone in the middle of the command, all at once: the connection breaks, and nobody says anything to the host. */
  const breakOffOnce = async (so: () => Promise<boolean>, wish: Partial<DeployWish>) => {
    const killed = new AbortController();
    const gone = deploy({ ...wish, signal: killed.signal });
    gone.catch(() => undefined);
    await until(so);
    killed.abort(new Error('killed'));
    await expect(gone).rejects.toThrow('killed');
  };

  test.each(['build', 'beforeSwitch'] as const)(
    'the next attempt’s begins after the older one’s end: %s',
    async (name) => {
      const command = 'printf a >> ../../order; sleep 2; printf b >> ../../order';
      const target = { commands: { ...NONE, [name]: command } };
      await breakOffOnce(async () => (await order()) === 'a', { target });
      const told: string[] = [];
      const outcome = await deploy({
        target,
        resumed: true,
        onProgress: ({ step, state, message }) => {
          if (state === 'finished' && step === 'lock') told.push(message);
        },
      });
      expect([outcome.outcome, await order()]).toEqual(['success', 'abab']);
      expect(told).toEqual([
        expect.stringMatching(
          /^It was ours from an earlier attempt\. A command of an earlier attempt still ran there: waited [1-9] seconds/,
        ),
      ]);
    },
  );

  test('another release, after somebody broke the lock, waits as well', async () => {
    const target = {
      commands: { ...NONE, build: 'printf a >> ../../order; sleep 2; printf b >> ../../order' },
    };
    await breakOffOnce(async () => (await order()) === 'a', { target });
    const lock = path.join(world.path(), '.countersign', 'lock');
    const outcome = await deploy({
      release: 'r3',
      target,
      onProgress: async ({ step, state }) => {
        if (step === 'probe' && state === 'started') await rm(lock);
      },
    });
    expect([outcome.outcome, await order()]).toEqual(['success', 'abab']);
  });

  test('one that never ends is named, with what to do', async () => {
    // A `timeout` whose time is up at once, and another attempt's command that `kill` forgot.
    const holder = spawn('flock', [path.join(world.path(), '.countersign', 'hook'), 'sleep', '60'], {
      stdio: 'ignore',
      detached: true,
    });
    try {
      const hook = path.join(world.path(), '.countersign', 'hook');
      await until(
        async () => holder.pid !== undefined && (await world.list('.countersign')).includes('hook'),
      );
      await writeFile(hook, 'before_switch r0 4711\n');
      await sleep(300);
      const outcome = await world.withProgram(
        'timeout',
        'if [ "$2" = flock ]; then exit 124; fi\nexec /usr/bin/timeout "$@"',
        () => deploy(),
      );
      expect(outcome.hosts[0]).toMatchObject({
        outcome: 'failure',
        failedAt: 'lock',
        message: expect.stringContaining(
          'the before-switch command of r0 still runs (process 4711), longer than it may',
        ),
      });
      expect([await world.current(), (await world.list('.countersign')).includes('lock')]).toEqual([
        'releases/r1',
        false,
      ]);
    } finally {
      if (holder.pid !== undefined) process.kill(-holder.pid, 'SIGKILL');
    }
  });

  test('a server that a command leaves running keeps nobody waiting, and runs on', async () => {
    const build =
      '(while sleep 0.2; do printf x >> ../../served; done) >/dev/null 2>&1 & echo $! > ../../pid';
    const target = { commands: { ...NONE, build } };
    const events: string[] = [];
    await deploy({ target });
    const pid = Number(await world.read('pid'));
    try {
      const outcome = await deploy({
        release: 'r3',
        running: { release: 'r2', sha: next },
        onProgress: ({ step, state, message }) => {
          events.push(`${step} ${state}: ${message}`);
        },
      });
      expect([outcome.outcome, events.filter((event) => event.includes('waited'))]).toEqual(['success', []]);
      const before = (await world.read('served')).length;
      await until(async () => (await world.read('served')).length > before);
    } finally {
      process.kill(pid, 'SIGKILL');
    }
  });

  test('what a command started and what is deaf to its end goes with it, when its time is up', async () => {
    const build = '(trap "" TERM; while sleep 0.2; do printf x >> ../../late; done) & sleep 60';
    const outcome = await deploy({ target: { timeout: 1, commands: { ...NONE, build } } });
    expect(outcome.hosts[0]).toMatchObject({ outcome: 'failure', failedAt: 'build' });
    const late = await world.read('late');
    await sleep(1_000);
    expect(late).not.toBe('');
    expect(await world.read('late')).toBe(late);
  });
});
