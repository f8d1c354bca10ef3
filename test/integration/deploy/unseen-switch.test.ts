import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { DeployWorld, type DeployWish, SSHD_USABLE } from '../../support/deploy/deploy-world.ts';

const onSshd = SSHD_USABLE ? describe : describe.skip;

/** A switch that goes through on the host while nobody looks. */
onSshd('a switch that nobody saw', () => {
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

  const commands = {
    build: 'echo built >> ../../builds',
    beforeSwitch: null,
    afterSwitch: null,
    health: null,
  };
  const deploy = (wish: Partial<DeployWish> = {}) =>
    world.deploy({ release: 'r2', sha: next, running, target: { commands }, ...wish });
  const until = async (so: () => Promise<boolean>) => {
    while (!(await so())) await sleep(20);
  };

  /** Holds a file's lock until it is told to let go. */
  const held = async (file: string): Promise<() => void> => {
    const holder = spawn('/usr/bin/flock', [file, 'sh', '-c', 'echo held; exec sleep 50'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    });
    await once(holder.stdout, 'data');
    return () => {
      if (holder.pid !== undefined && holder.signalCode === null) process.kill(-holder.pid, 'SIGKILL');
    };
  };

  test('by the older attempt’s last script, between the younger’s look and its lock: it runs, and isn’t built again', async () => {
    const asked = path.join(world.path(), 'asked');
    const flock = `if [ "$1" = 9 ]; then echo >> ${asked}; fi\nexec /usr/bin/flock "$@"`;
    const asks = async () => (await world.read('asked').catch(() => '')).length;
    await world.withProgram('flock', flock, async () => {
      let letGo = (): void => undefined;
      try {
        const killed = new AbortController();
        let before = 0;
        const older = deploy({
          signal: killed.signal,
          onProgress: async ({ step, state }) => {
            if (`${step} ${state}` !== 'switch started') return;
            letGo = await held(path.join(world.path(), '.countersign', 'mutex'));
            before = await asks();
          },
        });
        older.catch(() => undefined);
        // Its script is there, and somebody is in its way.
        await until(async () => before > 0 && (await asks()) > before);
        killed.abort(new Error('killed'));
        await expect(older).rejects.toThrow('killed');
        expect(await world.current()).toBe('releases/r1');

        const younger = await deploy({
          resumed: true,
          onProgress: async ({ step, state }) => {
            if (`${step} ${state}` !== 'lock started') return;
            letGo();
            await until(async () => (await world.current()) === 'releases/r2');
          },
        });
        expect(younger.hosts[0]).toMatchObject({ outcome: 'success', previousRelease: 'r1' });
        expect([await world.current(), await world.read('builds')]).toEqual(['releases/r2', 'built\n']);
      } finally {
        letGo();
      }
    });
  });

  test('and whose second try failed before everybody’s eyes: it is taken back', async () => {
    const killed = path.join(world.path(), 'killed');
    // Renames, and takes the script with it, once; the lock can't be looked at once after that.
    const mv = `for last; do :; done
if [ "$last" = current ] && mkdir ${killed}.once 2>/dev/null; then /bin/mv "$@"; echo > ${killed}; kill -9 "$PPID"; exit 1; fi
exec /bin/mv "$@"`;
    const flock = `if [ "$1" = 9 ] && rm ${killed} 2>/dev/null; then exit 1; fi\nexec /usr/bin/flock "$@"`;
    const outcome = await world.withProgram('flock', flock, () =>
      world.withProgram('mv', mv, () => deploy()),
    );
    expect(outcome.hosts[0]).toMatchObject({ outcome: 'rolled_back', failedAt: 'switch' });
    expect([await world.current(), (await world.list('.countersign')).includes('lock')]).toEqual([
      'releases/r1',
      false,
    ]);
  });
});
