import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DeployWorld, SSHD_USABLE } from '../../support/deploy/deploy-world.ts';

const onSshd = SSHD_USABLE ? describe : describe.skip;

onSshd('the history of a host', () => {
  let world: DeployWorld;
  beforeAll(async () => {
    world = await DeployWorld.create();
  });
  afterAll(() => world.stop());

  test('is cut to its newest thousand, so that every look at the host can read it', async () => {
    const first = { release: 'r1', sha: await world.repository.commit({ a: 'one' }) };
    expect((await world.deploy(first)).outcome).toBe('success');
    const long = Array.from({ length: 3000 }, (_, index) => `x${index}`);
    await writeFile(path.join(world.path(), '.countersign/history'), `${[...long, 'r1'].join('\n')}\n`);
    const sha = await world.repository.commit({ a: 'two' });
    expect((await world.deploy({ release: 'r2', sha, running: first })).outcome).toBe('success');
    const names = (await world.read('.countersign/history')).trim().split('\n');
    expect([names.length, names[0], names.slice(-2)]).toEqual([1000, 'x2002', ['r1', 'r2']]);
  });
});
