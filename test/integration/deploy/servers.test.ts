import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { createKeyPair, startServer } from '../../../demo/servers/servers.ts';
import { SSHD_USABLE } from '../../support/deploy/deploy-world.ts';

const listens = async (port: number): Promise<boolean> => {
  const socket = connect(port, '127.0.0.1');
  const answer = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'error').then(() => false),
  ]).catch(() => false);
  socket.destroy();
  return answer;
};

const endsSoon = async (port: number): Promise<boolean> => {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (!(await listens(port))) return true;
    await sleep(50);
  }
  return false;
};

test.each(SSHD_USABLE ? (['openssh', 'in-process'] as const) : (['in-process'] as const))(
  'a stopped server is gone: %s',
  async (kind) => {
    const dir = await mkdtemp(path.join(tmpdir(), 'countersign server '));
    const server = await startServer({ dir, name: 'web1', kind });
    expect(await listens(server.port)).toBe(true);
    await server.stop();
    expect(await endsSoon(server.port)).toBe(true);
    await rm(dir, { recursive: true });
  },
);

/** A process that starts sshd and says on which port; `signals`: what it does about being interrupted. */
function startStarter(
  dir: string,
  signals: string,
  detached: boolean,
): ChildProcessByStdio<null, Readable, null> {
  const servers = new URL('../../../demo/servers/servers.ts', import.meta.url).href;
  const program = `
    const { startServer } = await import(${JSON.stringify(servers)});
    const server = await startServer({ dir: ${JSON.stringify(dir)}, name: 'web1', kind: 'openssh' });
    ${signals}
    console.log(server.port);
    setInterval(() => {}, 1000);`;
  return spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached,
  });
}

const portOf = async (starter: ChildProcessByStdio<null, Readable, null>): Promise<number> => {
  const [line] = (await once(starter.stdout, 'data')) as [Buffer];
  return Number(line.toString());
};

(SSHD_USABLE ? test : test.skip)('whoever started it is killed: sshd does not outlive that', async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'countersign server '));
  const starter = startStarter(dir, '', false);
  const port = await portOf(starter);
  expect(await listens(port)).toBe(true);
  starter.kill('SIGKILL');
  expect(await endsSoon(port)).toBe(true);
  await rm(dir, { recursive: true });
});

(SSHD_USABLE ? test : test.skip)(
  'Ctrl-C reaches all that a terminal runs: whoever started sshd can still stop it',
  async () => {
    const dir = await mkdtemp(path.join(tmpdir(), 'countersign server '));
    const starter = startStarter(
      dir,
      "process.on('SIGINT', () => setTimeout(() => void server.stop().then(() => console.log('stopped')), 200));",
      true,
    );
    const port = await portOf(starter);
    try {
      process.kill(-(starter.pid ?? 0), 'SIGINT');
      expect(await endsSoon(port)).toBe(true);
      // The group's leader is still there: nothing ended sshd for it.
      expect(starter.exitCode).toBeNull();
    } finally {
      starter.kill('SIGKILL');
      await rm(dir, { recursive: true });
    }
  },
);

test('every key pair that is made can be used', () => {
  for (let n = 0; n < 300; n += 1) {
    const { privateKey, publicKey } = createKeyPair('k');
    expect([
      privateKey.startsWith('-----BEGIN OPENSSH PRIVATE KEY-----'),
      publicKey.startsWith('ssh-ed25519 '),
    ]).toEqual([true, true]);
  }
});
