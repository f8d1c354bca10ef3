import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomBytes, randomUUID } from 'node:crypto';
import { openDatabase } from '../../../src/db/open-database.ts';
import { newEntryId } from '../../../src/ledger/format/entry-id.ts';
import { erase } from '../../../src/ledger/erase/erase.ts';
import { planPersonErasure } from '../../../src/ledger/erase/plan-erasure.ts';
import type { StoredDeployment } from '../../../src/pipeline/deployment/deployment-row.ts';
import { listEntries } from '../../../src/ledger/store/read.ts';
import { cancellerOf } from '../../../src/pipeline/deployment/cancel-deployment.ts';
import { pressButton } from '../../../src/pipeline/command/press-button.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { alice, bob, repository, sha } from '../../support/make-facts.ts';
import { pipelineOn } from '../../support/pipeline.ts';
import { waitingDeployment } from '../../support/waiting-deployment.ts';
import { scriptedGitHub } from '../../unit/facts/scripted-github.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** A deployment that alice asked for, in that state. */
const deployment = (state: StoredDeployment['state'], started = true): Promise<StoredDeployment> =>
  waitingDeployment(
    database.db,
    { repository, environment: 'production', sha: sha('merge') },
    {
      requester_id: alice.id,
      requester_login: alice.login,
      requester_kind: alice.kind,
      state,
      started_entry: started ? randomUUID() : null,
    },
  );

const pipeline = () => pipelineOn(database, scriptedGitHub({}));
const press = (row: StoredDeployment, presser: typeof alice | null) =>
  database.db.transaction().execute((tx) =>
    pressButton(
      tx,
      pipeline(),
      {
        kind: 'press_button',
        repository,
        checkRunId: 1,
        externalId: `deployment:${row.id}`,
        button: 'cancel',
        presser,
      },
      randomUUID(),
    ),
  );
const asked = async (row: StoredDeployment) =>
  row.started_entry === null
    ? []
    : (await listEntries(database.db, { answers: row.started_entry, kinds: ['deployment.cancelled'] })).map(
        ({ content, people }) => [content.outcome, people[0]?.actor?.login],
      );

test.each(['requested', 'held', 'approved', 'rejected', 'succeeded', 'failed', 'superseded'] as const)(
  'pressed on one that is %s: nothing, and nobody is the worse for it',
  async (state) => {
    const row = await deployment(state);
    await press(row, alice);
    expect(await asked(row)).toEqual([]);
    expect(await cancellerOf(pipeline(), row)).toBeNull();
  },
);

test('by somebody whom GitHub doesn’t name, or before it started: nothing', async () => {
  const [running, early] = [await deployment('running'), await deployment('running', false)];
  await press(running, null);
  await press(early, alice);
  expect([await asked(running), await asked(early)]).toEqual([[], []]);
});

test.each(['running', 'unknown'] as const)('on one that is %s, twice: asked once', async (state) => {
  const row = await deployment(state);
  await press(row, alice);
  await press(row, alice);
  expect(await asked(row)).toEqual([['asked', 'alice']]);
});

const verdicts = async () =>
  (await listEntries(database.db, { kinds: ['deployment.cancelled'], outcomes: ['accepted', 'refused'] }))
    .length;

test('whoever asked for the deployment cancels it, though GitHub answers nothing; found once', async () => {
  const row = await deployment('running');
  await press(row, alice);
  const before = await verdicts();
  expect(await cancellerOf(pipeline(), row)).toMatchObject({ actor: { login: 'alice' } });
  expect(await cancellerOf(pipeline(), row)).toMatchObject({ actor: { login: 'alice' } });
  expect((await verdicts()) - before).toBe(1);
  // It is cancelled: another press has nothing to add.
  await press(row, bob);
  expect(await asked(row)).toEqual([['asked', 'alice']]);
});

test('of anybody else GitHub has to say whether they may: while it can’t, it goes on, and is judged again', async () => {
  const row = await deployment('running');
  await press(row, bob);
  const before = await verdicts();
  expect(await cancellerOf(pipeline(), row)).toBeNull();
  expect((await verdicts()) - before).toBe(0);
  // Whoever asked for it need not wait for that.
  await press(row, alice);
  expect(await cancellerOf(pipeline(), row)).toMatchObject({ actor: { login: 'alice' } });
});

test('judged by many hosts at the same moment: recorded once, and all of them hear the same', async () => {
  const row = await deployment('running');
  await press(row, alice);
  const before = await verdicts();
  const heard = await Promise.all(Array.from({ length: 8 }, () => cancellerOf(pipeline(), row)));
  expect(heard.map((by) => by?.actor?.login)).toEqual(Array(8).fill('alice'));
  expect((await verdicts()) - before).toBe(1);
});

test('judged by an attempt that lost the deployment, which has ended meanwhile: nothing is recorded any more', async () => {
  const row = await deployment('running');
  await press(row, alice);
  const { db } = database;
  await db.updateTable('countersign.deployment').set({ state: 'failed' }).where('id', '=', row.id).execute();
  const before = await verdicts();
  expect(await cancellerOf(pipeline(), row)).toBeNull();
  expect((await verdicts()) - before).toBe(0);
});

/** Takes a person out of the ledger, as `countersign erase` does. */
async function eraseWho(who: string): Promise<void> {
  const eraser = openDatabase(database.eraserUrl);
  try {
    const plan = await planPersonErasure(eraser, {
      who,
      alsoDocuments: null,
      needs: { policyOutcomes: [], underWay: [] },
    });
    const now = new Date().toISOString();
    await erase(eraser, plan, null, { now, newId: () => newEntryId(now, randomBytes), random: randomBytes });
  } finally {
    await eraser.destroy();
  }
}

test('whose press it was is erased: one that was found to count goes on counting, one that wasn’t judged can’t be', async () => {
  const [judged, unjudged] = [await deployment('running'), await deployment('running')];
  await press(judged, alice);
  expect(await cancellerOf(pipeline(), judged)).toMatchObject({ actor: { login: 'alice' } });
  await press(unjudged, alice);
  await eraseWho('alice');
  const before = await verdicts();
  expect(await cancellerOf(pipeline(), judged)).toEqual({ actor: null });
  expect(await cancellerOf(pipeline(), unjudged)).toBeNull();
  expect((await verdicts()) - before).toBe(0);
});
