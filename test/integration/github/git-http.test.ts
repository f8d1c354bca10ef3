import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { gitEnvironment } from '../../../demo/github/git/run-git.ts';
import { startShop, type Shop } from '../../support/github/start-shop.ts';

const run = promisify(execFile);
let world: Shop;
let directory: string;
beforeAll(async () => {
  world = await startShop();
  directory = await mkdtemp(path.join(tmpdir(), 'clone '));
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
  await world.stop();
});

const address = (credentials: string): string =>
  `${world.github.url.replace('//', `//${credentials}`)}/acme/shop.git`;
const clone = (credentials: string, name: string): Promise<unknown> =>
  run('git', ['clone', '--quiet', address(credentials), path.join(directory, name)], {
    env: gitEnvironment(),
  });

test('an installation token with contents: read clones and can not push', async () => {
  const { data } = await world
    .appItself()
    .rest.apps.createInstallationAccessToken({ installation_id: world.installation.id });
  await clone(`x-access-token:${data.token}@`, 'app');
  expect(await readFile(path.join(directory, 'app', 'README.md'), 'utf8')).toBe('# shop\n');
  await expect(
    run('git', ['push', 'origin', 'HEAD:refs/heads/ours'], {
      cwd: path.join(directory, 'app'),
      env: gitEnvironment(),
    }),
  ).rejects.toThrow('403');
});

test('a commit that no branch has any more can still be fetched by its id', async () => {
  const lost = await world.github.commit(world.bob, world.shop, {
    branch: 'gone',
    files: { gone: '1' },
    message: 'Gone',
  });
  await world.github.deleteBranch(world.bob, world.shop, 'gone');
  await clone(`bob:${world.bob.token}@`, 'person');
  const cwd = path.join(directory, 'person');
  await run('git', ['fetch', '--quiet', 'origin', lost], { cwd, env: gitEnvironment() });
  const { stdout } = await run('git', ['log', '-1', '--format=%an %s', 'FETCH_HEAD'], {
    cwd,
    env: gitEnvironment(),
  });
  expect(stdout.trim()).toBe('bob Gone');
});

test.each([
  ['nobody', ''],
  ['a wrong token', 'x-access-token:ghs_wrong@'],
])('%s is turned away', async (_who, credentials) => {
  await expect(clone(credentials, 'none')).rejects.toThrow(/Authentication failed|could not read Username/);
});

test('a stranger finds nothing there', async () => {
  const mallory = world.github.createUser({ login: 'mallory' });
  await expect(clone(`mallory:${mallory.token}@`, 'none')).rejects.toThrow('not found');
});
