import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { DeployWorld, SSHD_USABLE } from '../../support/deploy/deploy-world.ts';

const onSshd = SSHD_USABLE ? describe : describe.skip;

/** A staging folder of an attempt that is gone, into which something of it still writes while it is removed. */
onSshd('what an attempt that is gone still writes', () => {
  let world: DeployWorld;
  let running: { release: string; sha: string };
  let next: string;
  const LEFT = '.r2.gone.part';
  beforeAll(async () => {
    world = await DeployWorld.create();
    running = { release: 'r1', sha: await world.repository.commit({ a: 'running' }) };
    next = await world.repository.commit({ a: 'next' });
    await world.deploy(running);
    await world.save();
  });
  beforeEach(() => world.restore());
  afterAll(() => world.stop());

  /** At the first so many removals, the folder has something in it again once it is emptied. */
  const deployWhileWritten = async (times: number) => {
    const folder = path.join(world.path(), 'releases', LEFT);
    await mkdir(folder);
    await writeFile(path.join(folder, 'a'), 'half');
    const count = path.join(world.path(), 'removals');
    await writeFile(count, '');
    const rm = `case "$*" in *${LEFT}*) echo >> ${count}; if [ "$(wc -l < ${count})" -le ${times} ]; then /bin/rm "$@"; mkdir -p ${folder}; echo late > ${folder}/late; echo "Directory not empty" >&2; exit 1; fi ;; esac; exec /bin/rm "$@"`;
    const [host] = await world.withProgram(
      'rm',
      rm,
      async () => (await world.deploy({ release: 'r2', sha: next, running })).hosts,
    );
    return { host, removals: (await readFile(count, 'utf8')).length };
  };

  test('for a moment: it is removed, and nobody need know', async () => {
    const { host, removals } = await deployWhileWritten(1);
    expect([host?.outcome, host?.message, removals]).toEqual(['success', '', 2]);
    expect(await world.list('releases')).toEqual(['r1', 'r2']);
  });

  test('all the time: it stops nothing, is said, and goes at the next deployment', async () => {
    const { host } = await deployWhileWritten(1000);
    expect([host?.outcome, host?.message]).toEqual([
      'success',
      `Left on the host: releases/${LEFT}. Something still writes there, or it can't be removed; the next deployment tries again.`,
    ]);
    expect(await world.list('releases')).toEqual([LEFT, 'r1', 'r2']);
    expect(await world.list('.countersign')).not.toContain('lock');
    const again = await world.deploy({
      release: 'r3',
      sha: running.sha,
      running: { release: 'r2', sha: next },
    });
    expect([again.hosts[0]?.message, await world.list('releases')]).toEqual(['', ['r1', 'r2', 'r3']]);
  }, 30_000);
});
