import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type Socket, createServer } from 'node:net';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type DemoServer, createKeyPair, startServer } from '../../../demo/servers/servers.ts';
import type { CommandRequest } from '../../../src/deploy/ssh-command.ts';
import { type SshConnection, openConnection } from '../../../src/deploy/ssh-connection.ts';
import type { Host } from '../../../src/domain/deploy.ts';
import { type CutProxy, startCutProxy } from '../../support/deploy/cut-proxy.ts';
import { SSHD_USABLE } from '../../support/deploy/deploy-world.ts';

const KINDS: readonly DemoServer['kind'][] = SSHD_USABLE ? ['openssh', 'in-process'] : ['in-process'];
const random = (size: number): Uint8Array => randomBytes(size);

describe.each(KINDS)('an SSH connection to a server that is %s', (kind) => {
  let folder: string;
  let server: DemoServer;
  let host: Host;
  let key: string;
  let connection: SshConnection | null = null;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'countersign ssh-'));
    server = await startServer({ dir: path.join(folder, 'web1'), name: 'web1', kind });
    host = { host: server.host, port: server.port, user: server.user, fingerprint: server.fingerprint };
    key = await server.privateKeyFor('production');
  });
  afterEach(() => connection?.close());
  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const open = async (to: Partial<Host> = {}): Promise<SshConnection> => {
    connection = await openConnection({ ...host, ...to }, key, random);
    return connection;
  };
  const request = (command: string, more: Partial<CommandRequest> = {}): CommandRequest => {
    return { command, input: [], seconds: 20, keep: 100_000, ...more };
  };
  const refused = (code: string, message: RegExp) =>
    expect.objectContaining({ code, message: expect.stringMatching(message) });

  describe('who is let in', () => {
    test('the pinned key is, and is said', async () => {
      expect((await open()).presentedFingerprint).toBe(server.fingerprint);
    });

    test.each(['SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', '', 'SHA256:'])(
      'a host with another key than %j is refused, and named',
      async (fingerprint) => {
        await expect(open({ fingerprint })).rejects.toEqual(
          refused('host_key_mismatch', new RegExp(server.fingerprint.replaceAll(/[+/]/g, '\\$&'))),
        );
      },
    );

    test('a server that came back with another key is refused', async () => {
      const other = await startServer({ dir: path.join(folder, 'other'), name: 'other', kind });
      try {
        await expect(open({ port: other.port })).rejects.toEqual(refused('host_key_mismatch', /is pinned/));
      } finally {
        await other.stop();
      }
    });

    test('a key that nobody let in gets the hint about locked accounts', async () => {
      const stranger = createKeyPair('stranger').privateKey;
      await expect(openConnection(host, stranger, random)).rejects.toEqual(
        refused('authentication_refused', /authorized_keys.*locked/s),
      );
    });

    test.each([
      '',
      'rubbish',
      '-----BEGIN OPENSSH PRIVATE KEY-----\nrubbish\n-----END OPENSSH PRIVATE KEY-----',
    ])('%j is no key, and is not repeated', async (privateKey) => {
      const error: unknown = await openConnection(host, privateKey, random).catch(
        (thrown: unknown) => thrown,
      );
      expect(error).toEqual(refused('credential_unreadable', /without a passphrase/));
      expect(String(error)).not.toMatch(/rubbish/);
    });

    test('nobody there', async () => {
      await expect(open({ port: 1 })).rejects.toEqual(
        refused('host_unreachable', /127\.0\.0\.1:1 could not be reached/),
      );
    });

    test('something else there', async () => {
      const web = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(
        0,
        '127.0.0.1',
      );
      await once(web, 'listening');
      const address = web.address() as { port: number };
      await expect(open({ port: address.port })).rejects.toEqual(refused('host_unreachable', /./));
      web.close();
    });
  });

  describe('how a command ended', () => {
    test.each<[string, string, object]>([
      ['with 0', 'true', { kind: 'exited', code: 0 }],
      ['with another code', 'exit 7', { kind: 'exited', code: 7 }],
      ['not found', 'no-such-program-xyz', { kind: 'exited', code: 127 }],
      ['killed', 'exec sh -c "kill -KILL \\$\\$"', { kind: 'signalled', signal: 'KILL' }],
    ])('%s', async (_, command, end) => {
      const result = await (await open()).run(request(command));
      const seen =
        result.end.kind === 'signalled'
          ? { ...result.end, signal: result.end.signal.replace(/^SIG/, '') }
          : result.end;
      expect(seen).toEqual(end);
    });

    test('without a host that says so: lost', async () => {
      const proxy = await startCutProxy(server.port);
      const through = await open({ port: proxy.port });
      const running = through.run(request('sleep 30'));
      await sleep(200);
      proxy.cut();
      expect((await running).end).toEqual({ kind: 'lost' });
      // And the connection stays lost, without an error that nobody catches.
      expect((await through.run(request('true'))).end).toEqual({ kind: 'lost' });
      await proxy.stop();
    });

    test('not in time', async () => {
      const result = await (await open()).run(request('sleep 30', { seconds: 0.3 }));
      expect(result.end).toEqual({ kind: 'timed_out' });
    });

    test('although something it left running holds its output open', async () => {
      const result = await (await open()).run(request('echo done; sleep 30 &'));
      expect([result.end, result.outputHeldOpen, result.stdout.whole()]).toEqual([
        { kind: 'exited', code: 0 },
        true,
        'done\n',
      ]);
      expect(result.milliseconds).toBeLessThan(15_000);
    });
  });

  describe('what goes in and comes out', () => {
    test('bytes, in both streams, apart', async () => {
      const { stdout, stderr } = await (await open()).run(request('printf "a\\0b"; echo wrong >&2'));
      expect([stdout.whole(), stderr.whole()]).toEqual(['a\0b', 'wrong\n']);
    });

    test('several megabytes up and down', async () => {
      const file = path.join(folder, 'large');
      const chunk = randomBytes(1_000_000);
      const result = await (
        await open()
      ).run(
        request(`cat > ${JSON.stringify(file)}; cat ${JSON.stringify(file)}`, {
          input: Array.from({ length: 12 }, () => chunk),
          keep: 20_000_000,
        }),
      );
      expect(result.end).toEqual({ kind: 'exited', code: 0 });
      expect((await readFile(file)).equals(Buffer.concat(Array.from({ length: 12 }, () => chunk)))).toBe(
        true,
      );
      expect(result.stdout.truncated).toBe(false);
    });

    test('output past its size is cut, and says so', async () => {
      const { stdout } = await (await open()).run(request('head -c 300000 /dev/zero', { keep: 1000 }));
      expect([stdout.truncated, stdout.whole().length]).toEqual([true, 1000]);
    });

    test('a command that reads none of its input is no error', async () => {
      const endless = (async function* () {
        for (let n = 0; n < 500; n += 1) {
          yield Buffer.alloc(64 * 1024);
          await Promise.resolve();
        }
      })();
      expect((await (await open()).run(request('exit 3', { input: endless }))).end).toEqual({
        kind: 'exited',
        code: 3,
      });
    });

    test('a source that breaks breaks the connection, so that its end never looks like the end', async () => {
      const file = path.join(folder, 'broken');
      await writeFile(file, '');
      const broken = (async function* () {
        yield Buffer.from('some');
        await Promise.resolve();
        throw new Error('the source broke');
      })();
      const through = await open();
      await expect(
        through.run(
          request(`cat >> ${JSON.stringify(file)} && echo whole >> ${JSON.stringify(file)}.done`, {
            input: broken,
          }),
        ),
      ).rejects.toThrow('the source broke');
      expect((await through.run(request('true'))).end).toEqual({ kind: 'lost' });
    });
  });

  test('twenty in a row over one connection', async () => {
    const through = await open();
    for (let n = 0; n < 20; n += 1)
      expect((await through.run(request(`exit ${n}`))).end).toEqual({ kind: 'exited', code: n });
  });

  // The one in process leads nowhere else.
  test.each(['itself', ...(kind === 'openssh' ? ['behind another that is gone silent'] : [])])(
    'a host that doesn’t answer our goodbye, %s, doesn’t keep the socket',
    async (which) => {
      const proxy = await startCutProxy(server.port);
      const way: Partial<Host> =
        which === 'itself' ? { port: proxy.port } : { jump: { ...host, port: proxy.port, key: null } };
      const sockets: Socket[] = [];
      const note = (message: unknown): void => void sockets.push((message as { socket: Socket }).socket);
      subscribe('net.client.socket', note);
      const through = await open(way);
      unsubscribe('net.client.socket', note);
      // The proxy has opened the others.
      const own = sockets.find(({ remotePort }) => remotePort === proxy.port);
      proxy.goDead();
      through.close();
      await sleep(1000);
      // A goodbye alone leaves it open.
      expect(own?.destroyed).toBe(false);
      if (own !== undefined) await once(own, 'close', { signal: AbortSignal.timeout(8000) });
      expect(own?.destroyed).toBe(true);
      await proxy.stop();
    },
    20_000,
  );

  test('an idle connection that is cut is no uncaught error', async () => {
    const proxy: CutProxy = await startCutProxy(server.port);
    const through = await open({ port: proxy.port });
    proxy.cut();
    await sleep(100);
    expect((await through.run(request('true'))).end).toEqual({ kind: 'lost' });
    await proxy.stop();
  });
});
