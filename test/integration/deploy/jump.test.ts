import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type DemoServer, createKeyPair, startServer } from '../../../demo/servers/servers.ts';
import { fingerprintOfPublicKey } from '../../../demo/servers/openssh-server.ts';
import { openConnection } from '../../../src/deploy/ssh-connection.ts';
import type { Host, Jump } from '../../../src/domain/deploy.ts';
import { type CutProxy, startCutProxy } from '../../support/deploy/cut-proxy.ts';
import { DeployWorld, SSHD_USABLE } from '../../support/deploy/deploy-world.ts';

const onSshd = SSHD_USABLE ? describe : describe.skip;
const OTHER = `SHA256:${'A'.repeat(43)}`;
const random = (size: number): Uint8Array => randomBytes(size);

onSshd('what is seen of a connection, and by which way it goes', () => {
  let world: DeployWorld;
  let folder: string;
  let bastion: DemoServer;
  let proxy: CutProxy;
  const own = createKeyPair('jump');

  beforeAll(async () => {
    world = await DeployWorld.create();
    folder = await mkdtemp(path.join(tmpdir(), 'countersign-jump-'));
    bastion = await startServer({ dir: folder, name: 'bastion', kind: 'openssh' });
    await bastion.authorize(own.publicKey);
    proxy = await startCutProxy(bastion.port);
  });
  beforeEach(() => world.clear());
  afterAll(async () => {
    await proxy.stop();
    await bastion.stop();
    await world.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const jump = (changes: Partial<Jump> = {}): Jump => ({
    host: bastion.host,
    port: proxy.port,
    user: bastion.user,
    fingerprint: bastion.fingerprint,
    key: 'file /run/jump',
    ...changes,
  });
  const host = (changes: Partial<Host> = {}): Host => ({ ...world.host(), ...changes });
  const jumpKeys = { 'file /run/jump': own.privateKey };
  const open = (to: Host, keys: Readonly<Record<string, string>> = jumpKeys) =>
    openConnection(to, world.privateKey, random, keys);

  test('directly: who answered, how they agreed to speak, and with which key we came', async () => {
    const connection = await open(host());
    expect(connection.evidence).toEqual({
      presentedFingerprint: world.host().fingerprint,
      server: expect.stringMatching(/^SSH-2\.0-OpenSSH_\d/),
      kex: expect.stringMatching(/^curve25519-sha256/),
      cipher: 'aes128-gcm@openssh.com',
      clientKey: expect.stringMatching(/^SHA256:[A-Za-z0-9+/]{43}$/),
      jump: null,
    });
    expect(connection.traffic.sent).toBeGreaterThan(500);
    connection.close();
  });

  test.each<[string, () => string | string[]]>([
    ['the first of two pins', () => [String(world.host().fingerprint), OTHER]],
    ['the second', () => [OTHER, String(world.host().fingerprint)]],
  ])('%s is presented, and said', async (_, pins) => {
    const connection = await open(host({ fingerprint: pins() }));
    expect(connection.presentedFingerprint).toBe(world.host().fingerprint);
    connection.close();
  });

  test('neither of two pins: refused, and both are named', async () => {
    await expect(open(host({ fingerprint: [OTHER, `${OTHER.slice(0, -1)}B`] }))).rejects.toMatchObject({
      code: 'host_key_mismatch',
      message: expect.stringMatching(/but SHA256:A{43} or SHA256:A{42}B is pinned/),
    });
  });

  test('a deployment by way of another host: both are recorded, each with its own key', async () => {
    const sha = await world.repository.commit({ a: 'a', b: Buffer.alloc(300_000, 'b') });
    const release = { release: 'r1', sha, hosts: [host({ jump: jump() })], jumpKeys };
    const outcome = await world.deploy(release);
    expect([outcome.outcome, await world.read('current/a')]).toEqual(['success', 'a']);
    const [deployed] = outcome.hosts;
    expect(deployed?.connection).toMatchObject({
      presentedFingerprint: world.host().fingerprint,
      jump: {
        address: `${bastion.host}:${proxy.port}`,
        presentedFingerprint: bastion.fingerprint,
        server: expect.stringMatching(/^SSH-2\.0-OpenSSH_\d/),
        clientKey: fingerprintOfPublicKey(own.publicKey),
      },
    });
    expect(deployed?.connection?.clientKey).not.toBe(fingerprintOfPublicKey(own.publicKey));
    expect(deployed?.traffic.sent).toBeGreaterThan(300_000);
    expect(JSON.stringify(outcome)).not.toContain(own.privateKey.split('\n')[1]);
    // It went by way of that server indeed, and ran nothing there.
    const log = await readFile(path.join(folder, '.sshd', 'log'), 'utf8');
    const [, since = ''] = log.split(fingerprintOfPublicKey(own.publicKey));
    expect(since).not.toBe('');
    expect(since).not.toMatch(/Starting session/);
  });

  test('with the same key for both, where no other is named', async () => {
    const line = await readFile(path.join(world.path(), '..', '..', '.sshd', 'authorized_keys'), 'utf8');
    for (const key of line.trim().split('\n')) await bastion.authorize(key);
    const connection = await open(host({ jump: jump({ key: null }) }), {});
    expect(connection.evidence.jump?.clientKey).toBe(connection.evidence.clientKey);
    connection.close();
  });

  test.each<[string, Partial<Jump>, Partial<Host>, string, RegExp]>([
    [
      'another key on the way',
      { fingerprint: OTHER },
      {},
      'host_key_mismatch',
      /^127\.0\.0\.1:\d+ presented/,
    ],
    ['another key at the end', {}, { fingerprint: OTHER }, 'host_key_mismatch', /is pinned/],
    ['a key that is not there', { key: 'file /gone' }, {}, 'credential_unreadable', /private key/],
    [
      'nothing at the end',
      {},
      { port: 1 },
      'host_unreachable',
      /127\.0\.0\.1:1 could not be reached from 127\./,
    ],
    ['nothing on the way', { port: 1 }, {}, 'host_unreachable', /127\.0\.0\.1:1 could not be reached: /],
  ])('%s: refused', async (_, way, end, code, message) => {
    await expect(open(host({ ...end, jump: jump(way) }))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  test('whoever stands between and presents the pinned key of the end on the way is refused', async () => {
    const ends = { ...jump(), port: world.host().port, fingerprint: bastion.fingerprint };
    await expect(open(host({ jump: ends }))).rejects.toMatchObject({ code: 'host_key_mismatch' });
  });

  test('a way that is cut is a lost connection, and nothing is left open', async () => {
    const connection = await open(host({ jump: jump() }));
    const running = connection.run({ command: 'sleep 20', input: [], seconds: 30, keep: 100 });
    await sleep(200);
    proxy.cut();
    expect((await running).end).toEqual({ kind: 'lost' });
    const again = await open(host({ jump: jump() }));
    const ran = await again.run({ command: 'echo here', input: [], seconds: 30, keep: 100 });
    expect([ran.end, ran.stdout.whole()]).toEqual([{ kind: 'exited', code: 0 }, 'here\n']);
    again.close();
  });
});
