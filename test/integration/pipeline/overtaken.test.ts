import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ONE_BY_ONE } from '../../../src/deploy/plan-rollout.ts';
import { listEntries, readDocument } from '../../../src/ledger/store/read.ts';
import type { StoredDeployment } from '../../../src/pipeline/deployment/deployment-row.ts';
import { mayStillRun } from '../../../src/pipeline/deployment/may-still-run.ts';
import type { DeployTarget } from '../../../src/pipeline/pipeline.ts';
import { runDeploy } from '../../../src/pipeline/deployment/run-deploy.ts';
import { startDeployment } from '../../../src/pipeline/deployment/start-deployment.ts';
import { evaluateDeployment } from '../../../src/policy/evaluate-deployment.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { DeployWorld, SSHD_USABLE } from '../../support/deploy/deploy-world.ts';
import { type GitHttpServer, startGitHttpServer } from '../../support/deploy/git-http-server.ts';
import { makeDeploymentFacts, POLICY, policyOf, repository, sha } from '../../support/make-facts.ts';
import { pipelineOn } from '../../support/pipeline.ts';
import { waitingDeployment } from '../../support/waiting-deployment.ts';
import { scriptedGitHub } from '../../unit/facts/scripted-github.ts';

const onSshd = SSHD_USABLE ? describe : describe.skip;

/** Two hosts. A deployment is begun, its worker dies, and whoever takes it up finds that time went on. */
onSshd('a deployment that is taken up again', () => {
  let world: DeployWorld;
  let git: GitHttpServer;
  let folder: string;
  let database: TestDatabase;
  let target: DeployTarget | null;
  const commits: string[] = [];

  beforeAll(async () => {
    world = await DeployWorld.create(['web1', 'web2']);
    git = await startGitHttpServer(world.repository.directory, 'token');
    folder = await mkdtemp(path.join(tmpdir(), 'countersign-overtaken-'));
    for (const a of ['before', 'older', 'newer']) commits.push(await world.repository.commit({ a }));
  });
  beforeEach(async () => {
    await world.clear();
    database = await createTestDatabase();
    const hosts = [world.host(0), world.host(1)];
    target = {
      target: world.target({ release: '', sha: '', hosts }),
      privateKey: () => Promise.resolve(world.privateKey),
      jumpKeys: () => Promise.resolve({}),
    };
  });
  afterEach(() => database.drop());
  afterAll(async () => {
    await git.stop();
    await world.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const pipeline = (later = 0) =>
    pipelineOn(database, scriptedGitHub({}), {
      now: () => new Date(Date.now() + later).toISOString(),
      contentsToken: () => Promise.resolve('token'),
      cloneUrl: () => git.url,
      mirrors: folder,
      targetOf: () => target,
    });

  /** An approved deployment that has just been moved to running. */
  async function begin(which: number): Promise<StoredDeployment> {
    const waiting = await waitingDeployment(
      database.db,
      { repository, environment: 'production', sha: commits[which] ?? '' },
      { state: 'approved' },
    );
    const facts = makeDeploymentFacts({ request: { id: waiting.id, sha: waiting.sha } });
    const reading = { kind: 'valid', policy: policyOf() } as const;
    const source = { path: 'p', ref: 'main', commit: sha('base'), text: POLICY };
    const decision = evaluateDeployment(reading, facts);
    const row = await startDeployment(
      pipeline(),
      waiting,
      { source, reading, facts, decision, policy: null },
      target,
    );
    if (row === null) throw new Error('it did not start');
    const key = `deploy:${row.id}`;
    const effect = { kind: 'deploy', key, repository, requestId: row.id, environment: 'production' };
    await database.db
      .insertInto('countersign.effect')
      .values({
        key,
        ordering_key: key,
        effect: JSON.stringify({ ...effect, hasTarget: true }),
        state: 'planned',
        remote_id: null,
        error: null,
        planned_at: new Date(),
        finished_at: null,
      })
      .execute();
    return row;
  }

  /** `later`: so many milliseconds after it was begun, by the clock. */
  const carryOn = (
    { id }: StoredDeployment,
    attempt: number,
    assertHeld = () => Promise.resolve(),
    later = 0,
  ) =>
    runDeploy(
      pipeline(later),
      { key: `deploy:${id}` },
      { attempt, signal: new AbortController().signal, assertHeld },
    );
  /** Its worker dies before the next step once this is so. */
  const dieOnce = (row: StoredDeployment, so: () => Promise<boolean>) =>
    expect(
      carryOn(row, 2, async () => {
        if (await so()) throw new Error('the worker died');
      }),
    ).rejects.toThrow('the worker died');
  const currents = () => Promise.all([world.current(0), world.current(1)]);
  const releaseOf = ({ release }: StoredDeployment) => `releases/${release ?? ''}`;
  const locks = async () =>
    (await Promise.all([0, 1].map((index) => world.list('.countersign', index)))).map((names) =>
      names.includes('lock'),
    );
  const locked = async () => (await locks()).includes(true);
  const breakLocks = () =>
    Promise.all(
      [0, 1].map((index) => rm(path.join(world.path(index), '.countersign/lock'), { force: true })),
    );
  /** How it ended, by each entry, and what the last of them says. */
  const ends = async ({ started_entry: started }: StoredDeployment) => {
    const found = await listEntries(database.db, {
      answers: started ?? '',
      kinds: ['deployment.finished'],
    });
    const message = found[0]?.content.documents.find(({ name }) => name === 'message');
    const body = message === undefined ? null : await readDocument(database.db, message.commitment);
    return { outcomes: found.map(({ content }) => content.outcome), message: body?.toString() ?? '' };
  };
  const failing = (onFailure: 'stop') => {
    if (target !== null)
      target = { ...target, target: { ...target.target, rollout: { ...ONE_BY_ONE, onFailure } } };
  };
  /** What the last end says of each host. */
  const told = async ({ started_entry: started }: StoredDeployment) => {
    const [end] = await listEntries(database.db, { answers: started ?? '', kinds: ['deployment.finished'] });
    const bodies = await Promise.all(
      (end?.content.documents ?? []).map(({ commitment }) => readDocument(database.db, commitment)),
    );
    return bodies.map(String);
  };
  const stored = ({ id }: StoredDeployment) =>
    database.db
      .selectFrom('countersign.deployment')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirstOrThrow();

  test('by the next attempt, a moment later: it goes on', async () => {
    const older = await begin(1);
    await dieOnce(older, () => locked());
    await carryOn(older, 3);
    expect([await currents(), (await ends(older)).outcomes]).toEqual([
      [releaseOf(older), releaseOf(older)],
      ['success'],
    ]);
  });

  test('once another was deployed: that one stays, and this one has failed', async () => {
    const older = await begin(1);
    await dieOnce(older, () => locked());
    await breakLocks();
    const newer = await begin(2);
    await carryOn(newer, 2);
    await carryOn(older, 1);
    const { outcomes, message } = await ends(older);
    expect([await currents(), await locked(), outcomes]).toEqual([
      [releaseOf(newer), releaseOf(newer)],
      false,
      ['failure'],
    ]);
    expect(message).toContain('It runs nowhere');
    expect(message).toContain(`A deployment of ${commits[2] ?? ''} to production was begun after it`);
    expect(await mayStillRun(database.db, await stored(older))).toBe(false);
    // Its job may come once more.
    await carryOn(older, 2);
    expect((await ends(older)).outcomes).toEqual(['failure']);
  });

  test('before any host was spoken to, and another was deployed: nothing is switched either', async () => {
    const older = await begin(1);
    const newer = await begin(2);
    await carryOn(newer, 2);
    await carryOn(older, 2);
    expect([await currents(), (await ends(older)).outcomes]).toEqual([
      [releaseOf(newer), releaseOf(newer)],
      ['failure'],
    ]);
  });

  test('switched on one host, and another was begun and went nowhere: it is seen where it runs, and switched neither on nor back', async () => {
    const before = await begin(0);
    await carryOn(before, 2);
    const older = await begin(1);
    await dieOnce(older, async () => (await world.current(0)) === releaseOf(older));
    await begin(2);
    await carryOn(older, 1);
    expect([await currents(), await locked(), (await ends(older)).outcomes]).toEqual([
      [releaseOf(older), releaseOf(before)],
      false,
      ['failure'],
    ]);
    expect(await mayStillRun(database.db, await stored(older))).toBe(true);
  });

  test('switched on one host, where another holds the lock now: nobody knows, until it is free', async () => {
    const before = await begin(0);
    await carryOn(before, 2);
    const older = await begin(1);
    await dieOnce(older, async () => (await world.current(0)) === releaseOf(older));
    await breakLocks();
    const newer = await begin(2);
    await dieOnce(newer, async () => !(await locks()).includes(false));
    await expect(carryOn(older, 3)).rejects.toThrow('unknown');
    expect([await currents(), (await ends(older)).outcomes]).toEqual([
      [releaseOf(older), releaseOf(before)],
      ['unknown'],
    ]);
    await carryOn(newer, 3);
    await carryOn(older, 1);
    expect([await currents(), (await ends(older)).outcomes]).toEqual([
      [releaseOf(newer), releaseOf(newer)],
      ['failure', 'unknown'],
    ]);
  });

  test('put back by somebody after all of its attempts: nothing is switched to it, though nothing else was deployed', async () => {
    const before = await begin(0);
    await carryOn(before, 2);
    const older = await begin(1);
    await dieOnce(older, () => locked());
    await carryOn(older, 1);
    const { outcomes, message } = await ends(older);
    expect([await currents(), await locked(), outcomes]).toEqual([
      [releaseOf(before), releaseOf(before)],
      false,
      ['failure'],
    ]);
    expect(message).toContain('It was begun long ago');
  });

  test('put back by somebody, switched on one host, and the target says to roll back: both run again what they ran before', async () => {
    const before = await begin(0);
    await carryOn(before, 2);
    const older = await begin(1);
    await dieOnce(older, async () => (await world.current(0)) === releaseOf(older));
    await carryOn(older, 1);
    expect([await currents(), await locked(), (await ends(older)).outcomes]).toEqual([
      [releaseOf(before), releaseOf(before)],
      false,
      ['failure'],
    ]);
    const { [1]: second } = await told(older);
    expect(second).toContain('what it was approved by is too long ago, so it isn’t switched to any more');
  });

  test('put back by somebody, switched on one host, and the target says to stop: it stays there, and goes no further', async () => {
    const before = await begin(0);
    await carryOn(before, 2);
    failing('stop');
    const older = await begin(1);
    await dieOnce(older, async () => (await world.current(0)) === releaseOf(older));
    await carryOn(older, 1);
    expect([await currents(), await locked(), (await ends(older)).outcomes]).toEqual([
      [releaseOf(older), releaseOf(before)],
      false,
      ['failure'],
    ]);
    expect(await mayStillRun(database.db, await stored(older))).toBe(true);
  });

  test('lost from sight, and found again: it goes on within an hour, and no longer', async () => {
    const before = await begin(0);
    await carryOn(before, 2);
    failing('stop');
    const older = await begin(1);
    await dieOnce(older, async () => (await world.current(0)) === releaseOf(older));
    await database.db
      .updateTable('countersign.deployment')
      .set({ state: 'unknown' })
      .where('id', '=', older.id)
      .execute();
    await carryOn(older, 1, undefined, 3_601_000);
    expect([await currents(), (await ends(older)).outcomes]).toEqual([
      [releaseOf(older), releaseOf(before)],
      ['failure'],
    ]);
    const newer = await begin(2);
    await dieOnce(newer, async () => (await world.current(0)) === releaseOf(newer));
    await database.db
      .updateTable('countersign.deployment')
      .set({ state: 'unknown' })
      .where('id', '=', newer.id)
      .execute();
    await carryOn(newer, 1, undefined, 3_500_000);
    expect([await currents(), (await ends(newer)).outcomes]).toEqual([
      [releaseOf(newer), releaseOf(newer)],
      ['success'],
    ]);
  });

  test('whose target is gone: it has failed, its entry names where it may run, and a soak there ends', async () => {
    const older = await begin(1);
    await dieOnce(older, async () => (await world.current(0)) === releaseOf(older));
    const hosts = target?.target.hosts.map(({ host, port }) => `${host}:${port}`) ?? [];
    target = null;
    await carryOn(older, 3);
    const row = await stored(older);
    const [end] = await listEntries(database.db, { answers: row.started_entry ?? randomUUID() });
    expect(end?.content).toMatchObject({ outcome: 'failure', hosts });
    expect((await ends(older)).message).toContain(`may run on ${hosts.join(', ')}`);
    expect(await mayStillRun(database.db, row)).toBe(true);
  });
});
