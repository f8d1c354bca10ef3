import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { GitHubReader } from '../../../../src/facts/github-reader.ts';
import { listEntries } from '../../../../src/ledger/store/read.ts';
import { queueEffects } from '../../../../src/pipeline/queue-effects.ts';
import { regainRepository } from '../../../../src/pipeline/repository/regain-repository.ts';
import { runEffect } from '../../../../src/pipeline/run-effect.ts';
import { seenAt } from '../../../../src/pipeline/repository/where-now.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts';
import { pipelineOn } from '../../../support/pipeline.ts';
import { scriptedGitHub } from '../../../unit/facts/scripted-github.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const REACTION = 'POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions';
const JOB = { attempt: 1, assertHeld: () => Promise.resolve() };
const NOW = '2026-03-03T09:30:00.000Z';
const old = { id: 800, owner: 'acme', name: 'shop', installationId: 9 };
const moved = { id: 800, owner: 'globex', name: 'store', installationId: 10 };

/** What GitHub lists of an installation. */
const listing = (...repositories: readonly (typeof old)[]): GitHubReader =>
  scriptedGitHub({
    rest: {
      'GET /installation/repositories': () => ({
        data: {
          repositories: repositories.map(({ id, owner, name }) => ({ id, name, owner: { login: owner } })),
        },
      }),
    },
  });

const names = async () =>
  (await listEntries(database.db, { repositoryId: 800, outcomes: ['repository_renamed'] })).map(
    ({ content }) => content.repository?.name,
  );

test('what was planned before a repository moved is written where it is now', async () => {
  const asked: unknown[] = [];
  const installations: number[] = [];
  const github = scriptedGitHub({
    rest: {
      [REACTION]: ({ owner, repo }) => {
        asked.push([owner, repo]);
        return { data: { id: 1 } };
      },
    },
  });
  const pipeline = pipelineOn(database, github, {
    now: () => NOW,
    github: (id) => {
      installations.push(id);
      return Promise.resolve(github);
    },
  });
  const plan = async (key: string) => {
    const effect = {
      kind: 'reaction',
      key,
      repository: old,
      number: 12,
      commentId: 5,
      content: 'eyes',
    } as const;
    await database.db.transaction().execute((tx) => queueEffects(tx, pipeline.queue, [effect], NOW));
  };
  await plan('reaction:before');
  await plan('reaction:after');
  await runEffect(pipeline, { key: 'reaction:before' }, JOB);
  const how = { github, delivery: null, listed: true };
  await regainRepository(pipeline, old, how);
  await regainRepository(pipeline, moved, how);
  await runEffect(pipeline, { key: 'reaction:after' }, JOB);
  expect(asked).toEqual([
    ['acme', 'shop'],
    ['globex', 'store'],
  ]);
  expect(installations).toEqual([9, 10]);
  const [done] = await listEntries(database.db, { repositoryId: 800, kinds: ['effect.finished'] });
  expect(done?.content.repository?.name).toBe('globex/store');
  expect(await names()).toEqual(['globex/store']);
});

test('a delivery that comes late takes nothing back: GitHub is asked', async () => {
  const pipeline = pipelineOn(database, scriptedGitHub({}), { now: () => NOW });
  const told = { delivery: 'late', listed: false };
  await regainRepository(pipeline, old, { ...told, github: listing({ ...old, id: 801 }) });
  expect(await seenAt(database.db, 800)).toEqual(moved);
  await regainRepository(pipeline, { ...moved, name: 'late' }, { ...told, github: listing(moved) });
  expect(await seenAt(database.db, 800)).toEqual(moved);
  expect(await names()).toEqual(['globex/store']);
});

test('each change of its name is recorded, also back to one that it had, and also where no delivery told of any', async () => {
  const pipeline = pipelineOn(database, scriptedGitHub({}), { now: () => NOW });
  const how = { github: scriptedGitHub({}), delivery: null, listed: true };
  for (const name of ['shop', 'store', 'shop', 'shop'])
    await regainRepository(pipeline, { ...moved, name }, how);
  expect((await names()).toReversed()).toEqual([
    'globex/store',
    'globex/shop',
    'globex/store',
    'globex/shop',
  ]);
});
