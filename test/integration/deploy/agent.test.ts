import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { type DemoServer, startServer } from '../../../demo/servers/servers.ts';
import { openConnection } from '../../../src/deploy/ssh-connection.ts';
import type { Host, LoginKey } from '../../../src/domain/deploy.ts';
import { main } from '../../../src/main.ts';
import { createTestDatabase } from '../../support/database.ts';
import { DeployWorld, SSHD_USABLE } from '../../support/deploy/deploy-world.ts';
import {
  type AgentKeyFile,
  askpass,
  certify,
  type SshAgent,
  startSshAgent,
} from '../../support/deploy/ssh-agent.ts';

const onSshd = SSHD_USABLE ? describe : describe.skip;
const exec = promisify(execFile);

onSshd('by a key that stays in an ssh-agent', () => {
  let world: DeployWorld;
  let agent: SshAgent;
  let folder: string;
  let bastion: DemoServer;
  let sha: string;
  /** Both are in the agent and let in; the other is offered first by whoever offers all. */
  let other: AgentKeyFile;
  let ours: AgentKeyFile;

  beforeAll(async () => {
    world = await DeployWorld.create();
    agent = await startSshAgent();
    folder = await mkdtemp(path.join(tmpdir(), 'countersign-agents-'));
    bastion = await startServer({ dir: path.join(folder, 'bastion'), name: 'bastion', kind: 'openssh' });
    other = await agent.createKey('other');
    ours = await agent.createKey('ours');
    for (const key of [other, ours]) {
      await agent.add(key);
      await world.servers[0]?.authorize(key.publicKey);
    }
    await bastion.authorize(other.publicKey);
    sha = await world.repository.commit({ a: 'one' });
  });
  beforeEach(() => world.clear());
  afterAll(async () => {
    await bastion.stop();
    await agent.stop();
    await world.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const keyOf = ({ fingerprint }: AgentKeyFile) => ({ agent: agent.socket, fingerprint });
  const open = (
    key: LoginKey,
    host: Host = world.host(),
    jumpKeys: Readonly<Record<string, LoginKey>> = {},
  ) => openConnection(host, key, (size) => randomBytes(size), jumpKeys);
  /** Which keys sshd wrote of, let in or not, while `work` was done. */
  const keysSeen = async (server: DemoServer, work: () => Promise<unknown>) => {
    const log = path.join(server.root, '..', '.sshd', 'log');
    const before = (await readFile(log, 'utf8')).length;
    await work();
    const said = (await readFile(log, 'utf8')).slice(before);
    return [...new Set(said.match(/SHA256:[A-Za-z0-9+/]{43}/g))];
  };

  test('a deployment goes through, and the key it came with is recorded', async () => {
    const outcome = await world.deploy({ release: 'r1', sha, privateKey: keyOf(ours) });
    expect(outcome.hosts[0]).toMatchObject({
      outcome: 'success',
      connection: { clientKey: ours.fingerprint, jump: null },
    });
    expect(await world.read('current/a')).toBe('one');
  });

  test('only the named one is offered, though the agent has others that are let in', async () => {
    const [server] = world.servers;
    if (server === undefined) throw new Error('no server');
    const seen = await keysSeen(server, async () => (await open(keyOf(ours))).close());
    expect(seen).toEqual([ours.fingerprint]);
  });

  test('by way of another host, which has a key of its own in the agent', async () => {
    const { host, port, user, fingerprint } = bastion;
    const way = { ...world.host(), jump: { host, port, user, fingerprint, key: 'agent of the way' } };
    const connection = await open(keyOf(ours), way, { 'agent of the way': keyOf(other) });
    expect(connection.evidence).toMatchObject({
      clientKey: ours.fingerprint,
      jump: { clientKey: other.fingerprint },
    });
    connection.close();
  });

  test.each<[string, () => LoginKey, RegExp]>([
    [
      'there is no agent',
      () => ({ ...keyOf(ours), agent: '/nowhere/socket' }),
      /the ssh-agent at \/nowhere\/socket can't be asked/,
    ],
    [
      'it hasn’t the key',
      () => ({ ...keyOf(ours), fingerprint: `SHA256:${'A'.repeat(43)}` }),
      /doesn't have it: ssh-add -l shows/,
    ],
  ])('where %s, it says so, and offers no other', async (_, key, message) => {
    const [server] = world.servers;
    if (server === undefined) throw new Error('no server');
    const seen = await keysSeen(server, async () => {
      await expect(open(key())).rejects.toMatchObject({
        code: 'credential_unreadable',
        message: expect.stringMatching(message),
      });
    });
    expect(seen).toEqual([]);
  });

  test('an agent that is locked has no keys; unlocked, it has them again', async () => {
    const env = { SSH_ASKPASS: await askpass(folder, 'closed'), SSH_ASKPASS_REQUIRE: 'force', DISPLAY: ':0' };
    await agent.run(['-x'], env);
    try {
      await expect(open(keyOf(ours))).rejects.toMatchObject({ code: 'credential_unreadable' });
    } finally {
      await agent.run(['-X'], env);
    }
    (await open(keyOf(ours))).close();
  });

  test('one that asks a person before it signs, who says no', async () => {
    const asking = await startSshAgent();
    try {
      const key = await asking.createKey('asking');
      await world.servers[0]?.authorize(key.publicKey);
      // Nobody is there to be asked: OpenSSH's agent takes that for a no.
      await asking.run(['-q', '-c', key.file]);
      await expect(open({ agent: asking.socket, fingerprint: key.fingerprint })).rejects.toMatchObject({
        code: 'credential_unreadable',
        message: expect.stringContaining('did not sign with it'),
      });
    } finally {
      await asking.stop();
    }
  });

  test('the operator’s file names it, by a variable', async () => {
    const database = await createTestDatabase();
    try {
      const { user, host, port, fingerprint } = world.host();
      const target = {
        repository: 'acme/shop',
        repository_id: 5,
        environment: 'production',
        hosts: [{ user, host, port, fingerprint }],
        credential: { agent: { env: 'SSH_AUTH_SOCK' }, fingerprint: ours.fingerprint },
        path: world.path(),
      };
      await writeFile(path.join(folder, 'countersign.yaml'), stringify({ targets: [target] }));
      let said = '';
      const sink = { write: (text: string) => (said += text) };
      const env = {
        DATABASE_URL: database.writerUrl,
        COUNTERSIGN_CONFIG: path.join(folder, 'countersign.yaml'),
        SSH_AUTH_SOCK: agent.socket,
      };
      const call = ['host', 'list', 'acme/shop', 'production'];
      const code = await main(call, { stdout: sink, stderr: sink, env });
      expect([code, said]).toEqual([0, expect.stringContaining('ledger: nothing was deployed there')]);
    } finally {
      await database.drop();
    }
  });

  describe('with a certificate', () => {
    let server: DemoServer;
    let certified: AgentKeyFile;

    beforeAll(async () => {
      const authority = await agent.createKey('authority');
      certified = await agent.createKey('certified');
      server = await startServer({
        dir: path.join(folder, 'certified'),
        name: 'certified',
        kind: 'openssh',
        trustedUserCa: `${authority.file}.pub`,
      });
      await certify(authority, certified, server.user);
      await agent.add(certified);
      expect(await agent.run(['-l'])).toContain('(ED25519-CERT)');
    });
    afterAll(() => server.stop());

    const host = (): Host => ({
      host: server.host,
      port: server.port,
      user: server.user,
      fingerprint: server.fingerprint,
    });

    test('OpenSSH’s own client is let in by it alone; we aren’t, since ssh2 reads no certificates', async () => {
      const { host: address, port, user } = host();
      const { stdout } = await exec(
        'ssh',
        `-F none -p ${port} -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null`
          .split(' ')
          .concat(`${user}@${address}`, 'echo let in'),
        { env: { PATH: process.env['PATH'], SSH_AUTH_SOCK: agent.socket } },
      );
      expect(stdout).toBe('let in\n');
      await expect(open(keyOf(certified), host())).rejects.toMatchObject({ code: 'authentication_refused' });
    });

    test('its plain key, beside the certificate in the same agent, is what we come with', async () => {
      await server.authorize(certified.publicKey);
      const connection = await open(keyOf(certified), host());
      expect(connection.evidence.clientKey).toBe(certified.fingerprint);
      connection.close();
    });
  });
});
