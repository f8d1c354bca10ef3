import { createHash } from 'node:crypto';
import { chmod, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { DeployWorld, SSHD_USABLE } from '../../support/deploy/deploy-world.ts';

const onSshd = SSHD_USABLE ? describe : describe.skip;
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
/** As `git hash-object` names it. */
const blobId = (text: string): string =>
  createHash('sha1')
    .update(`blob ${Buffer.byteLength(text)}\0${text}`)
    .digest('hex');

/** Somebody edits files of the running release on one of two hosts, between two deployments. */
onSshd('what was edited on a host between two deployments', () => {
  let world: DeployWorld;
  let running: { release: string; sha: string };
  beforeAll(async () => {
    world = await DeployWorld.create(['web1', 'web2']);
    const sha = await world.repository.commit({ price: '10', tool: 'echo 1', other: 'o', own: 'v1' });
    running = { release: 'r1', sha };
    await world.deploy({ ...running, hosts: hosts() });
    await world.save();
  });
  beforeEach(() => world.restore());
  afterAll(() => world.stop());

  const hosts = () => [world.host(0), world.host(1)];
  const edited = (file: string) => path.join(world.path(1), 'current', file);

  test('is recorded for that host with ids, whatever its times say, and does not come along', async () => {
    const { atime, mtime } = await stat(edited('price'));
    await writeFile(edited('price'), '99');
    // As long as before and as old as before: what looks at sizes and times sees nothing.
    await utimes(edited('price'), atime, mtime);
    await writeFile(edited('tool'), 'rm -r x');
    await chmod(edited('tool'), 0o755);
    const sha = await world.repository.commit({ price: '10', tool: 'echo 1', other: 'o', own: 'v2' });
    const outcome = await world.deploy({ release: 'r2', sha, running, hosts: hosts() });

    expect(outcome.hosts.map((host) => [host.outcome, host.message])).toEqual([
      ['success', ''],
      ['success', 'Altered on the host since it was deployed, and sent anew: price, tool.'],
    ]);
    expect(outcome.hosts.map(({ readBack }) => readBack?.drifted)).toEqual([
      [],
      [
        {
          path: 'price',
          oid: blobId('10'),
          sha256: sha256('10'),
          mode: '100644',
          found: { sha256: sha256('99'), mode: '644' },
        },
        {
          path: 'tool',
          oid: blobId('echo 1'),
          sha256: sha256('echo 1'),
          mode: '100644',
          found: { sha256: sha256('rm -r x'), mode: '755' },
        },
      ],
    ]);
    expect(outcome.hosts.map(({ files }) => files)).toEqual([
      { total: 4, transferred: 1, verified: 4 },
      { total: 4, transferred: 3, verified: 4 },
    ]);
    // Both have the commit now, and said so alike.
    expect(new Set(outcome.hosts.map(({ readBack }) => readBack?.digest)).size).toBe(1);
    expect([await world.read('current/price', 1), await world.read('current/tool', 1)]).toEqual([
      '10',
      'echo 1',
    ]);
    expect((await stat(edited('tool'))).mode & 0o777).toBe(0o644);
    // What was found there stays where it was found.
    expect(await world.read('releases/r1/price', 1)).toBe('99');
  });

  test('in a file that the commit changes or removes anyway: none of it is left', async () => {
    await writeFile(edited('own'), 'edited');
    await writeFile(edited('other'), 'edited');
    const sha = await world.repository.commit({ price: '10', tool: 'echo 1', own: 'v2' });
    const outcome = await world.deploy({ release: 'r2', sha, running, hosts: hosts() });
    expect(outcome.hosts.map((host) => [host.outcome, host.files.transferred])).toEqual([
      ['success', 1],
      ['success', 1],
    ]);
    expect([await world.read('current/own', 1), await world.list('current/', 1)]).toEqual([
      'v2',
      ['own', 'price', 'tool'],
    ]);
  });

  const ILL = { build: null, beforeSwitch: null, afterSwitch: null, health: 'exit 1' };
  const fail = (wish: object = {}) =>
    world.repository
      .commit({ price: '11', tool: 'echo 1', other: 'o', own: 'v1' })
      .then((sha) =>
        world.deploy({ release: 'r2', sha, running, hosts: hosts(), target: { commands: ILL }, ...wish }),
      );
  const ALL_AT_ONCE = {
    commands: ILL,
    rollout: { canary: 0, batch: 'all', pause: 0, parallel: 2, onFailure: 'roll_back_all' },
  } as const;

  test('in a release that is switched back to: it goes back, and what runs then is said and recorded', async () => {
    await writeFile(edited('price'), '99');
    const outcome = await fail({ target: ALL_AT_ONCE });
    expect(outcome.hosts.map((host) => host.outcome)).toEqual(['rolled_back', 'rolled_back']);
    const [whole, altered] = outcome.hosts;
    expect(whole?.again).toMatchObject({ release: 'r1', files: 'as_recorded', reading: { verified: 4 } });
    expect(altered?.again).toMatchObject({
      release: 'r1',
      files: 'altered',
      reading: { verified: 3, altered: { price: expect.stringContaining(sha256('99')) } },
    });
    expect([whole?.message, altered?.message]).toEqual([
      expect.not.stringContaining('recorded'),
      expect.stringContaining('But r1 was not as recorded (different: price)'),
    ]);
    expect([await world.current(1), await world.read('current/price', 1)]).toEqual(['releases/r1', '99']);
  });

  test('in one that can’t be read: it goes back, and that it isn’t known is said', async () => {
    const broken = 'case "$PWD" in *releases/r1) exit 1 ;; esac; exec /usr/bin/find "$@"';
    const outcome = await world.withProgram('find', broken, () => fail(), 0);
    expect(outcome.hosts[0]).toMatchObject({
      outcome: 'rolled_back',
      again: { release: 'r1', files: 'unknown', reading: null },
      message: expect.stringContaining('Whether r1 is as recorded could not be read: '),
    });
    expect([await world.current(), await world.list('.countersign')]).toEqual([
      'releases/r1',
      expect.not.arrayContaining(['lock']),
    ]);
  });
});
