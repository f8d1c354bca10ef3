import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Effect } from '../../../src/domain/effect.ts';
import type { NewEntry } from '../../../src/domain/entry.ts';
import { openQueue, type Queue } from '../../../src/db/queue.ts';
import { recordOnce, type Recording } from '../../../src/pipeline/record-once.ts';
import { createTestDatabase, query, type TestDatabase } from '../../support/database.ts';
import { pipelineOn } from '../../support/pipeline.ts';
import { scriptedGitHub } from '../../unit/facts/scripted-github.ts';

let database: TestDatabase;
let queue: Queue;
beforeAll(async () => {
  database = await createTestDatabase();
  const log = { error: () => undefined, warn: () => undefined };
  queue = openQueue(database.db, database.writerUrl, { log });
  await queue.start();
});
afterAll(async () => {
  await queue.stop();
  await database.drop();
});

const repository = { id: 5, owner: 'acme', name: 'shop', installationId: 9 };
const entry: NewEntry = {
  kind: 'decision.made',
  occurredAt: '2026-11-27T10:00:00.000Z',
  who: [],
  repository: { id: 5, fullName: 'acme/shop' },
  commit: 'a'.repeat(40),
  pullRequest: 7,
  environment: null,
  hosts: [],
  outcome: 'held',
  reasons: [],
  delivery: null,
  answers: null,
  documents: [],
};
const held: Recording = {
  subject: 'change:5:7',
  basis: 'held',
  verdict: 'held',
  entry: () => entry,
  effects: (entryId): readonly Effect[] => [
    {
      kind: 'check_run',
      key: `check_run:${entryId}`,
      repository,
      entryId,
      checkRun: {
        name: 'countersign/change',
        sha: 'a'.repeat(40),
        externalId: 'change:7',
        status: 'in_progress',
        conclusion: null,
        title: 'Held',
        summary: '',
        text: null,
        actions: [],
      },
    },
  ],
};

const effects = () => database.db.selectFrom('countersign.effect').select(['state', 'error']).execute();

test('a write that was given up is marked, and planned again by the next judgement that says the same', async () => {
  const pipeline = { ...pipelineOn(database, scriptedGitHub({})), queue };
  await recordOnce(pipeline, held);
  // Its last attempt.
  await query(database.superuserUrl, "UPDATE pgboss.job SET retry_limit = 0 WHERE name = 'effect'");
  await queue.work('effect', () => Promise.reject(new Error('GitHub is down')));
  while ((await effects())[0]?.state !== 'failed') await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await effects()).toEqual([{ state: 'failed', error: 'GitHub is down' }]);

  const after = pipelineOn(database, scriptedGitHub({}));
  expect(await recordOnce(after, held)).toMatchObject({ fresh: false });
  expect(await effects()).toEqual([{ state: 'planned', error: null }]);
  expect(after.sent.map(({ queue: name }) => name)).toEqual(['effect']);
  // Once more changes nothing.
  await recordOnce(after, held);
  expect(after.sent).toHaveLength(1);
});
