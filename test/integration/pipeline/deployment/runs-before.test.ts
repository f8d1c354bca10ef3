import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { HostOutcome } from '../../../../src/domain/deploy.ts';
import { known } from '../../../../src/domain/known.ts';
import type { NewDocument, NewEntry } from '../../../../src/domain/entry.ts';
import { record } from '../../../../src/ledger/store/record.ts';
import { jsonDocument } from '../../../../src/pipeline/documents.ts';
import { readRanThere } from '../../../../src/pipeline/deployment/ran-there.ts';
import { runsBefore } from '../../../../src/pipeline/deployment/runs-before.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts';
import { sha } from '../../../support/make-facts.ts';
import { pipelineOn } from '../../../support/pipeline.ts';
import { waitingDeployment } from '../../../support/waiting-deployment.ts';
import { scriptedGitHub } from '../../../unit/facts/scripted-github.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

let repositories = 800;
let starts = 0;

type Ended = Pick<HostOutcome, 'outcome' | 'failedAt'>;

interface Ran {
  readonly sha: string;
  readonly by: 'by_ssh' | 'by_actions';
  readonly outcome: 'success' | 'failure' | 'cancelled';
  /** Milliseconds that GitHub's clock was ahead of ours, when it started and when it ended. */
  readonly ahead?: readonly [number, number];
  /** Null: no host was spoken to. */
  readonly hosts: readonly Ended[] | null;
}

/** A repository of its own in which this was deployed to staging, by rows and entries. */
async function deployed(...ran: readonly Ran[]) {
  repositories += 1;
  const repository = { id: repositories, owner: 'acme', name: 'shop', installationId: 9 };
  const { newId, random } = pipelineOn(database, scriptedGitHub({}));
  for (const each of ran) {
    const note = (entry: Pick<NewEntry, 'kind' | 'outcome' | 'answers' | 'documents'>): Promise<string> =>
      database.db.transaction().execute(async (tx) => {
        const at = '2026-03-03T09:00:00.000Z';
        const { entryId } = await record(
          tx,
          {
            occurredAt: at,
            who: [],
            repository: { id: repository.id, fullName: 'acme/shop' },
            commit: each.sha,
            pullRequest: null,
            environment: 'staging',
            hosts: [],
            reasons: [],
            delivery: null,
            ...entry,
          },
          { id: newId(), now: at, random },
        );
        return entryId;
      });
    const started = await note({
      kind: 'deployment.started',
      outcome: each.by,
      answers: randomUUID(),
      documents:
        each.ahead === undefined ? [] : [jsonDocument('facts', { githubAhead: known(each.ahead[0]) })],
    });
    const documents: readonly NewDocument[] = [
      ...(each.ahead === undefined ? [] : [jsonDocument('clock', known(each.ahead[1]))]),
      ...(each.hosts === null ? [] : [jsonDocument('hosts', each.hosts)]),
    ];
    const finished = await note({
      kind: 'deployment.finished',
      outcome: each.outcome,
      answers: started,
      documents,
    });
    starts += 1;
    await waitingDeployment(
      database.db,
      { repository, environment: 'staging', sha: each.sha },
      {
        state: each.outcome === 'success' ? 'succeeded' : 'failed',
        started_entry: started,
        finished_entry: finished,
        started_sequence: starts,
      },
    );
  }
  return repository;
}

async function staged(...ran: readonly Ran[]) {
  const repository = await deployed(...ran);
  const [found] = await runsBefore(database.db, repository, ['staging'], sha('merge'));
  if (found?.runs.known !== true) throw new Error('what ran there is not known');
  return found.runs.value;
}

const states = async (...ran: readonly Ran[]) => (await staged(...ran)).map(({ state }) => state);

const well: Ran = {
  sha: sha('merge'),
  by: 'by_ssh',
  outcome: 'success',
  hosts: [{ outcome: 'success', failedAt: null }],
};
const failed = (...hosts: readonly Ended[]): Ran => ({
  sha: sha('next'),
  by: 'by_ssh',
  outcome: 'failure',
  hosts,
});
const on = (outcome: Ended['outcome'], failedAt: string | null): Ended => ({ outcome, failedAt });

test.each<[string, Ran]>([
  ['that left it on a host where it was well', failed(on('success', null), on('rolled_back', 'health'))],
  ['that left it where it wasn’t well', failed(on('failure', 'health'), on('not_reached', null))],
  ['that lost the host in the middle of the switch', failed(on('failure', 'switch'))],
  ['that could not be switched back', failed(on('failure', 'switch_back'))],
  ['of which a host doesn’t tell', failed(on('unknown', 'after_switch'))],
  ['by a workflow', { sha: sha('next'), by: 'by_actions', outcome: 'failure', hosts: null }],
])('another commit’s failed deployment %s may have taken the place of what ran', async (_, next) => {
  expect(await states(well, next)).toEqual(['success', 'unknown']);
});

test.each<[string, Ran]>([
  ['was switched back everywhere', failed(on('rolled_back', 'health'), on('not_reached', null))],
  ['failed before the switch', failed(on('failure', 'build'), on('not_reached', null))],
  ['reached no host', { ...failed(), hosts: null }],
  ['was cancelled', { ...failed(on('rolled_back', null)), outcome: 'cancelled' }],
])('one that %s took nothing’s place', async (_, next) => {
  expect(await states(well, next)).toEqual(['success', 'failure']);
});

test('the commit’s own failure is one, wherever it was left', async () => {
  expect(await states({ ...failed(on('success', null)), sha: sha('merge') })).toEqual(['failure']);
});

test.each([
  ['which was right', 0, '2026-03-03T09:00:00.000Z', '2026-03-03T09:00:00.000Z'],
  ['which was an hour behind', 3_600_000, '2026-03-03T10:00:00.000Z', '2026-03-03T09:00:00.000Z'],
  ['which was an hour ahead', -3_600_000, '2026-03-03T09:00:00.000Z', '2026-03-03T08:00:00.000Z'],
])('it began to soak, and another took its place, by a clock of ours %s', async (_, ahead, ended, began) => {
  const next: Ran = { ...failed(on('success', null)), outcome: 'success', ahead: [ahead, 0] };
  const [own, first, second] = await staged({ ...well, ahead: [0, ahead] }, next, next);
  expect([own?.endedAt, first?.startedAt, second?.startedAt]).toEqual([
    ended,
    began,
    '2026-03-03T09:00:00.000Z',
  ]);
});

test.each<[string, string | null, readonly Ran[]]>([
  ['was left on a host', sha('next'), [failed(on('success', null))]],
  ['a workflow failed at', sha('next'), [{ ...failed(), by: 'by_actions', hosts: null }]],
  ['was switched back', null, [failed(on('rolled_back', 'health'))]],
  [
    'was left, before one that was switched back',
    sha('next'),
    [failed(on('success', null)), { ...failed(on('rolled_back', 'health')), sha: sha('other') }],
  ],
  [
    'was left, before one that succeeded',
    null,
    [failed(on('success', null)), { ...well, sha: sha('other') }],
  ],
])('whoever goes back starts from what %s: %s', async (_, left, since) => {
  const repository = await deployed(well, ...since);
  expect(await readRanThere(database.db, repository, 'staging')).toMatchObject({
    known: true,
    value: { left },
  });
});
