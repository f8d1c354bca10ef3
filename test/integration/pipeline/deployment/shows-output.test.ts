import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { DeployTarget } from '../../../../src/pipeline/pipeline.ts';
import { recordCoverage } from '../../../../src/pipeline/control/record-coverage.ts';
import { noteShowsOutput } from '../../../../src/pipeline/deployment/shows-output.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts';
import { repository, sha } from '../../../support/make-facts.ts';
import { pipelineOn } from '../../../support/pipeline.ts';
import { waitingDeployment } from '../../../support/waiting-deployment.ts';
import { scriptedGitHub } from '../../../unit/facts/scripted-github.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const target = (showOutput: boolean) => ({ target: { showOutput } }) as DeployTarget;
const seenBy = (visibility: string) =>
  pipelineOn(
    database,
    scriptedGitHub({ graphql: () => ({ repository: { databaseId: repository.id, visibility } }) }),
  );
const silent = () => pipelineOn(database, scriptedGitHub({}));

const attempted = (over: { log_key: string | null; log_shows_output: boolean }) =>
  waitingDeployment(
    database.db,
    { repository, environment: 'production', sha: sha('merge') },
    { state: 'running', ...over },
  );
const shown = async (id: string) =>
  (
    await database.db
      .selectFrom('countersign.deployment')
      .select('log_shows_output')
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
  ).log_shows_output;

test.each([
  ['private', true, () => seenBy('PRIVATE'), false],
  ['internal', false, () => seenBy('INTERNAL'), false],
  ['public', false, () => seenBy('PUBLIC'), false],
  ['public, and the operator wants it shown', true, () => seenBy('PUBLIC'), true],
  ['not told by GitHub', false, silent, false],
])('the repository is %s: %s, whatever an earlier attempt found', async (_, shows, pipeline, showOutput) => {
  for (const before of [false, true]) {
    const row = await attempted({ log_key: randomUUID().slice(0, 22), log_shows_output: before });
    await noteShowsOutput(pipeline(), row, target(showOutput));
    expect(await shown(row.id)).toBe(shows);
  }
});

test('it has no page: GitHub isn’t asked', async () => {
  const row = await attempted({ log_key: null, log_shows_output: false });
  const github = scriptedGitHub({});
  await noteShowsOutput(pipelineOn(database, github), row, target(false));
  expect(github.asked).toEqual([]);
});

test.each([
  ['repository_publicized', repository.id, false],
  ['repository_transferred', repository.id, false],
  ['repository_privatized', repository.id, true],
  ['repository_publicized', repository.id + 1, true],
] as const)('once it ended, %s of repository %s leaves it shown: %s', async (outcome, id, stays) => {
  const row = await attempted({ log_key: randomUUID().slice(0, 22), log_shows_output: true });
  await database.db.transaction().execute((tx) =>
    recordCoverage(
      tx,
      silent(),
      {
        kind: 'record_coverage',
        installationId: 9,
        repositories: [{ id, fullName: 'acme/shop' }],
        outcome,
        by: null,
        detail: {},
      },
      randomUUID(),
    ),
  );
  expect(await shown(row.id)).toBe(stays);
});
