import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { listEntries } from '../../../src/ledger/store/read.ts';
import { record } from '../../../src/ledger/store/record.ts';
import { claimDeployment, claimKey } from '../../../src/pipeline/deployment/claim-deployment.ts';
import type { StoredDeployment } from '../../../src/pipeline/deployment/deployment-row.ts';
import { policyDocument } from '../../../src/pipeline/documents.ts';
import { recordDeploymentDecision } from '../../../src/pipeline/deployment/judge-deployment.ts';
import { unreadDeployment } from '../../../src/pipeline/deployment/unread-deployment.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { dave, sha } from '../../support/make-facts.ts';
import { pipelineOn } from '../../support/pipeline.ts';
import { waitingDeployment } from '../../support/waiting-deployment.ts';
import { scriptedGitHub } from '../../unit/facts/scripted-github.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const NOW = '2026-03-03T09:30:00.000Z';
const pipeline = () => pipelineOn(database, scriptedGitHub({}), { now: () => NOW });

let repositories = 600;
/** Each in a repository of its own. */
function place(environment: string) {
  repositories += 1;
  return {
    repository: { id: repositories, owner: 'acme', name: `shop-${repositories}`, installationId: 9 },
    environment,
    sha: sha('merge'),
  };
}

const claim = ({ id }: StoredDeployment, looks = 0) => ({
  deployment: id,
  by: dave,
  state: 'success',
  at: NOW,
  delivery: randomUUID(),
  looks,
});

/** Held, since GitHub told nothing for long. */
async function unread(environment: string): Promise<StoredDeployment> {
  const row = await waitingDeployment(database.db, place(environment), { state: 'requested' });
  const assessed = unreadDeployment(row, new Error('GitHub is down'), NOW);
  await recordDeploymentDecision(pipeline(), row, assessed, null);
  return row;
}

const bypasses = async (row: StoredDeployment) =>
  (await listEntries(database.db, { repositoryId: row.repository_id, kinds: ['emergency.bypassed'] })).map(
    ({ content }) => content.outcome,
  );

test('while nothing is judged it is looked at again ever less often, and each time by one job', async () => {
  const row = await waitingDeployment(database.db, place('production'), { state: 'requested' });
  const waits: number[] = [];
  let job: object = claim(row);
  for (let look = 0; look < 14; look += 1) {
    const on = pipeline();
    await claimDeployment(on, job);
    expect(on.sent).toHaveLength(1);
    const [sent] = on.sent;
    expect(sent?.queue).toBe('claim');
    job = sent?.data ?? {};
    waits.push(sent?.startAfterSeconds ?? 0);
  }
  expect(waits).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600, 3600, 3600]);
  expect(await bypasses(row)).toEqual([]);
});

test('the jobs of one deployment are one for each person who says so', () => {
  const deployment = randomUUID();
  expect(claimKey({ deployment, by: dave })).toBe(claimKey({ deployment, by: { ...dave, login: 'new' } }));
  expect(claimKey({ deployment, by: dave })).not.toBe(claimKey({ deployment, by: null }));
});

test('where no policy could be read it waits for one, and is then recorded as what nobody can tell', async () => {
  const row = await unread('preview');
  const on = pipeline();
  await claimDeployment(on, claim(row, 19));
  expect(on.sent).toMatchObject([{ queue: 'claim', data: { looks: 20 }, startAfterSeconds: 3_600 }]);
  expect(await bypasses(row)).toEqual([]);
  await claimDeployment(pipeline(), claim(row, 20));
  expect(await bypasses(row)).toEqual(['unread']);
});

test('where none can be read now, and the one last in force names the environment, it is recorded at once', async () => {
  const row = await unread('production');
  const on = pipeline();
  const text =
    'version: 1\nchanges: { branches: [main], approvals: { required: 1, from: { teams: [maintainers] } } }\n' +
    'environments: { production: { branches: [main], deploy: { on: request, by: { teams: [leads] } } } }\n';
  const source = { path: '.github/countersign.yml', ref: 'main', commit: sha('policy'), text };
  await database.db.transaction().execute((tx) =>
    record(
      tx,
      {
        kind: 'policy.changed',
        occurredAt: NOW,
        who: [],
        repository: { id: row.repository_id, fullName: 'acme/shop' },
        commit: sha('policy'),
        pullRequest: null,
        environment: null,
        hosts: [],
        outcome: 'adopted',
        reasons: [],
        delivery: null,
        answers: null,
        documents: [policyDocument(source)],
      },
      { id: on.newId(), now: NOW, random: on.random },
    ),
  );
  await claimDeployment(on, claim(row));
  expect(await bypasses(row)).toEqual(['reported']);
  expect(on.sent.filter(({ queue }) => queue === 'claim')).toEqual([]);
});
