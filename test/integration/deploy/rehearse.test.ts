import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import type { GitHubReader } from '../../../src/facts/github-reader.ts';
import { readManifest } from '../../../src/deploy/manifest.ts';
import { readDocument, listEntries } from '../../../src/ledger/store/read.ts';
import { record } from '../../../src/ledger/store/record.ts';
import { newEntryId } from '../../../src/ledger/format/entry-id.ts';
import { jsonDocument } from '../../../src/pipeline/documents.ts';
import { lookAtHosts } from '../../../src/pipeline/host/look-at-hosts.ts';
import { assertNotRehearsed, rehearsalThere } from '../../../src/pipeline/host/rehearsal-lock.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { DeployWorld, SSHD_USABLE } from '../../support/deploy/deploy-world.ts';
import { pipelineOn } from '../../support/pipeline.ts';
import { runCountersign } from '../../support/run-countersign.ts';
import { waitingDeployment } from '../../support/waiting-deployment.ts';

const onSshd = SSHD_USABLE ? describe : describe.skip;
const random = (size: number) => Buffer.from(crypto.getRandomValues(new Uint8Array(size)));

onSshd('countersign rehearse', () => {
  let world: DeployWorld;
  let database: TestDatabase;
  let folder: string;
  let sha: string;

  beforeAll(async () => {
    world = await DeployWorld.create(['web1', 'web2']);
    folder = await mkdtemp(path.join(tmpdir(), 'countersign-rehearse-'));
    await writeFile(path.join(folder, 'staging.key'), world.privateKey);
    const run = { text: 'run', executable: true } as const;
    sha = await world.repository.commit({
      a: 'one',
      'b/run': run,
      link: { link: 'a' },
      storage: 'shared instead',
    });
    await world.deploy({
      release: 'r1',
      sha,
      hosts: [world.host(0), world.host(1)],
      target: { shared: ['storage/'] },
    });
    await world.save();
    // The worker's copy, as `countersign start` keeps it.
    const mirrors = path.join(folder, 'data', 'mirrors');
    await mkdir(mirrors, { recursive: true });
    execFileSync('git', [
      'clone',
      '--quiet',
      '--bare',
      world.repository.directory,
      path.join(mirrors, '5.git'),
    ]);
  });
  beforeEach(async () => {
    await world.restore();
    database = await createTestDatabase();
  });
  afterEach(() => database.drop());
  afterAll(async () => {
    await world.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const start = async (commands: object = {}) => {
    const hosts = [0, 1].map((index) => world.host(index));
    const staging = {
      repository: 'acme/shop',
      environment: 'staging',
      hosts,
      credential: { private_key: { file: path.join(folder, 'staging.key') } },
      path: world.target({ release: 'r1', sha }).path,
      shared: ['storage/'],
      rollout: { batch: 'all', on_failure: 'stop' },
      timeout: 30,
      commands,
    };
    // Its key is nowhere: whoever rehearses staging doesn't look for it.
    const production = {
      ...staging,
      environment: 'production',
      path: '/srv/nowhere',
      credential: { private_key: { file: path.join(folder, 'production.key') } },
    };
    await writeFile(path.join(folder, 'countersign.yaml'), stringify({ targets: [staging, production] }));
    return runCountersign(['rehearse', 'acme/shop', 'staging', '--why', 'before the holidays; bob'], {
      cwd: folder,
      env: { DATABASE_URL: database.writerUrl },
    });
  };
  const rehearse = async (commands: object = {}) => {
    const running = await start(commands);
    const code = await running.ended;
    return { code, said: running.output() };
  };
  const entries = async () =>
    (await listEntries(database.db, { kinds: ['deployment.rehearsed'] })).map(({ content }) => content);
  const documentOf = async (entry: Awaited<ReturnType<typeof entries>>[number] | undefined, name: string) => {
    const sealed = entry?.documents.find((each) => each.name === name);
    const body = await readDocument(database.db, sealed?.commitment ?? '');
    return JSON.parse(body?.toString('utf8') ?? 'null') as unknown;
  };
  const disk = () =>
    Promise.all(
      [0, 1].map(async (index) => ({
        current: await world.current(index),
        releases: await world.list('releases', index),
        own: await world.list('.countersign/releases', index),
        locked: (await world.list('.countersign', index)).includes('lock'),
        history: await world.read('.countersign/history', index),
      })),
    );

  /** A deployment in our books, and where it succeeded, its end in the ledger. */
  const deployment = async (
    state: 'succeeded' | 'running' | 'unknown',
    sequence = 1,
    manifest: unknown = null,
  ) => {
    const now = new Date().toISOString();
    const finished = state === 'succeeded' ? newEntryId(now, random) : null;
    if (finished !== null) {
      const { entries: files } = await readManifest(world.repository.directory, sha);
      await database.db.transaction().execute((tx) =>
        record(
          tx,
          {
            kind: 'deployment.finished',
            occurredAt: now,
            who: [],
            repository: { id: 5, fullName: 'acme/shop' },
            commit: sha,
            pullRequest: null,
            environment: 'staging',
            hosts: [],
            outcome: 'success',
            reasons: [],
            delivery: null,
            answers: null,
            documents: [jsonDocument('manifest', manifest ?? files)],
          },
          { id: finished, now, random },
        ),
      );
    }
    return waitingDeployment(
      database.db,
      {
        repository: { id: 5, owner: 'acme', name: 'shop', installationId: 9 },
        environment: 'staging',
        sha,
      },
      { state, started_sequence: sequence, finished_entry: finished, release: `r${sequence}` },
    );
  };

  /** What a sweep finds of what runs there, as it is recorded. */
  const drift = async () => {
    const pipeline = pipelineOn(database, {} as GitHubReader, {
      targetOf: (_, environment) => ({
        target: {
          ...world.target({ release: 'r1', sha, hosts: [world.host(0), world.host(1)] }),
          environment,
        },
        privateKey: () => Promise.resolve(world.privateKey),
        jumpKeys: () => Promise.resolve({}),
      }),
    });
    await lookAtHosts(pipeline);
    const found = await listEntries(database.db, { kinds: ['control.changed'] });
    return found.map(({ content }) => content.outcome);
  };

  test('passes: deployed, well, back, compared, removed; one entry before and one after', async () => {
    const { finished_entry: runs } = await deployment('succeeded');
    const before = await disk();
    const { code, said } = await rehearse({ health: 'test -x b/run', after_switch: 'cat a' });
    expect(said).toMatch(/✓ 127\.0\.0\.1:\d+ switch\n/);
    expect(said).toMatch(/✓ 127\.0\.0\.1:\d+ switch_back: It was a rehearsal\.\n/);
    expect(said).toMatch(/passed, \d+\.\d s, 4 of 4 files read back\n/);
    expect([code, await disk()]).toEqual([0, before]);
    const [after, begun] = await entries();
    const hosts = [0, 1].map((index) => `127.0.0.1:${world.host(index).port}`);
    expect(begun).toMatchObject({
      outcome: 'begun',
      environment: 'staging',
      commit: sha,
      hosts,
      answers: runs,
    });
    expect(after).toMatchObject({ outcome: 'passed', commit: sha, hosts, answers: begun?.id });
    expect(JSON.stringify([after, begun])).not.toContain('holidays');
    expect(await documentOf(begun, 'rehearsal')).toMatchObject({
      why: 'before the holidays; bob',
      runs: 'r1',
    });
    const told = await documentOf(after, 'rehearsal');
    const reading = { verified: 3, missing: [], altered: {}, extra: {} };
    expect(told).toMatchObject({
      seconds: expect.any(Number),
      hosts: hosts.map((host) => ({
        host,
        outcome: 'passed',
        problems: [],
        found: { kept: 'r1', before: reading, after: reading, differs: [], well: true, removed: true },
      })),
    });
    expect((told as { release: string }).release).toMatch(/^rehearsal-[0-9a-f]{12}-[0-9a-f]{12}$/);
  });

  test('a kept release that somebody tampered with is found, on the host where it is so', async () => {
    await deployment('succeeded');
    await writeFile(path.join(world.path(1), 'releases/r1/a'), 'two');
    await writeFile(path.join(world.path(1), 'releases/r1/b/more'), 'beside it');
    const { code, said } = await rehearse();
    expect(code).toBe(1);
    expect(said).toContain(
      '✗ After it was switched back, r1 was not as recorded (different: a; not in the commit: b/more).',
    );
    const [after] = await entries();
    expect(await documentOf(after, 'rehearsal')).toMatchObject({
      hosts: [{ outcome: 'passed' }, { outcome: 'failed', found: { well: true, after: { verified: 2 } } }],
    });
    expect((await disk()).map(({ current, releases }) => [current, releases])).toEqual([
      ['releases/r1', ['r1']],
      ['releases/r1', ['r1']],
    ]);
  });

  test('what a command of the target’s changes in the kept release meanwhile is found', async () => {
    await deployment('succeeded');
    const { code, said } = await rehearse({ after_switch: 'echo worse > ../r1/a' });
    expect([code, said]).toEqual([1, expect.stringContaining('changed in r1 meanwhile: a\n')]);
  });

  test('a broken health command: the way back is taken, whatever the target says of failures', async () => {
    await deployment('succeeded');
    const before = await disk();
    const { code, said } = await rehearse({ health: 'echo no; exit 3' });
    expect(code).toBe(1);
    expect(said).toMatch(/✗ 127\.0\.0\.1:\d+ health: .* ended with exit code 3/);
    expect(said).toMatch(/✓ 127\.0\.0\.1:\d+ switch_back/);
    expect(said).toContain('It runs r1 again.');
    expect(await disk()).toEqual(before);
    const [after] = await entries();
    expect(after?.outcome).toBe('failed');
    expect(await documentOf(after, 'hosts')).toMatchObject([
      { outcome: 'rolled_back', failedAt: 'health' },
      { outcome: 'rolled_back', failedAt: 'health' },
    ]);
  });

  test('stopped by a signal, it goes no further, clears up and has failed', async () => {
    await deployment('succeeded');
    const before = await disk();
    const running = await start({ before_switch: 'sleep 2' });
    await running.says(/verify\n[^]*verify\n/);
    running.kill('SIGINT');
    expect(await running.ended).toBe(1);
    expect(running.output()).toContain('going back first');
    expect(running.output()).not.toMatch(/✓ \S+ switch\n/);
    expect(running.output()).toContain('✗ Not switched. It was stopped by a signal.');
    expect(await disk()).toEqual(before);
    expect((await entries()).map(({ outcome }) => outcome)).toEqual(['failed', 'begun']);
  });

  test.each<[string, () => Promise<unknown>, RegExp]>([
    [
      'nothing runs there',
      async () => {
        await deployment('succeeded');
        await database.db.updateTable('countersign.deployment').set({ state: 'failed' }).execute();
      },
      /nothing runs in staging/,
    ],
    [
      'a deployment is under way',
      () => deployment('succeeded').then(() => deployment('running', 2)),
      /is under way: wait/,
    ],
    [
      'one is unknown',
      () => deployment('succeeded').then(() => deployment('unknown', 2)),
      /is not known to have ended/,
    ],
    [
      'a host is locked',
      async () => {
        await deployment('succeeded');
        await symlink('r9/0a', path.join(world.path(1), '.countersign/lock'));
      },
      /is locked by r9: .*host unlock/,
    ],
    [
      'a host runs something else',
      async () => {
        await deployment('succeeded');
        await rm(path.join(world.path(1), 'current'));
        await symlink('releases/r0', path.join(world.path(1), 'current'));
      },
      /runs r0, while the ledger has r1/,
    ],
    ['the ledger has another manifest', () => deployment('succeeded', 1, []), /is not the commit's/],
    ['the repository is unknown', () => Promise.resolve(), /acme\/shop was never seen here/],
  ])('refused where %s; nothing is done or recorded', async (_, arrange, reason) => {
    await arrange();
    const before = await disk();
    const { code, said } = await rehearse();
    expect([code, said]).toEqual([2, expect.stringMatching(reason)]);
    expect([await disk(), await entries()]).toEqual([before, []]);
  });

  test('while it goes on no deployment starts there, nor another rehearsal; killed, it leaves a lock and its first entry', async () => {
    const row = await deployment('succeeded');
    const health = `if [ -e ${folder}/slow ]; then sleep 20; fi`;
    await writeFile(path.join(folder, 'slow'), '');
    const first = await start({ health });
    await first.says(/after_switch|✓ 127\.0\.0\.1:\d+ switch\n[^]*switch\n/);
    const begin = () => database.db.transaction().execute((tx) => assertNotRehearsed(tx, row));
    await expect(begin()).rejects.toMatchObject({ code: 'environment_rehearsed' });
    expect(await rehearsalThere(database.db, 5, 'staging')).toMatchObject({ goesOn: true });
    expect(await rehearsalThere(database.db, 5, 'production')).toMatchObject({ goesOn: false, newest: null });
    expect(await rehearse({ health })).toEqual({
      code: 2,
      said: expect.stringContaining('is being rehearsed'),
    });
    // What a sweep sees meanwhile is no drift.
    expect(await drift()).toEqual([]);
    first.kill('SIGKILL');
    await first.ended;
    await rm(path.join(folder, 'slow'));
    for (let tries = 0; tries < 50 && (await rehearsalThere(database.db, 5, 'staging')).goesOn; tries += 1)
      await sleep(100);
    await begin();
    expect((await entries()).map(({ outcome }) => outcome)).toEqual(['begun']);
    const left = await disk();
    expect(left.map(({ current, locked }) => [current, locked])).toEqual(
      [0, 1].map(() => [expect.stringMatching(/^releases\/rehearsal-/), true]),
    );
    expect(await drift()).toEqual(['baseline.gap']);
    // It holds the same files; no other goes on over it until a person has looked.
    expect(await rehearse()).toEqual({ code: 2, said: expect.stringContaining('is locked by rehearsal-') });
    const unlock = runCountersign(['host', 'unlock', 'acme/shop', 'staging', '--why', 'killed; bob'], {
      cwd: folder,
      env: { DATABASE_URL: database.writerUrl },
    });
    expect(await unlock.ended).toBe(0);
    expect(await rehearse({ health })).toMatchObject({ code: 0 });
    expect((await disk()).map(({ current, locked }) => [current, locked])).toEqual(
      [0, 1].map(() => ['releases/r1', false]),
    );
    await world.deploy({
      release: 'r2',
      sha,
      hosts: [world.host(0), world.host(1)],
      running: { release: 'r1', sha },
      target: { shared: ['storage/'] },
    });
    expect(await world.list('releases')).toEqual(['r1', 'r2']);
  });

  test('killed before it switched: what ran runs on, locked; once unlocked, a second one passes and a deployment clears up', async () => {
    await deployment('succeeded');
    const before = await disk();
    const first = await start({ before_switch: 'sleep 20' });
    await first.says(/verify\n[^]*verify\n/);
    first.kill('SIGKILL');
    await first.ended;
    for (let tries = 0; tries < 50 && (await rehearsalThere(database.db, 5, 'staging')).goesOn; tries += 1)
      await sleep(100);
    expect((await entries()).map(({ outcome }) => outcome)).toEqual(['begun']);
    expect((await disk()).map(({ current, locked }) => [current, locked])).toEqual(
      [0, 1].map(() => ['releases/r1', true]),
    );
    // Nothing else runs there than the ledger has.
    expect(await drift()).toEqual(['baseline.whole']);
    expect(await rehearse()).toEqual({ code: 2, said: expect.stringContaining('is locked by rehearsal-') });
    const unlock = runCountersign(['host', 'unlock', 'acme/shop', 'staging', '--why', 'killed; bob'], {
      cwd: folder,
      env: { DATABASE_URL: database.writerUrl },
    });
    expect(await unlock.ended).toBe(0);
    expect(await rehearse()).toMatchObject({ code: 0, said: expect.stringContaining('passed') });
    expect((await entries()).map(({ outcome }) => outcome)).toEqual(['passed', 'begun', 'begun']);
    const outcome = await world.deploy({
      release: 'r2',
      sha,
      hosts: [world.host(0), world.host(1)],
      running: { release: 'r1', sha },
      target: { shared: ['storage/'] },
    });
    expect(outcome.outcome).toBe('success');
    expect(await disk()).toEqual(
      before.map((was) => ({
        ...was,
        current: 'releases/r2',
        releases: ['r1', 'r2'],
        own: expect.anything(),
        history: 'r1\nr2\n',
      })),
    );
  });

  test.each([[['acme/shop']], [['acme/shop', 'staging', 'more']], [['acme/shop', 'staging', '--why', ' ']]])(
    '%j is no call',
    async (args) => {
      const running = runCountersign(['rehearse', ...args], { cwd: folder, env: {} });
      expect(await running.ended).toBe(2);
    },
  );
});
