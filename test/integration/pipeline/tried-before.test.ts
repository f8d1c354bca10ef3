import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Effect } from '../../../src/domain/effect.ts';
import { createSigner, generateLedgerKey } from '../../../src/ledger/sequence/signer.ts';
import { startSequencer } from '../../../src/ledger/sequence/sequencer.ts';
import { queueEffects } from '../../../src/pipeline/queue-effects.ts';
import { recordOnce } from '../../../src/pipeline/record-once.ts';
import { runEffect } from '../../../src/pipeline/run-effect.ts';
import { triedBefore } from '../../../src/pipeline/tried-before.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { pipelineOn } from '../../support/pipeline.ts';
import { scriptedGitHub } from '../../unit/facts/scripted-github.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const PLANNED = '2026-03-03T09:30:00.000Z';
const SOON = '2026-03-03T09:30:59.000Z';
const FIRST = { attempt: 1 };
const repository = { id: 800, owner: 'acme', name: 'shop', installationId: 9 };
const at = (now: string) => pipelineOn(database, scriptedGitHub({}), { now: () => now });

/** Plans one of each kind for a request of its own. */
let requests = 0;
function ofRequest() {
  requests += 1;
  const requestId = `00000000-0000-4000-8000-${String(requests).padStart(12, '0')}`;
  const common = { repository, requestId } as const;
  let keys = 0;
  const key = () => `${requestId}:${(keys += 1)}`;
  return {
    status: (state: 'in_progress' | 'success', description = 'Deploying'): Effect => ({
      kind: 'deployment_status',
      key: key(),
      ...common,
      state,
      description,
    }),
    create: (): Effect => ({
      kind: 'create_deployment',
      key: key(),
      ...common,
      sha: 'a'.repeat(40),
      environment: 'production',
      description: 'Approved',
    }),
  };
}

async function plan(...effects: readonly Effect[]) {
  await database.db.transaction().execute((tx) => queueEffects(tx, at(PLANNED).queue, effects, PLANNED));
  return Promise.all(
    effects.map(({ key }) =>
      database.db
        .selectFrom('countersign.effect')
        .selectAll()
        .where('key', '=', key)
        .executeTakeFirstOrThrow(),
    ),
  );
}

const tried = async (effect: Effect, now = SOON, job = FIRST) => {
  const [row] = await plan(effect);
  return row === undefined ? null : triedBefore(at(now), row, job);
};

test('nobody has tried what was planned a moment ago and is begun for the first time', async () => {
  await expect(tried(ofRequest().create())).resolves.toBe(false);
  await expect(tried(ofRequest().status('in_progress'))).resolves.toBe(false);
});

test.each([
  ['at a second try', SOON, { attempt: 2 }],
  ['a minute later, as of a restored backup or a job that was put back', '2026-03-03T09:31:01.000Z', FIRST],
  ['where our clock was set back', '2026-03-03T09:29:59.000Z', FIRST],
])('it may have been tried %s', async (_, now, job) => {
  await expect(tried(ofRequest().create(), now, job)).resolves.toBe(true);
});

test('what was given up once may have been tried', async () => {
  const effect = ofRequest().create();
  await plan(effect);
  const row = await database.db
    .updateTable('countersign.effect')
    .set({ state: 'failed' })
    .where('key', '=', effect.key)
    .returningAll()
    .executeTakeFirstOrThrow();
  await expect(triedBefore(at(SOON), row, FIRST)).resolves.toBe(true);
});

test('what was planned before makes it tried where it makes the same', async () => {
  const { create, status } = ofRequest();
  const effects = [
    create(),
    status('in_progress'),
    create(),
    status('success', 'Deployed'),
    status('in_progress'),
  ];
  const rows = await plan(...effects);
  const found = [];
  for (const row of rows) found.push(await triedBefore(at(SOON), row, FIRST));
  expect(found).toEqual([false, false, true, false, true]);
  // Another request's are its own.
  await expect(tried(ofRequest().create())).resolves.toBe(false);
});

test('a description that differs only behind what GitHub takes is the same', async () => {
  const { status } = ofRequest();
  const rows = await plan(
    ...['a', 'b'].map((end) => status('in_progress', `${'Deploying '.repeat(20)}${end}`)),
  );
  const [, second] = rows;
  await expect(second && triedBefore(at(SOON), second, FIRST)).resolves.toBe(true);
});

test('whoever lost the claim while it waited for the entry’s proof writes nothing', async () => {
  const pipeline = at(SOON);
  const { entryId } = await recordOnce(pipeline, {
    subject: 'change:800:7',
    basis: 'approved',
    verdict: 'approved',
    entry: () => ({
      kind: 'decision.made',
      occurredAt: PLANNED,
      who: [],
      repository: { id: 800, fullName: 'acme/shop' },
      commit: 'a'.repeat(40),
      pullRequest: 7,
      environment: null,
      hosts: [],
      outcome: 'approved',
      reasons: [],
      delivery: null,
      answers: null,
      documents: [],
    }),
    effects: (id) => [
      {
        kind: 'check_run',
        key: `check_run:${id}`,
        repository,
        entryId: id,
        checkRun: {
          name: 'countersign/change',
          sha: 'a'.repeat(40),
          externalId: 'change:7',
          status: 'completed',
          conclusion: 'success',
          title: 'Approved',
          summary: '',
          text: null,
          actions: [],
        },
      },
    ],
  });
  let held = true;
  const assertHeld = () => (held ? Promise.resolve() : Promise.reject(new Error('another attempt has it')));
  const github = scriptedGitHub({});
  const job = { attempt: 1, assertHeld };
  const written = runEffect(
    { ...pipelineOn(database, github, { now: () => SOON }) },
    { key: `check_run:${entryId}` },
    job,
  );
  // It waits for its proof: no sequencer runs yet.
  await sleep(300);
  held = false;
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const signer = createSigner({ origin: 'test.example/ledger/1', privateKey: generateLedgerKey() });
  const sequencer = await startSequencer({ url: database.writerUrl, signer, log });
  try {
    await expect(written).rejects.toThrow('another attempt has it');
  } finally {
    await sequencer.stop();
  }
  expect(github.asked).toEqual([]);
});

test('whoever lost the claim while it looked for what an earlier try left writes nothing either', async () => {
  const effect = ofRequest().create();
  await plan(effect);
  let held = true;
  const route = 'GET /repos/{owner}/{repo}/deployments';
  const github = scriptedGitHub({
    rest: {
      [route]: () => {
        held = false;
        return { data: [] };
      },
    },
  });
  const assertHeld = () => (held ? Promise.resolve() : Promise.reject(new Error('another attempt has it')));
  const pipeline = pipelineOn(database, github, { now: () => SOON });
  await expect(runEffect(pipeline, { key: effect.key }, { attempt: 2, assertHeld })).rejects.toThrow(
    'another attempt has it',
  );
  expect(github.asked).toEqual([route]);
});

test('whoever lost the claim on a first try writes nothing, since it doesn’t look', async () => {
  const effect = ofRequest().create();
  await plan(effect);
  const lost = { attempt: 1, assertHeld: () => Promise.reject(new Error('another attempt has it')) };
  const github = scriptedGitHub({});
  const pipeline = pipelineOn(database, github, { now: () => SOON });
  await expect(runEffect(pipeline, { key: effect.key }, lost)).rejects.toThrow('another attempt has it');
  expect(github.asked).toEqual([]);
});
