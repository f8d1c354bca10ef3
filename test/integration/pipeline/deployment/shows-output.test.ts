import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { CoverageOutcome } from '../../../../src/domain/trigger.ts';
import { GitHubError } from '../../../../src/facts/github-error.ts';
import type { DeployTarget } from '../../../../src/pipeline/pipeline.ts';
import { lookAtControls } from '../../../../src/pipeline/control/look-at-controls.ts';
import { recordCoverage } from '../../../../src/pipeline/control/record-coverage.ts';
import { noteShowsOutput } from '../../../../src/pipeline/deployment/shows-output.ts';
import { noteSeen } from '../../../../src/pipeline/repository/where-now.ts';
import { noticeLoss } from '../../../../src/pipeline/repository/lost-repository.ts';
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
  ['repository_removed.gap', repository.id, false],
  ['repository_deleted.gap', repository.id, false],
  ['repository_removed.gap', repository.id + 1, true],
  ['repository_added.whole', repository.id, true],
  ['repository_privatized', repository.id, true],
  ['repository_publicized', repository.id + 1, true],
] as const)('once it ended, %s of repository %s leaves it shown: %s', async (outcome, id, stays) => {
  const row = await attempted({ log_key: randomUUID().slice(0, 22), log_shows_output: true });
  await covered(outcome, 9, [{ id, fullName: 'acme/shop' }]);
  expect(await shown(row.id)).toBe(stays);
});

/** GitHub's delivery tells of it; of no repository: of the installation as a whole. */
const covered = (
  outcome: CoverageOutcome,
  installationId: number,
  repositories: readonly { readonly id: number; readonly fullName: string }[],
) =>
  database.db
    .transaction()
    .execute((tx) =>
      recordCoverage(
        tx,
        silent(),
        { kind: 'record_coverage', installationId, repositories, outcome, by: null, detail: {} },
        randomUUID(),
      ),
    );

describe('an installation as a whole', () => {
  const ours = repository.installationId;
  test.each([
    ['uninstalled.gap', ours, false],
    ['suspended.gap', ours, false],
    ['unsuspended.whole', ours, true],
    ['permissions_accepted', ours, true],
    ['suspended.gap', ours + 1, true],
  ] as const)('%s of installation %s leaves it shown: %s', async (outcome, installationId, stays) => {
    const row = await attempted({ log_key: randomUUID().slice(0, 22), log_shows_output: true });
    await covered(outcome, installationId, []);
    expect(await shown(row.id)).toBe(stays);
  });

  test('a repository that came to it after the deployment is one of its', async () => {
    const row = await attempted({ log_key: randomUUID().slice(0, 22), log_shows_output: true });
    await noteSeen(database.db, { ...repository, installationId: ours + 2 });
    await covered('suspended.gap', ours + 2, []);
    expect(await shown(row.id)).toBe(false);
  });

  test('taken off a repository and nobody told: what our look finds hides it, and an attempt at it shows it again', async () => {
    const row = await attempted({ log_key: randomUUID().slice(0, 22), log_shows_output: true });
    const gone = scriptedGitHub({
      rest: { 'GET /installation/repositories': () => ({ data: { repositories: [] } }) },
    });
    const refused = new GitHubError('github_refused', 'gone', { status: 404, said: 'Not Found' });
    expect(await noticeLoss(pipelineOn(database, gone), repository, refused)).toBe(true);
    expect(await shown(row.id)).toBe(false);
    await noteShowsOutput(seenBy('PRIVATE'), row, target(false));
    expect(await shown(row.id)).toBe(true);
  });
});

test.each([
  ['PRIVATE', false, true],
  ['INTERNAL', false, false],
  ['PUBLIC', false, false],
  ['INTERNAL', true, true],
])(
  'the hourly look finds it %s, and the operator wants it shown: %s: it stays shown: %s',
  async (visibility, wanted, stays) => {
    const row = await attempted({ log_key: randomUUID().slice(0, 22), log_shows_output: true });
    const other = { repository: { ...repository, id: repository.id + 1 }, environment: 'production' };
    const theirs = await waitingDeployment(
      database.db,
      { ...other, sha: sha('merge') },
      { state: 'succeeded', log_key: randomUUID().slice(0, 22), log_shows_output: true },
    );
    const account = { owner: { id: 'O_acme', login: 'acme' } };
    const defaultBranchRef = { name: 'main', target: { oid: sha('merge'), file: null } };
    const { id, name, owner } = repository;
    const listed = { repositories: [{ id, name, owner: { login: owner } }] };
    const github = scriptedGitHub({
      rest: { 'GET /installation/repositories': () => ({ data: listed }) },
      graphql: () => ({
        repository: { databaseId: repository.id, visibility, defaultBranchRef },
        account,
        baseline: null,
      }),
    });
    const pipeline = pipelineOn(database, github, { targetOf: () => target(wanted) });
    await lookAtControls(pipeline, { repository, delivery: null, by: null, byClock: true });
    expect([await shown(row.id), await shown(theirs.id)]).toEqual([stays, true]);
  },
);
