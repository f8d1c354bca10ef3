import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DeployWorld, SSHD_USABLE } from '../../support/deploy/deploy-world.ts';

const LEFT_OUT =
  'LEFT OUT, for want of BusyBox (apt-get install busybox): a host with nothing else was not tested';

/** A folder with nothing but BusyBox's programs; null where it isn't installed. */
function applets(): string | null {
  const folder = mkdtempSync(path.join(tmpdir(), 'countersign-busybox-'));
  try {
    execFileSync('busybox', ['--install', '-s', folder]);
    return folder;
  } catch (error) {
    if (process.env['CI'] !== 'true') console.warn(`${LEFT_OUT}: ${String(error)}`);
    return null;
  }
}

/** Debian builds BusyBox without this one, Alpine with it. */
const FLOCK = '/usr/bin/flock';

const APPLETS = applets();

test('BusyBox is there to be a host, or it is plain that it is not', () => {
  if (APPLETS === null && process.env['CI'] === 'true') throw new Error(LEFT_OUT);
});

const onBusyBox = SSHD_USABLE && APPLETS !== null ? describe : describe.skip;

onBusyBox('a host that has BusyBox and nothing else', () => {
  let world: DeployWorld;
  beforeAll(async () => {
    world = await DeployWorld.create(['web1'], 'openssh', () => ({ environment: { PATH: APPLETS ?? '' } }));
  });
  afterAll(async () => {
    await world.stop();
    await rm(APPLETS ?? '', { recursive: true, force: true });
  });

  test('says which of its programs is missing before anything is changed', async () => {
    const flock = path.join(APPLETS ?? '', 'flock');
    await rm(flock, { force: true });
    const lacking = await world.deploy({ release: 'r0', sha: await world.repository.commit({ a: 'none' }) });
    expect([lacking.outcome, lacking.hosts[0]?.message, await world.list('')]).toEqual([
      'failure',
      expect.stringMatching(/ lacks flock, which a deployment needs: install it there\.$/),
      [],
    ]);
    await symlink(FLOCK, flock);
  });

  test('is deployed to, read back, and rolled back without an upload', async () => {
    const first = {
      release: 'r1',
      sha: await world.repository.commit({ 'a b': 'one', gone: 'x', 'd/e': 'same' }),
    };
    const second = {
      release: 'r2',
      sha: await world.repository.commit({ 'a b': 'two', 'd/e': 'same', n: 'new' }),
    };
    const begun = await world.deploy(first);
    expect([begun.outcome, begun.hosts.map(({ message }) => message)]).toEqual(['success', ['']]);
    const next = await world.deploy({ ...second, running: first });
    expect([next.outcome, await world.current(), await world.list('current/')]).toEqual([
      'success',
      'releases/r2',
      ['a b', 'd', 'n'],
    ]);
    expect(next.hosts[0]?.readBack).toMatchObject({ before: 'r1', drifted: [] });
    const back = await world.deploy({ release: 'r3', sha: first.sha, running: second, kept: ['r1'] });
    expect([back.outcome, await world.read('current/a b')]).toEqual(['success', 'one']);
  });
});
