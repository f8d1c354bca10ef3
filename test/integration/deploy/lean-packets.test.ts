import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { startServer } from '../../../demo/servers/servers.ts';
import { joinWrites } from '../../../src/deploy/join-writes.ts';
import { SshCommand } from '../../../src/deploy/ssh-command.ts';
import { shakeHands } from '../../../src/deploy/ssh-hop.ts';
import type { Host } from '../../../src/domain/deploy.ts';
import { SSHD_USABLE } from '../../support/deploy/deploy-world.ts';

/** Sizes about a block's, a packet's and a window's edges, and then plenty. */
const SIZES = [
  1, 2, 15, 16, 17, 255, 32_740, 32_767, 32_768, 32_769, 65_537, 2_097_151, 2_097_153, 9_000_000,
];

const real = SSHD_USABLE ? test : test.skip;

const GCM = 'Ciphers aes128-gcm@openssh.com';

real.each<[string, readonly string[], { out: boolean; in: boolean }, 'never' | 'often']>([
  ['aes128-gcm', [GCM], { out: true, in: true }, 'never'],
  ['aes256-gcm', ['Ciphers aes256-gcm@openssh.com'], { out: true, in: true }, 'never'],
  [
    'keys that are exchanged anew after every megabyte',
    [GCM, 'RekeyLimit 1M'],
    { out: true, in: true },
    'often',
  ],
  [
    'chacha20, which stays as it is',
    ['Ciphers chacha20-poly1305@openssh.com'],
    { out: false, in: false },
    'never',
  ],
  ['aes256-ctr, which stays as it is', ['Ciphers aes256-ctr'], { out: false, in: false }, 'never'],
])('bytes go to a real sshd and back unaltered with %s', async (_, settings, lean, rekeyed) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'countersign-lean-'));
  const server = await startServer({ dir: folder, name: 'web1', kind: 'openssh', settings });
  try {
    const host: Host = {
      host: server.host,
      port: server.port,
      user: server.user,
      fingerprint: server.fingerprint,
    };
    const key = await server.privateKeyFor('production');
    const socket = connect({ host: host.host, port: host.port, noDelay: true });
    await once(socket, 'connect');
    joinWrites(socket);
    const { client, lean: found } = await shakeHands(host, key, socket);
    expect(found).toEqual(lean);
    let rekeys = 0;
    client.on('handshake', () => void (rekeys += 1));

    const pieces = SIZES.map((size) => randomBytes(size));
    const back = createHash('sha256');
    const gone = once(client, 'close').then(() => undefined);
    const command = new SshCommand(
      {
        command: 'cat',
        input: pieces,
        seconds: 60,
        keep: 0,
        heard: (_side, chunk) => void back.update(chunk),
      },
      gone,
      () => client.destroy(),
    );
    const { end } = await command.run(client, null);
    client.end();
    expect(end).toEqual({ kind: 'exited', code: 0 });
    // Of eleven megabytes each way: with every megabyte of either, though some may be on the way meanwhile.
    if (rekeyed === 'never') expect(rekeys).toBe(0);
    else expect(rekeys).toBeGreaterThanOrEqual(5);
    expect(back.digest('hex')).toBe(createHash('sha256').update(Buffer.concat(pieces)).digest('hex'));
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
});
