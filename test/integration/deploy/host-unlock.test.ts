import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { breakHostLock } from '../../../src/deploy/inspect-host.ts';
import { newEntryId } from '../../../src/ledger/format/entry-id.ts';
import { listEntries } from '../../../src/ledger/store/read.ts';
import { main } from '../../../src/main.ts';
import { breakHostLocks, readHostLocks } from '../../../src/pipeline/host/break-host-lock.ts';
import { holdRehearsal } from '../../../src/pipeline/host/rehearsal-lock.ts';
import { createTestDatabase, query, type TestDatabase } from '../../support/database.ts';
import { DeployWorld, SSHD_USABLE } from '../../support/deploy/deploy-world.ts';

const onSshd = SSHD_USABLE ? describe : describe.skip;
const SHA = 'c'.repeat(40);

onSshd('countersign host unlock', () => {
  let world: DeployWorld;
  let database: TestDatabase;
  let folder: string;

  beforeAll(async () => {
    world = await DeployWorld.create();
    database = await createTestDatabase();
    folder = await mkdtemp(path.join(tmpdir(), 'countersign-unlock-'));
    const { user, port, host, fingerprint } = world.host();
    const targets = ['production', 'staging'].map((environment) => ({
      repository: 'acme/shop',
      environment,
      hosts: [{ host, port, user, fingerprint }],
      credential: { private_key: { file: path.join(folder, `${environment}.key`) } },
      path: environment === 'production' ? world.path() : '/srv/nowhere',
      timeout: 30,
    }));
    await writeFile(path.join(folder, 'countersign.yaml'), stringify({ targets }));
    const pinned = targets.map((target) => ({ ...target, repository_id: 5 }));
    await writeFile(path.join(folder, 'pinned.yaml'), stringify({ targets: pinned }));
    await writeFile(path.join(folder, 'production.key'), world.privateKey);
  });
  beforeEach(() => world.clear());
  afterAll(async () => {
    await world.stop();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  const unlock = (...args: readonly string[]) => unlockBy('countersign.yaml', args);
  const unlockBy = async (file: string, args: readonly string[]) => {
    let said = '';
    const sink = { write: (text: string) => (said += text) };
    const env = {
      DATABASE_URL: database.writerUrl,
      COUNTERSIGN_CONFIG: path.join(folder, file),
    };
    const call = ['host', 'unlock', 'acme/shop', 'production', ...args];
    const code = await main(call, { stdout: sink, stderr: sink, env });
    return { code, said };
  };
  const lockedBy = async (holder: string) => {
    await mkdir(path.join(world.path(), '.countersign'), { recursive: true });
    await symlink(holder, path.join(world.path(), '.countersign', 'lock'));
  };
  const isLocked = async () => (await world.list('.countersign')).includes('lock');
  const entries = async () =>
    (await listEntries(database.db, { kinds: ['host.unlocked'] })).map(({ content }) => content);

  /** A deployment in our books whose release is that. */
  const deployment = async (
    release: string,
    state: 'running' | 'failed',
    job: 'active' | 'created' | null,
    repositoryId = 5,
  ) => {
    const id = randomUUID();
    const at = new Date();
    await database.db
      .insertInto('countersign.deployment')
      .values({
        id,
        subject_key: id,
        repository_id: repositoryId,
        installation_id: 9,
        owner: 'acme',
        name: 'shop',
        environment: 'production',
        source: 'api',
        ref: 'main',
        sha: SHA,
        requester_id: null,
        requester_login: null,
        requester_kind: null,
        requested_at: at,
        github_deployment_id: null,
        run_id: null,
        state,
        started_sequence: null,
        request_entry: randomUUID(),
        decision_entry: null,
        started_entry: null,
        finished_entry: null,
        release,
        updated_at: at,
      })
      .execute();
    if (job === null) return id;
    const repository = { id: repositoryId, owner: 'acme', name: 'shop', installationId: 9 };
    const effect = {
      kind: 'deploy',
      key: `deploy:${id}`,
      repository,
      requestId: id,
      environment: 'production',
      hasTarget: true,
    };
    await database.db
      .insertInto('countersign.effect')
      .values({
        key: effect.key,
        ordering_key: effect.key,
        effect: JSON.stringify(effect),
        state: 'planned',
        remote_id: null,
        error: null,
        planned_at: at,
        finished_at: null,
      })
      .execute();
    await query(
      database.writerUrl,
      `INSERT INTO pgboss.job (name, data, state, singleton_key, started_on) VALUES ('deploy', $1, $2, $3, now())`,
      [JSON.stringify({ key: effect.key }), job, effect.key],
    );
    return id;
  };

  test('a repository that nobody deployed from here is named', async () => {
    await expect(unlock()).rejects.toMatchObject({ code: 'repository_unknown' });
  });

  test('nothing is locked: said, and nothing recorded', async () => {
    await deployment('r0', 'failed', null);
    const { code, said } = await unlock('--why', 'a look');
    expect([code, said, await entries()]).toEqual([0, expect.stringMatching(/^none of .* is locked\n$/), []]);
  });

  test('without a reason it only shows who holds it, and for how long', async () => {
    const id = await deployment('r-shown', 'failed', null);
    await lockedBy('r-shown/0a1b');
    const { code, said } = await unlock();
    expect(said).toMatch(
      new RegExp(
        `is locked by r-shown/0a1b since \\d s \\(deployment ${id} of ccccccc, failed\\)\\nNothing was changed`,
      ),
    );
    expect([code, await isLocked(), await entries()]).toEqual([1, true, []]);
  });

  test('with a reason it is broken: one entry before, one after, and the owner’s scripts change nothing any more', async () => {
    await deployment('r-dead', 'failed', null);
    await lockedBy('r-dead/0a1b');
    const { code, said } = await unlock('--why', 'its worker burnt down; bob');
    expect([code, said, await isLocked()]).toEqual([
      0,
      expect.stringMatching(/\nbroken on .*, by entry /),
      false,
    ]);
    const [after, before] = await entries();
    const hosts = [`${world.host().host}:${world.host().port}`];
    expect(before).toMatchObject({
      outcome: 'breaking',
      environment: 'production',
      hosts,
      documents: [{ name: 'unlock' }],
    });
    expect(after).toMatchObject({ outcome: 'broken', hosts, answers: before?.id });
    // The reason is sealed, not in the entry.
    expect(JSON.stringify([before, after])).not.toContain('burnt');
  });

  test('somebody else’s lock is broken too, and shown for what it is', async () => {
    await lockedBy("other $(touch pwned)'s");
    const { code, said } = await unlock('--why', 'left by the old tool');
    expect(said).toContain('no deployment of ours there: another Countersign, or another tool');
    expect([code, await isLocked(), await world.list('.')]).toEqual([0, false, ['.countersign']]);
  });

  test.each<['active' | 'created', RegExp]>([
    ['active', /under way in a worker that gave a sign of life \d+ s ago/],
    ['created', /to be taken up again by a worker/],
  ])(
    'of a deployment whose job is %s: refused, unless it is said to be broken even so',
    async (job, shown) => {
      await deployment(`r-${job}`, 'running', job);
      await lockedBy(`r-${job}/0a1b`);
      const recorded = (await entries()).length;
      await expect(unlock('--why', 'in a hurry')).rejects.toMatchObject({ code: 'deployment_under_way' });
      expect([await isLocked(), (await entries()).length]).toEqual([true, recorded]);
      const { code, said } = await unlock('--why', 'in a hurry', '--even-under-way');
      expect([code, said, await isLocked()]).toEqual([0, expect.stringMatching(shown), false]);
    },
  );

  test('of a rehearsal that goes on: refused, unless it is said to be broken even so; afterwards it is broken as any other', async () => {
    await deployment('r0', 'failed', null);
    const holder = `rehearsal-0123456789ab-${SHA.slice(0, 12)}`;
    await lockedBy(`${holder}/0a1b`);
    const recorded = (await entries()).length;
    const place = { repositoryId: 5, environment: 'production' };
    await holdRehearsal(database.db, place, async () => {
      const { code, said } = await unlock();
      expect([code, said]).toEqual([1, expect.stringContaining('(a rehearsal, which goes on)\n')]);
      await expect(unlock('--why', 'in a hurry')).rejects.toMatchObject({
        code: 'environment_rehearsed',
        message: expect.stringMatching(
          /^the rehearsal that holds 127\.0\.0\.1:\d+ goes on\. Wait for it, or stop/,
        ),
      });
      expect([await isLocked(), (await entries()).length]).toEqual([true, recorded]);
      expect((await unlock('--why', 'in a hurry', '--even-under-way')).code).toBe(0);
      expect(await isLocked()).toBe(false);
    });
    // One of another environment holds nothing here.
    await lockedBy(`${holder}/0a1b`);
    await holdRehearsal(database.db, { ...place, environment: 'staging' }, async () => {
      const { code, said } = await unlock('--why', 'it was killed');
      expect([code, said]).toEqual([0, expect.stringContaining('(a rehearsal that goes on no more)\n')]);
    });
    expect(await isLocked()).toBe(false);
  });

  test('a host that is gone by then is recorded as unknown, and the others’ locks are broken all the same', async () => {
    await lockedBy('r-gone/0a1b');
    const host = world.host();
    const asked = { host, path: world.path(), timeout: 30, privateKey: world.privateKey };
    const needs = {
      db: database.db,
      now: () => new Date().toISOString(),
      newId: () => newEntryId(new Date().toISOString(), randomBytes),
      random: randomBytes,
    };
    const place = { repository: { id: 5, fullName: 'acme/shop' }, environment: 'production' };
    const [seen] = await readHostLocks(needs, place, [asked]);
    if (seen === undefined) throw new Error('no lock was seen');
    const gone = { ...seen, host: 'gone:1', asked: { ...asked, host: { ...host, port: 1 } } };
    const outcome = await breakHostLocks(needs, place, [gone, seen], { why: 'x', evenUnderWay: false });
    expect(outcome).toMatchObject({
      broken: [seen.host],
      kept: [],
      unknown: [{ host: 'gone:1', message: expect.stringContaining('could not be reached') }],
    });
    expect(await isLocked()).toBe(false);
    const recorded = (await entries()).slice(0, 3).map(({ outcome: what, hosts }) => [what, hosts]);
    expect(recorded).toEqual([
      ['unknown', ['gone:1']],
      ['broken', [seen.host]],
      ['breaking', ['gone:1', seen.host]],
    ]);
  });

  test('a host that doesn’t say whether its lock is broken is told so, in those words', async () => {
    const asked = { host: world.host(), path: '/nowhere', timeout: 30, privateKey: world.privateKey };
    await expect(breakHostLock(asked, 'r0/a', randomBytes)).rejects.toThrow(
      /^127\.0\.0\.1:\d+ did not say whether the lock in \/nowhere is broken\.$/,
    );
  });

  test('a name that was another repository’s lately: the id in the operator’s file counts', async () => {
    await deployment('r-ours', 'running', 'active');
    await deployment('r-theirs', 'failed', null, 6);
    await lockedBy('r-ours/0a1b');
    await expect(unlockBy('pinned.yaml', ['--why', 'in a hurry'])).rejects.toMatchObject({
      code: 'deployment_under_way',
    });
    expect(await isLocked()).toBe(true);
    const broken = await unlockBy('pinned.yaml', ['--why', 'in a hurry', '--even-under-way']);
    expect(broken.code).toBe(0);
    expect((await entries())[0]?.repository).toEqual({ id: '5', name: 'acme/shop' });
  });

  test('a deployment whose lock is broken in its middle stops, and changes nothing more', async () => {
    const sha = await world.repository.commit({ a: 'next' });
    const outcome = await world.deploy({
      release: 'r-live',
      sha,
      onProgress: async ({ step, state }) => {
        if (step === 'switch' && state === 'started') expect((await unlock('--why', 'to see')).code).toBe(0);
      },
    });
    expect(outcome.hosts[0]).toMatchObject({
      outcome: 'failure',
      failedAt: 'switch',
      message: expect.stringMatching(/^The lock on .* is gone in the middle of this deployment/),
    });
    expect(await world.current()).toBeNull();
  });

  test.each([
    [['--host', 'elsewhere', '--why', 'x'], 'target_unknown'],
    [['--host', '127.0.0.1:1', '--why', 'x'], 'target_unknown'],
  ])('%j is no host of it', async (args, code) => {
    await expect(unlock(...args)).rejects.toMatchObject({ code });
  });

  test.each([[['--why', ' ']], [['too', 'many']], [['--force']]])('%j is no call', async (args) => {
    expect((await unlock(...args)).code).toBe(2);
  });

  test('staging’s key isn’t even looked for', async () => {
    // Its file was never written; asking for production alone doesn't miss it.
    expect((await unlock()).code).toBe(0);
  });
});
