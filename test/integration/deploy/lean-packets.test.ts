import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { startServer } from '../../../demo/servers/servers.ts';
import { openConnection } from '../../../src/deploy/ssh-connection.ts';
import { shakeHands } from '../../../src/deploy/ssh-hop.ts';
import type { Host } from '../../../src/domain/deploy.ts';
import { SSHD_USABLE } from '../../support/deploy/deploy-world.ts';

/** Sizes about a block's, a packet's and a window's edges, and then plenty. */
const SIZES = [
  1, 2, 15, 16, 17, 255, 32_740, 32_767, 32_768, 32_769, 65_537, 2_097_151, 2_097_153, 9_000_000,
];

const real = SSHD_USABLE ? test : test.skip;

real.each<[string, readonly string[], { out: boolean; in: boolean }]>([
  ['aes128-gcm', ['Ciphers aes128-gcm@openssh.com'], { out: true, in: true }],
  ['aes256-gcm', ['Ciphers aes256-gcm@openssh.com'], { out: true, in: true }],
  [
    'keys that are exchanged anew after every megabyte',
    ['Ciphers aes128-gcm@openssh.com', 'RekeyLimit 1M'],
    { out: true, in: true },
  ],
  ['chacha20, which stays as it is', ['Ciphers chacha20-poly1305@openssh.com'], { out: false, in: false }],
  ['aes256-ctr, which stays as it is', ['Ciphers aes256-ctr'], { out: false, in: false }],
])('bytes go to a real sshd and back unaltered with %s', async (_, settings, lean) => {
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
    const hop = await shakeHands(host, key, connect({ host: host.host, port: host.port }));
    hop.client.end();
    expect(hop.lean).toEqual(lean);

    const connection = await openConnection(host, key, randomBytes);
    const pieces = SIZES.map((size) => randomBytes(size));
    const back = createHash('sha256');
    const { end } = await connection.run({
      command: 'cat',
      input: pieces,
      seconds: 60,
      keep: 0,
      heard: (_side, chunk) => void back.update(chunk),
    });
    connection.close();
    expect(end).toEqual({ kind: 'exited', code: 0 });
    expect(back.digest('hex')).toBe(createHash('sha256').update(Buffer.concat(pieces)).digest('hex'));
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
});
