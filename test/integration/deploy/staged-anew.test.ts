import { chmod, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { DeployWorld, type DeployWish, SSHD_USABLE } from '../../support/deploy/deploy-world.ts';

const onSshd = SSHD_USABLE ? describe : describe.skip;

/** A crash between the read-back and the switch leaves a release that nobody watches until the next attempt. */
onSshd('a staged release that is taken up again', () => {
  let world: DeployWorld;
  let running: { release: string; sha: string };
  let next: string;
  beforeAll(async () => {
    world = await DeployWorld.create();
    const files = { 'd/deep': 'x', same: 's' };
    running = { release: 'r1', sha: await world.repository.commit({ ...files, a: 'running' }) };
    next = await world.repository.commit({ ...files, a: 'next' });
    await world.deploy(running);
    await world.save();
  });
  beforeEach(() => world.restore());
  afterAll(() => world.stop());

  const NONE = { build: null, beforeSwitch: null, afterSwitch: null, health: null };
  const deploy = (wish: Partial<DeployWish> = {}) =>
    world.deploy({ release: 'r2', sha: next, running, ...wish });
  const crashAt = (moment: string, wish: Partial<DeployWish> = {}) =>
    expect(
      deploy({
        ...wish,
        onProgress: ({ step, state }) => {
          if (`${step} ${state}` === moment) throw new Error('it dies');
        },
      }),
    ).rejects.toThrow();
  const staged = (file: string) => path.join(world.path(), 'releases', 'r2', file);
  const files = async () => [
    await world.read('current/a'),
    await world.read('current/same'),
    await world.read('current/d/deep'),
    await world.list('current/'),
  ];
  const COMMIT = ['next', 's', 'x', ['a', 'd', 'same']];

  test('is read back once more, and that is what is recorded of it', async () => {
    const whole = await deploy({ release: 'r9' });
    await world.restore();
    await crashAt('switch started');
    const outcome = await deploy({ resumed: true });
    expect(outcome.hosts[0]).toMatchObject({
      outcome: 'success',
      message: '',
      readBack: { ...whole.hosts[0]?.readBack },
      files: { total: 3, transferred: 0, verified: 3 },
    });
    expect(await files()).toEqual(COMMIT);
  });

  test.each<[string, () => Promise<void>, string]>([
    ['a file', () => writeFile(staged('a'), 'edit'), 'a'],
    ['a file that was copied on the host', () => writeFile(staged('same'), 't'), 'same'],
    ['a mode', () => chmod(staged('d/deep'), 0o755), 'd/deep'],
    ['a file that is gone', () => rm(staged('a')), 'a'],
    ['a file that is none of it', () => writeFile(staged('more'), ''), 'more'],
    [
      'a link in the place of a file',
      async () => {
        await rm(staged('a'));
        await symlink('same', staged('a'));
      },
      'a',
    ],
    ['a file whose name can’t be said', () => writeFile(staged('x\ny'), ''), ''],
  ])('is staged anew where somebody altered it: %s', async (_, edit, name) => {
    await crashAt('switch started');
    await edit();
    const outcome = await deploy({ resumed: true });
    expect([outcome.outcome, outcome.hosts[0]?.message, await files()]).toEqual([
      'success',
      name === ''
        ? 'What an earlier attempt had staged could not be read back, and was staged anew.'
        : `Altered on the host since it was verified there, and staged anew: ${name}.`,
      COMMIT,
    ]);
    expect(outcome.hosts[0]?.readBack?.drifted.map((file) => file.path)).toEqual(
      name === '' || name === 'more' ? [] : [name],
    );
  });

  test('is staged anew where a command had begun to work there: it finds the commit and nothing else', async () => {
    // Twice in one folder it would fail; and what it leaves can't be removed just so.
    const build = 'mkdir out; echo built > out/a; chmod a-w out';
    const target = { commands: { ...NONE, build } };
    await crashAt('build finished', { target });
    const outcome = await deploy({ resumed: true, target });
    expect(outcome.hosts[0]).toMatchObject({ outcome: 'success', message: '', readBack: { drifted: [] } });
    expect([await world.read('current/out/a'), await world.list('current/')]).toEqual([
      'built\n',
      ['a', 'd', 'out', 'same'],
    ]);
    await chmod(staged('out'), 0o755);
  });

  test('is staged anew where a command, or somebody, altered the commit’s own files, and says which', async () => {
    const target = { commands: { ...NONE, build: 'true' } };
    await crashAt('before_switch started', {
      target: { commands: { build: 'echo >> a', beforeSwitch: 'true', afterSwitch: null, health: null } },
    });
    const outcome = await deploy({ resumed: true, target });
    expect([outcome.outcome, outcome.hosts[0]?.message, await files()]).toEqual([
      'success',
      'Altered on the host since it was verified there, perhaps by a command of an earlier attempt, and staged anew: a.',
      COMMIT,
    ]);
  });

  test('the links to what outlives it are no alteration, and are made anew', async () => {
    const target = { shared: ['logs/', 'state/db/'] };
    await crashAt('switch started', { target });
    await rm(staged('logs'));
    await symlink('/etc', staged('logs'));
    const outcome = await deploy({ resumed: true, target });
    expect(outcome.hosts[0]).toMatchObject({
      outcome: 'success',
      message: '',
      files: { transferred: 0, verified: 3 },
    });
    await writeFile(path.join(world.path(), 'current', 'logs', 'one'), '1');
    expect([await world.list('shared/logs'), await world.list('current/state')]).toEqual([['one'], ['db']]);
  });

  test('where such a link took the place of the commit’s own, it is staged anew', async () => {
    const target = { shared: ['d/'] };
    await crashAt('switch started', { target });
    const outcome = await deploy({ resumed: true, target });
    expect(outcome.hosts[0]).toMatchObject({ outcome: 'success', message: '', files: { verified: 3 } });
    expect([outcome.hosts[0]?.readBack?.drifted, await world.list('current/d/')]).toEqual([[], []]);
  });
});
