import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { CommandAct } from '../../../src/domain/command-answer.ts';
import type { DeploymentFacts } from '../../../src/domain/deployment-facts.ts';
import { mayProceed } from '../../../src/domain/decision.ts';
import type { OpenReview } from '../../../src/domain/emergency-facts.ts';
import { known, type Known } from '../../../src/domain/known.ts';
import { listEntries } from '../../../src/ledger/store/read.ts';
import { queryOf } from '../../../src/ledger/store/query.ts';
import type { StoredDeployment } from '../../../src/pipeline/deployment/deployment-row.ts';
import { emergencyDue } from '../../../src/pipeline/emergency/emergency-due.ts';
import { entriesInUse } from '../../../src/pipeline/entries-in-use.ts';
import {
  findEmergency,
  readDeclared,
  readEmergency,
} from '../../../src/pipeline/emergency/read-emergencies.ts';
import { readOpenReviews } from '../../../src/pipeline/emergency/read-open-reviews.ts';
import { recordBypass } from '../../../src/pipeline/emergency/record-bypass.ts';
import {
  confirmEmergency,
  declareEmergency,
  reviewEmergency,
} from '../../../src/pipeline/emergency/record-emergency.ts';
import { useEmergency } from '../../../src/pipeline/emergency/use-emergency.ts';
import { noteSeen } from '../../../src/pipeline/repository/where-now.ts';
import { evaluateDeployment } from '../../../src/policy/evaluate-deployment.ts';
import type { Policy } from '../../../src/policy/schema.ts';
import { createTestDatabase, query, type TestDatabase } from '../../support/database.ts';
import { alice, carol, dave, frank, sha } from '../../support/make-facts.ts';
import { pipelineOn } from '../../support/pipeline.ts';
import { scriptedGitHub } from '../../unit/facts/scripted-github.ts';
import { urgent, withEmergency } from '../../unit/policy/emergency-cases.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const repository = { id: 500, owner: 'acme', name: 'shop', installationId: 9 };
const START = Date.parse('2026-03-03T09:30:00.000Z');
const at = (minutes: number): string => new Date(START + minutes * 60_000).toISOString();
const reading = { kind: 'valid', policy: withEmergency() } as const;
let places = 0;

/** Everything at one moment; `later` moves it. */
function clocked() {
  let minutes = 0;
  const pipeline = pipelineOn(database, scriptedGitHub({}), { now: () => at(minutes) });
  return { pipeline, later: (to: number) => void (minutes = to) };
}

const inTransaction = <T>(run: (tx: Parameters<typeof declareEmergency>[0]) => Promise<T>): Promise<T> =>
  database.db.transaction().execute(run);

const act = (environment: string): Extract<CommandAct, { kind: 'declare' }> => ({
  kind: 'declare',
  environment,
  sha: sha('merge'),
  ref: 'main',
  why: 'nobody can pay',
  incident: 'INC-42',
  expiresAt: at(60),
  confirm: 'somebody',
});
const by = (actor: typeof dave) => ({
  repository,
  number: 12,
  by: actor,
  delivery: randomUUID(),
  answers: randomUUID(),
});

/** An emergency that carol confirmed, in an environment of its own. */
async function confirmed({ pipeline }: ReturnType<typeof clocked>) {
  places += 1;
  const environment = `production-${places}`;
  const entry = await inTransaction((tx) => declareEmergency(tx, pipeline, act(environment), by(dave)));
  const { sha: commit, ref, expiresAt } = act(environment);
  const confirmation = {
    kind: 'confirm',
    environment,
    sha: commit,
    ref,
    emergency: entry,
    declaredBy: dave,
    expiresAt,
  } as const;
  const confirm = () => inTransaction((tx) => confirmEmergency(tx, pipeline, confirmation, by(carol)));
  await confirm();
  return { environment, entry, confirm };
}

async function waiting(environment: string): Promise<StoredDeployment> {
  const id = randomUUID();
  return database.db
    .insertInto('countersign.deployment')
    .values({
      id,
      subject_key: id,
      repository_id: repository.id,
      installation_id: 9,
      owner: 'acme',
      name: 'shop',
      environment,
      source: 'api',
      ref: 'main',
      sha: sha('merge'),
      requester_id: null,
      requester_login: null,
      requester_kind: null,
      requested_at: new Date(START),
      github_deployment_id: null,
      run_id: null,
      state: 'held',
      started_sequence: null,
      request_entry: randomUUID(),
      decision_entry: null,
      started_entry: null,
      finished_entry: null,
      release: null,
      updated_at: new Date(START),
    })
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** The approval of a deployment, on the emergency as the ledger has it at this moment. */
async function judged(row: StoredDeployment, now: string) {
  const emergency = await readEmergency(
    database.db,
    { repositoryId: repository.id, environment: row.environment, commit: row.sha, id: row.id },
    now,
  );
  const facts: DeploymentFacts = { ...urgent({ emergency, request: { id: row.id } }), gatheredAt: now };
  return { facts, reading, decision: evaluateDeployment(reading, facts) };
}

const kinds = async (environment: string) =>
  (await listEntries(database.db, { repositoryId: repository.id, environment }))
    .toReversed()
    .map(({ content }) => content.kind);

describe('an emergency in the ledger', () => {
  test('is read back with who declared and confirmed it, and has its end waiting from the very first', async () => {
    const clock = clocked();
    const { environment, entry } = await confirmed(clock);
    expect(clock.pipeline.sent).toContainEqual({
      queue: 'emergency',
      data: { due: 'expiry', entry, repository },
      startAfterSeconds: 3_600,
    });
    const row = await waiting(environment);
    const place = { repositoryId: repository.id, environment, commit: sha('merge'), id: row.id };
    expect(await readEmergency(database.db, place, at(1))).toEqual(
      known({
        entry,
        declaredBy: dave,
        declaredAt: at(0),
        expiresAt: at(60),
        why: 'nobody can pay',
        incident: 'INC-42',
        pullRequest: 12,
        confirmed: { by: carol, at: at(0) },
        usedBy: null,
        expired: false,
      }),
    );
    expect(await readEmergency(database.db, { ...place, commit: sha('other') }, at(1))).toEqual(known(null));
    expect(await readDeclared(database.db, repository.id, environment)).toMatchObject({
      value: [{ entry, commit: sha('merge') }],
    });
    expect(await findEmergency(database.db, repository.id, entry.slice(-8))).toMatchObject({
      value: { kind: 'emergency', entry, environment, opened: null, reviewed: false },
    });
    expect(await findEmergency(database.db, 501, entry.slice(-8))).toEqual(known(null));
    expect(await entriesInUse(queryOf(database.db))).toContain(entry);
  });

  test('is confirmed once', async () => {
    const { environment, confirm } = await confirmed(clocked());
    await expect(confirm()).rejects.toMatchObject({ code: 'facts_moved' });
    expect(await kinds(environment)).toEqual(['emergency.declared', 'emergency.confirmed']);
  });

  test('of which what was said is gone lifts nothing', async () => {
    const { environment, entry } = await confirmed(clocked());
    const [said] = await listEntries(database.db, { environment, kinds: ['emergency.declared'] });
    const commitment = Buffer.from(said?.content.documents[0]?.commitment ?? '', 'base64url');
    await query(database.eraserUrl, 'DELETE FROM ledger.document WHERE commitment = $1', [commitment]);
    const row = await waiting(environment);
    const { decision } = await judged(row, at(1));
    expect(decision.verdict).toBe('held');
    expect(decision.gates.find(({ gate }) => gate === 'emergency')?.reasons[0]?.code).toBe(
      'emergency_erased',
    );
    expect(await findEmergency(database.db, repository.id, entry.slice(-8))).toMatchObject({
      value: { emergency: { erased: true, why: '', incident: null, expiresAt: at(0) } },
    });
  });
});

test('an emergency that was erased stands in the way of no other one, and ends', async () => {
  const clock = clocked();
  const { environment, entry } = await confirmed(clock);
  const [said] = await listEntries(database.db, { environment, kinds: ['emergency.declared'] });
  const commitment = Buffer.from(said?.content.documents[0]?.commitment ?? '', 'base64url');
  await query(database.eraserUrl, 'DELETE FROM ledger.document WHERE commitment = $1', [commitment]);
  clock.later(1);
  const anew = await inTransaction((tx) =>
    declareEmergency(tx, clock.pipeline, { ...act(environment), expiresAt: at(61) }, by(dave)),
  );
  expect(await readDeclared(database.db, repository.id, environment)).toMatchObject({
    value: [{ entry: anew }, { entry, erased: true }],
  });
  const row = await waiting(environment);
  const place = { repositoryId: repository.id, environment, commit: sha('merge'), id: row.id };
  expect(await readEmergency(database.db, place, at(2))).toMatchObject({ value: { entry: anew } });
  // Its job comes when it would have ended.
  clock.later(60);
  await emergencyDue(clock.pipeline, { due: 'expiry', entry, repository });
  expect(await kinds(environment)).toContain('emergency.expired');
});

describe('the use of an emergency', () => {
  test('is one deployment’s, of two that were approved at the same moment', async () => {
    const clock = clocked();
    const { environment, entry } = await confirmed(clock);
    const rows = [await waiting(environment), await waiting(environment), await waiting(environment)];
    const assessed = await Promise.all(rows.map((row) => judged(row, at(1))));
    expect(assessed.map(({ decision }) => decision.verdict)).toEqual(['approved', 'approved', 'approved']);
    const uses = await Promise.allSettled(
      rows.map((row, index) =>
        inTransaction((tx) => useEmergency(tx, clock.pipeline, row, assessed[index] ?? assessed[0]!)),
      ),
    );
    expect(uses.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect((await kinds(environment)).filter((kind) => kind === 'emergency.used')).toHaveLength(1);
    const winner = rows[uses.findIndex(({ status }) => status === 'fulfilled')];
    for (const row of rows) {
      const again = await judged(row, at(2));
      expect(again.decision.verdict).toBe(row === winner ? 'approved' : 'held');
      // Judged again until it starts, it takes nothing a second time.
      if (row === winner) await inTransaction((tx) => useEmergency(tx, clock.pipeline, row, again));
    }
    expect((await kinds(environment)).filter((kind) => kind === 'emergency.used')).toHaveLength(1);
    expect(clock.pipeline.sent).toContainEqual({
      queue: 'emergency',
      data: { due: 'review', entry, repository },
      startAfterSeconds: 86_400,
    });
  });

  test('is not to be had where its end was recorded, or its time is over, while the approval was judged', async () => {
    const clock = clocked();
    const { environment, entry } = await confirmed(clock);
    const row = await waiting(environment);
    const approved = await judged(row, at(59));
    expect(approved.decision.verdict).toBe('approved');
    clock.later(61);
    const use = () => inTransaction((tx) => useEmergency(tx, clock.pipeline, row, approved));
    await expect(use()).rejects.toMatchObject({ code: 'facts_moved' });
    await emergencyDue(clock.pipeline, { due: 'expiry', entry, repository });
    clock.later(59);
    await expect(use()).rejects.toMatchObject({ code: 'facts_moved' });
    expect(await kinds(environment)).toEqual([
      'emergency.declared',
      'emergency.confirmed',
      'emergency.expired',
    ]);
    expect(await entriesInUse(queryOf(database.db))).not.toContain(entry);
  });

  test('stands while another one is declared for the same commit', async () => {
    const clock = clocked();
    const { environment } = await confirmed(clock);
    const row = await waiting(environment);
    await inTransaction(async (tx) => useEmergency(tx, clock.pipeline, row, await judged(row, at(1))));
    await inTransaction((tx) => declareEmergency(tx, clock.pipeline, act(environment), by(dave)));
    expect((await judged(row, at(2))).decision.verdict).toBe('approved');
    expect((await judged(await waiting(environment), at(2))).decision.verdict).toBe('held');
  });

  test('is one also where the repository only observes, and what was lifted is the organisation’s', async () => {
    const clock = clocked();
    const { environment } = await confirmed(clock);
    const row = await waiting(environment);
    const { facts } = await judged(row, at(1));
    const policy: Policy = {
      ...withEmergency({ lifts: ['after'] }),
      mode: 'observe',
      baseline: {
        version: 1,
        environments: {
          production: {
            approvals: { required: 1, from: 'environment' },
            emergency: { lifts: ['approvals', 'after'] },
          },
        },
      },
    };
    const observing = { kind: 'valid', policy } as const;
    const decision = evaluateDeployment(observing, facts);
    expect([decision.mode, decision.verdict, mayProceed(decision)]).toEqual(['observe', 'held', true]);
    await inTransaction((tx) =>
      useEmergency(tx, clock.pipeline, row, { facts, reading: observing, decision }),
    );
    expect(await kinds(environment)).toContain('emergency.used');
  });

  test('is nobody’s where nothing was lifted', async () => {
    const clock = clocked();
    const { environment } = await confirmed(clock);
    const row = await waiting(environment);
    const { facts } = await judged(row, at(1));
    const { decision } = { decision: { ...evaluateDeployment(reading, facts), gates: [] } };
    await inTransaction((tx) => useEmergency(tx, clock.pipeline, row, { facts, reading, decision }));
    expect(await kinds(environment)).toEqual(['emergency.declared', 'emergency.confirmed']);
  });
});

describe('what is due', () => {
  test('comes once, however often its job is done, and waits for the rest where it comes too early', async () => {
    const clock = clocked();
    const { environment, entry } = await confirmed(clock);
    const job = { due: 'expiry', entry, repository };
    clock.later(59);
    await emergencyDue(clock.pipeline, job);
    expect(clock.pipeline.sent.at(-1)).toEqual({ queue: 'emergency', data: job, startAfterSeconds: 60 });
    clock.later(60);
    const row = await waiting(environment);
    await emergencyDue(clock.pipeline, job);
    await emergencyDue(clock.pipeline, job);
    expect(await kinds(environment)).toEqual([
      'emergency.declared',
      'emergency.confirmed',
      'emergency.expired',
    ]);
    expect(clock.pipeline.sent).toContainEqual({
      queue: 'deployment',
      data: { id: row.id, delivery: null },
      startAfterSeconds: 0,
    });
  });

  test('is no end of what was used, but what has not started is judged again', async () => {
    const clock = clocked();
    const { environment, entry } = await confirmed(clock);
    const row = await waiting(environment);
    await inTransaction(async (tx) => useEmergency(tx, clock.pipeline, row, await judged(row, at(1))));
    clock.later(60);
    await emergencyDue(clock.pipeline, { due: 'expiry', entry, repository });
    expect(await kinds(environment)).not.toContain('emergency.expired');
    expect(clock.pipeline.sent.at(-1)?.data).toEqual({ id: row.id, delivery: null });
    const { decision } = await judged(row, at(60));
    expect(decision.verdict).toBe('held');
  });

  test('of an emergency that the ledger doesn’t have is an error', async () => {
    const job = { due: 'expiry', entry: randomUUID(), repository };
    await expect(emergencyDue(clocked().pipeline, job)).rejects.toMatchObject({ code: 'facts_moved' });
  });
});

/** What awaits a review in the repository, of one environment: each test has its own. */
async function openIn(environment: string): Promise<Known<readonly OpenReview[]>> {
  const open = await readOpenReviews(database.db, repository.id);
  return open.known ? known(open.value.filter((review) => review.environment === environment)) : open;
}

describe('a review', () => {
  test('is open from the use on, names who can’t give it, and closes once', async () => {
    const clock = clocked();
    const { environment, entry } = await confirmed(clock);
    const row = await waiting(environment);
    await inTransaction(async (tx) => useEmergency(tx, clock.pipeline, row, await judged(row, at(1))));
    expect(await openIn(environment)).toEqual(
      known([{ entry, kind: 'emergency', commit: sha('merge'), environment, at: at(0), dueAt: at(24 * 60) }]),
    );
    expect(await findEmergency(database.db, repository.id, entry.slice(-8))).toMatchObject({
      value: { opened: { at: at(0), by: [dave] }, madeBy: known([alice.id]) },
    });
    const close = () =>
      inTransaction((tx) =>
        reviewEmergency(
          tx,
          clock.pipeline,
          {
            kind: 'review',
            environment,
            emergency: entry,
            sha: sha('merge'),
            verdict: 'justified',
            why: 'it was',
          },
          by(frank),
        ),
      );
    await close();
    await expect(close()).rejects.toMatchObject({ code: 'facts_moved' });
    expect(await openIn(environment)).toEqual(known([]));
    expect(await entriesInUse(queryOf(database.db))).not.toContain(entry);
    await emergencyDue(clock.pipeline, { due: 'expiry', entry, repository });
    expect(await kinds(environment)).not.toContain('emergency.overdue');
  });

  test('that is overdue is recorded and told of, though the App was installed anew since, and GitHub shows nothing', async () => {
    const clock = clocked();
    const { environment, entry } = await confirmed(clock);
    const row = await waiting(environment);
    await inTransaction(async (tx) => useEmergency(tx, clock.pipeline, row, await judged(row, at(1))));
    clock.later(24 * 60);
    const gone = { ...clock.pipeline, github: () => Promise.reject(new Error('no such installation')) };
    await noteSeen(database.db, { ...repository, owner: 'globex', installationId: 10 });
    await emergencyDue(gone, { due: 'review', entry, repository });
    expect(await kinds(environment)).toContain('emergency.overdue');
    const [overdue] = await listEntries(database.db, { environment, kinds: ['emergency.overdue'] });
    expect(overdue?.content.repository).toEqual({ id: '500', name: 'globex/shop' });
    const { effect } = await database.db
      .selectFrom('countersign.effect')
      .select('effect')
      .where('key', 'like', `%${overdue?.id ?? '-'}`)
      .executeTakeFirstOrThrow();
    expect(effect).toMatchObject({ kind: 'comment', repository: { owner: 'globex', installationId: 10 } });
    await noteSeen(database.db, repository);
  });

  test('of a bypass is due by the clock of when it was found, and found once', async () => {
    const { pipeline } = clocked();
    places += 1;
    const environment = `production-${places}`;
    const row = await waiting(environment);
    const note = () =>
      inTransaction((tx) =>
        recordBypass(
          tx,
          pipeline,
          row,
          { reading: { kind: 'absent' }, facts: urgent() },
          { how: 'job', who: { role: 'requester', actor: dave }, delivery: null, answers: null },
        ),
      );
    const { entryId, message } = await note();
    expect(await note()).toEqual({ entryId, fresh: false, message });
    expect(message).toContain(`/countersign review ${entryId.slice(-8)} justified`);
    expect(await openIn(environment)).toEqual(
      known([
        { entry: entryId, kind: 'bypass', commit: sha('merge'), environment, at: at(0), dueAt: at(24 * 60) },
      ]),
    );
    expect(await entriesInUse(queryOf(database.db))).toContain(entryId);
  });
});

test.each([
  'UPDATE countersign.emergency_act SET entry_id = entry_id',
  'DELETE FROM countersign.emergency_act',
])('the program’s role can’t make what happened happen again: %s', async (text) => {
  await expect(query(database.writerUrl, text)).rejects.toThrow(/permission denied/);
});
