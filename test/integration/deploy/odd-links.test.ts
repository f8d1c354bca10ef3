import { randomBytes } from 'node:crypto';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { withdrawFromHost } from '../../../src/deploy/inspect-host.ts';
import { DeployWorld, type DeployWish, SSHD_USABLE } from '../../support/deploy/deploy-world.ts';

const onSshd = SSHD_USABLE ? describe : describe.skip;
const NO_COMMANDS = { build: null, beforeSwitch: null, afterSwitch: null, health: null };

/** A person, or another tool, has written `current` or a note otherwise than we do. `r1` and then `r2` were deployed. */
onSshd('what else than us wrote on the host', () => {
  let world: DeployWorld;
  let older: { release: string; sha: string };
  let running: { release: string; sha: string };
  let next: string;

  beforeAll(async () => {
    world = await DeployWorld.create();
    older = { release: 'r1', sha: await world.repository.commit({ a: 'older' }) };
    running = { release: 'r2', sha: await world.repository.commit({ a: 'running' }) };
    next = await world.repository.commit({ a: 'next' });
    await world.deploy({ release: 'r0', sha: older.sha });
    await world.deploy(older);
    await world.deploy({ ...running, running: older });
    await world.save();
  });
  beforeEach(() => world.restore());
  afterAll(() => world.stop());

  const deploy = (wish: Partial<DeployWish> = {}) =>
    world.deploy({ release: 'r3', sha: next, running, ...wish });
  const absolute = (release: string) => path.join(world.path(), 'releases', release);
  const point = async (release: string) => {
    await rm(path.join(world.path(), 'current'));
    await symlink(absolute(release), path.join(world.path(), 'current'));
  };
  /** An attempt that is broken off where it has switched. */
  const switchOnly = async () => {
    const stopped = deploy({
      onProgress: ({ step, state }) => {
        if (step === 'switch' && state === 'finished') throw new Error('broken off');
      },
    });
    await expect(stopped).rejects.toThrow('broken off');
    world.events.length = 0;
  };

  test('an absolute link to an old release: pruning leaves what it leads to, and removes the others', async () => {
    const outcome = await deploy({
      target: { keep: 1 },
      onProgress: async ({ step, state }) => {
        if (step === 'prune' && state === 'started') await point('r1');
      },
    });
    expect([outcome.outcome, await world.list('releases'), await world.read('current/a')]).toEqual([
      'success',
      ['r1', 'r2', 'r3'],
      'older',
    ]);
  });

  test('a link that was made absolute after the switch: the next attempt sees that it is switched', async () => {
    await switchOnly();
    await point('r3');
    await writeFile(path.join(absolute('r3'), 'cache'), 'written since');
    expect((await deploy({ resumed: true })).outcome).toBe('success');
    expect(world.events).not.toContain('stage started');
    expect(await world.read('current/cache')).toBe('written since');
  });

  test('a command that makes the link absolute: it is switched back all the same', async () => {
    const outcome = await deploy({
      target: {
        commands: { ...NO_COMMANDS, afterSwitch: 'ln -sfn "$(pwd)" ../../current', health: 'false' },
      },
    });
    expect([outcome.hosts[0]?.outcome, await world.read('current/a')]).toEqual(['rolled_back', 'running']);
  });

  test('a release that runs by an absolute link gives no lock back as one that doesn’t run', async () => {
    await switchOnly();
    await point('r3');
    const asked = { host: world.host(), path: world.path(), timeout: 10, privateKey: world.privateKey };
    await expect(withdrawFromHost(asked, 'r3', randomBytes)).rejects.toThrow();
    expect(await world.list('.countersign')).toContain('lock');
  });

  test.each([
    ['climbs out of the releases', 'releases/../shared\n'],
    ['names the release itself', 'releases/r3\n'],
    ['is no text', '\u0001\u009b\nreleases/r1\n'],
    ['a full disk left empty', ''],
    ['is gone', null],
  ])('a note of what ran before that %s: it goes back to what the ledger has', async (_, note) => {
    await switchOnly();
    await mkdir(path.join(world.path(), 'shared'), { recursive: true });
    const file = path.join(world.path(), '.countersign', 'releases', 'r3.previous');
    await rm(file);
    if (note !== null) await writeFile(file, note);
    const outcome = await deploy({
      resumed: true,
      target: { commands: { ...NO_COMMANDS, health: 'false' } },
    });
    expect([outcome.hosts[0]?.outcome, outcome.hosts[0]?.previousRelease, await world.current()]).toEqual([
      'rolled_back',
      'r2',
      'releases/r2',
    ]);
  });

  test('nothing is said to run before, and what the ledger has is gone: nothing is removed', async () => {
    await switchOnly();
    await rm(path.join(world.path(), '.countersign', 'releases', 'r3.previous'));
    await rm(absolute('r2'), { recursive: true });
    const outcome = await deploy({
      resumed: true,
      target: { commands: { ...NO_COMMANDS, health: 'false' } },
    });
    expect(outcome.hosts[0]).toMatchObject({
      outcome: 'failure',
      message: expect.stringMatching(/could not be switched back: .*releases\/r2 is gone/),
    });
    expect(await world.current()).toBe('releases/r3');
  });
});
