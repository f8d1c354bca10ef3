import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { listEntries } from '../../../src/ledger/store/read.ts';
import { main } from '../../../src/main.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { waitingDeployment } from '../../support/waiting-deployment.ts';
import { startCutProxy } from '../../support/deploy/cut-proxy.ts';
import { DeployWorld, SSHD_USABLE } from '../../support/deploy/deploy-world.ts';

const onSshd = SSHD_USABLE ? describe : describe.skip;
const onIpv6 = Object.values(networkInterfaces()).some((each) =>
  each?.some(({ address }) => address === '::1'),
)
  ? test
  : test.skip;
const OTHER = `SHA256:${'A'.repeat(43)}`;

onSshd('countersign host', () => {
  let world: DeployWorld;
  let database: TestDatabase;
  let folder: string;
  let place: string;
  let pin: string;

  beforeAll(async () => {
    world = await DeployWorld.create();
    database = await createTestDatabase();
    folder = await mkdtemp(path.join(tmpdir(), 'countersign-host-'));
    const { user, host, port, fingerprint } = world.host();
    place = `${user}@${host}:${port}`;
    pin = [fingerprint].flat()[0] ?? '';
    await operatorFile({ host: 'other.internal', user, fingerprint: OTHER });
    await writeFile(path.join(folder, 'production.key'), world.privateKey);
  });
  beforeEach(() => world.clear());
  afterAll(async () => {
    await world.stop();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  const operatorFile = (host: object): Promise<void> =>
    writeFile(
      path.join(folder, 'countersign.yaml'),
      stringify({
        targets: [
          {
            repository: 'acme/shop',
            repository_id: 5,
            environment: 'production',
            hosts: [host],
            credential: { private_key: { file: path.join(folder, 'production.key') } },
            path: world.path(),
            timeout: 30,
          },
        ],
      }),
    );
  const call = async (...args: readonly string[]) => {
    let said = '';
    const sink = { write: (text: string) => (said += text) };
    const env = {
      DATABASE_URL: database.writerUrl,
      COUNTERSIGN_CONFIG: path.join(folder, 'countersign.yaml'),
    };
    try {
      return { code: await main(['host', ...args], { stdout: sink, stderr: sink, env }), said };
    } catch (error) {
      return { code: 2, said: `${said}${String(error)}` };
    }
  };
  const add = (...args: readonly string[]) => call('add', 'acme/shop', 'production', ...args);
  const enrolled = async () =>
    (await listEntries(database.db, { kinds: ['host.enrolled'] })).map(({ content }) => content);

  test('without a fingerprint it shows the key, sends nothing and records nothing', async () => {
    const { code, said } = await add(place);
    expect(code).toBe(1);
    expect(said).toContain(`presents the ssh-ed25519 key ${pin}\n`);
    expect(said).toContain('nothing is recorded');
    expect(await enrolled()).toEqual([]);
    expect(await world.list('.')).toEqual([]);
  });

  test('with another than the host has, nothing is recorded either', async () => {
    const { code, said } = await add(place, '--fingerprint', OTHER);
    expect(code).toBe(2);
    expect(said).toContain(`presented the ssh-ed25519 key ${pin}, but ${OTHER} is pinned`);
    expect(await enrolled()).toEqual([]);
  });

  test('with the right one it is recorded, and the line for the operator’s file is printed', async () => {
    const { code, said } = await add(place, '--fingerprint', pin, '--why', 'a third web server');
    expect(said).toContain('✓ it has what a deployment needs');
    expect(code).toBe(0);
    const { user, host, port } = world.host();
    expect(said).toContain(`  - { host: ${host}, port: ${port}, user: ${user}, fingerprint: '${pin}' }\n`);
    const [entry] = await enrolled();
    expect(entry).toMatchObject({
      kind: 'host.enrolled',
      outcome: 'ready',
      environment: 'production',
      hosts: [`${host}:${port}`],
      repository: { id: '5', name: 'acme/shop' },
      documents: [{ name: 'enrolment' }],
    });
    expect(JSON.stringify(entry)).not.toContain('third web server');
    expect(await world.list('.')).toEqual([]);
  });

  test('a host that isn’t ready is recorded as that, with what to do', async () => {
    await mkdir(path.join(world.path(), 'current'), { recursive: true });
    const { code, said } = await add(place, '--fingerprint', pin);
    expect(code).toBe(1);
    expect(said).toContain('✗ ');
    expect(said).toContain('/current is a file or folder of its own');
    expect((await enrolled())[0]?.outcome).toBe('not_ready');
  });

  test.each([
    [['deploy@2001:db8::7:2222'], 'so write [2001:db8::7:2222] or [2001:db8::7]:2222'],
    [['deploy@[2001:db8::7'], 'is not USER@HOST'],
    [['root@a b'], 'is not USER@HOST'],
    [['root@-oProxyCommand=x'], 'is not USER@HOST'],
    [['root@host:99999'], 'is not USER@HOST'],
    [['root@host', '--fingerprint', 'MD5:aa'], 'is no fingerprint'],
    [
      ['root@host', ...Array.from({ length: 6 }, () => ['--fingerprint', OTHER]).flat()],
      'at most 5 fingerprints',
    ],
    [['root@host', '--why', ' '], '--why is empty'],
  ])('a wrong call is told so: %j', async (args, expected) => {
    const { code, said } = await add(...args);
    expect([code, said.split('\n', 1)[0]]).toEqual([2, expect.stringContaining(expected)]);
  });

  test('of a host that the operator’s file has, the user may be left out; of another it is asked for', async () => {
    const { user, host, port } = world.host();
    await operatorFile({ host, port, user, fingerprint: pin });
    const { code, said } = await add(`${host}:${port}`, '--fingerprint', pin);
    expect([code, said]).toEqual([0, expect.stringContaining(`and lets ${user} in\n`)]);
    const stranger = await add('[2001:db8::7]:2222', '--fingerprint', pin);
    expect([stranger.code, stranger.said]).toEqual([
      2,
      expect.stringContaining('so say as whom to log in there: USER@[2001:db8::7]:2222.'),
    ]);
  });

  onIpv6('a host is enrolled at its IPv6 address, and is listed then', async () => {
    const { user, port } = world.host();
    const relay = await startCutProxy(port, '::1');
    try {
      await operatorFile({ host: 'other.internal', user, fingerprint: OTHER });
      const shown = await add(`${user}@[::1]:${relay.port}`);
      expect([shown.code, shown.said]).toEqual([1, expect.stringContaining(`[::1]:${relay.port} presents`)]);
      const { code, said } = await add(`${user}@[::1]:${relay.port}`, '--fingerprint', pin);
      const line = `- { host: '::1', port: ${relay.port}, user: ${user}, fingerprint: '${pin}' }`;
      expect([code, said]).toEqual([0, expect.stringContaining(`  ${line}\n`)]);
      expect((await enrolled())[0]?.hosts).toEqual([`::1:${relay.port}`]);
      await operatorFile((parse(line) as object[])[0] ?? {});
      // Another spelling is the same host, and its user is known by now.
      const again = await add(`[0:0::1]:${relay.port}`, '--fingerprint', pin);
      expect([again.code, again.said]).toEqual([0, expect.not.stringContaining('In the operator')]);
      expect((await enrolled())[0]?.hosts).toEqual([`::1:${relay.port}`]);
    } finally {
      await relay.stop();
    }
  });

  test('what runs is listed beside what the ledger has', async () => {
    const { user, host, port } = world.host();
    await operatorFile({ host, port, user, fingerprint: pin });
    const list = () => call('list', 'acme/shop', 'production');
    expect(await list()).toEqual({
      code: 0,
      said: `ledger: nothing was deployed there\n✓ ${host}:${port} runs nothing\n`,
    });
    // Hosts that run what the ledger has show nothing where nobody knows what was deployed last.
    const unknown = await waitingDeployment(
      database.db,
      {
        repository: { id: 5, owner: 'acme', name: 'shop', installationId: 9 },
        environment: 'production',
        sha: 'c'.repeat(40),
      },
      { state: 'unknown', started_sequence: 1, release: 'r1' },
    );
    expect(await list()).toEqual({
      code: 1,
      said: `ledger: nothing was deployed there; the outcome of r1 is unknown\n✓ ${host}:${port} runs nothing\n`,
    });
    await database.db
      .updateTable('countersign.deployment')
      .set({ state: 'failed' })
      .where('id', '=', unknown.id)
      .execute();
    await mkdir(path.join(world.path(), 'releases/by-hand'), { recursive: true });
    await symlink('releases/by-hand', path.join(world.path(), 'current'));
    expect(await list()).toEqual({
      code: 1,
      said: `ledger: nothing was deployed there\n✗ ${host}:${port} runs by-hand\n`,
    });
    await operatorFile({ host, port: 1, user, fingerprint: pin });
    const { code, said } = await list();
    expect([code, said]).toEqual([2, expect.stringContaining(`? ${host}:1: ${host}:1 could not be reached`)]);
  });
});
