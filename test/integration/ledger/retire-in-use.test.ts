/** What the program rests on must not be retired from under it, and what was retired must not be acted on. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NewEntry } from '../../../src/domain/entry.ts';
import { readEntry } from '../../../src/ledger/store/read.ts';
import type { LedgerSigner } from '../../../src/ledger/sequence/signer.ts';
import { verifyDatabase } from '../../../src/ledger/verify/verify-database.ts';
import { assertStarted, recordedPresses } from '../../../src/pipeline/deployment/backed-by-ledger.ts';
import type { StoredDeployment } from '../../../src/pipeline/deployment/deployment-row.ts';
import { lastReviewedEntry, lastReviewedPolicy } from '../../../src/pipeline/policy/last-reviewed-policy.ts';
import { runningRelease } from '../../../src/pipeline/deployment/running-release.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createTestDatabase, query } from '../../support/database.ts';
import { integrateAll, makeSigner } from './ledger-fixture.ts';
import { recordIn, retire } from './retire-fixture.ts';

let database: TestDatabase;
let signer: LedgerSigner;
let directory: string;

const REPOSITORY = { id: 5, owner: 'acme', name: 'shop', installationId: 1 };

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'countersign-in-use-'));
});
afterAll(() => rm(directory, { recursive: true }));
beforeEach(async () => {
  database = await createTestDatabase();
  signer = makeSigner();
});
afterEach(() => database.drop());

interface Deployed {
  readonly id: string;
  readonly entries: readonly string[];
}

/** A deployment of 2026 from its request to its end, with the row that stands for it. */
async function deploy(
  number: number,
  state: StoredDeployment['state'],
  ends = true,
): Promise<Deployed & { readonly start: string; readonly press: string }> {
  const put = (kind: NewEntry['kind'], outcome: string, answers: string | null): Promise<string> =>
    recordIn(database, 2026, number, { kind, outcome, answers, documents: [] });
  const request = await put('deployment.requested', 'merge', null);
  const decision = await put('deployment.approved', 'approved', request);
  const press = await put('deployment.reviewed', 'approved', decision);
  const start = await put('deployment.started', 'by_ssh', decision);
  const end = ends ? await put('deployment.finished', 'success', start) : null;
  const id = `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
  await database.db
    .insertInto('countersign.deployment')
    .values({
      id,
      subject_key: id,
      repository_id: REPOSITORY.id,
      installation_id: REPOSITORY.installationId,
      owner: REPOSITORY.owner,
      name: REPOSITORY.name,
      environment: 'production',
      source: 'merge',
      ref: 'main',
      sha: number.toString(16).padStart(40, '0'),
      requester_id: null,
      requester_login: null,
      requester_kind: null,
      requested_at: new Date(),
      github_deployment_id: null,
      run_id: null,
      state,
      started_sequence: number,
      request_entry: request,
      decision_entry: decision,
      started_entry: start,
      finished_entry: end,
      release: null,
      updated_at: new Date(),
    })
    .execute();
  return { id, start, press, entries: [request, decision, press, start, ...(end === null ? [] : [end])] };
}

async function fill(): Promise<void> {
  for (let number = 100; number < 400; number += 1)
    await recordIn(database, number < 390 ? 2026 : 2027, number, { documents: [] });
  await integrateAll(database.writerUrl, signer);
}

const row = async (id: string): Promise<StoredDeployment> =>
  await database.db
    .selectFrom('countersign.deployment')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirstOrThrow();

const stillHere = async (ids: readonly string[]): Promise<boolean[]> =>
  await Promise.all(
    ids.map((id) =>
      readEntry(database.db, id).then(
        (entry) => entry !== null,
        () => false,
      ),
    ),
  );

test('what runs and what is under way stays, with all that belongs to it; what is over goes', async () => {
  const over = await deploy(1, 'succeeded');
  const failed = await deploy(2, 'failed');
  const running = await deploy(3, 'succeeded');
  const underWay = await deploy(4, 'running', false);
  await fill();
  const { done } = await retire(database, signer, { archive: join(directory, 'deployments') });
  expect(done?.entries).toBe(256 - running.entries.length - underWay.entries.length);
  expect(await stillHere([...running.entries, ...underWay.entries])).toEqual(Array(9).fill(true));
  expect(await stillHere([...over.entries, ...failed.entries])).toEqual(Array(10).fill(false));

  expect((await runningRelease(database.db, REPOSITORY, 'production')).last?.id).toBe(running.id);
  await expect(assertStarted(database.db, await row(underWay.id))).resolves.toEqual(expect.any(String));
  expect(await verifyDatabase(database.db)).toMatchObject({
    found: 0,
    retired: { minimum: 256, missing: 256 - 9 },
  });
});

test('a row that points at a retired entry is not acted on, and says what to do', async () => {
  const over = await deploy(1, 'succeeded');
  await deploy(2, 'succeeded');
  await fill();
  await retire(database, signer, { archive: join(directory, 'rows') });
  // Somebody with the program's rights makes the old deployment the newest, and then one that is under way.
  const set = (what: string) =>
    query(database.writerUrl, `UPDATE countersign.deployment SET ${what} WHERE id = '${over.id}'`);
  await set('started_sequence = 99');
  expect(await runningRelease(database.db, REPOSITORY, 'production')).toMatchObject({
    last: null,
    uncertain: { id: over.id },
  });
  await set(`state = 'running'`);
  await expect(assertStarted(database.db, await row(over.id))).rejects.toMatchObject({
    code: 'row_not_recorded',
    message: expect.stringMatching(
      /is not carried out: entry \d+ \(.*\) was retired: its bytes are in the archive under checkpoint \d+, and not in this database any more\. No deployment under way is as old as that: ask for it anew/,
    ),
  });
  const press = {
    reviewer_id: 101,
    reviewer_login: 'bob',
    state: 'approved',
    sha: (await row(over.id)).sha,
    at: new Date(),
    delivery: over.id,
    entry_id: over.press,
  } as const;
  expect(await recordedPresses(database.db, await row(over.id), [press])).toEqual([]);
});

test('the end of a deployment that is taken for unfinished stays as long as its start', async () => {
  const ended = await deploy(1, 'succeeded');
  await query(
    database.writerUrl,
    `UPDATE countersign.deployment SET state = 'running', finished_entry = NULL WHERE id = '${ended.id}'`,
  );
  await fill();
  await retire(database, signer, { archive: join(directory, 'ended') });
  await expect(assertStarted(database.db, await row(ended.id))).rejects.toMatchObject({
    message: expect.stringContaining('the ledger says that it has ended'),
  });
});

test('the policy last in force in each repository stays, with its document, so that no later one is taken as the first', async () => {
  const text =
    'version: 1\nchanges: { branches: [main], approvals: { required: 1, from: { teams: [maintainers] } } }\n';
  const source = { path: '.github/countersign.yml', ref: 'main', commit: 'a'.repeat(40), text };
  const policy = (outcome: string): Promise<string> =>
    recordIn(database, 2026, 3, {
      kind: 'policy.changed',
      outcome,
      environment: null,
      documents: [
        { name: 'policy', mediaType: 'application/json', body: Buffer.from(JSON.stringify(source)) },
      ],
    });
  const [adopted, reviewed] = [await policy('adopted'), await policy('reviewed')];
  await policy('unreviewed');
  await fill();
  const before = await lastReviewedPolicy(database.db, REPOSITORY.id);
  expect(before?.entryId).toBe(reviewed);
  const { done } = await retire(database, signer, { archive: join(directory, 'policies') });
  expect(done?.documents).toBe(2);
  expect(await stillHere([adopted, reviewed])).toEqual([false, true]);
  expect(await lastReviewedPolicy(database.db, REPOSITORY.id)).toEqual(before);
  expect(
    await database.db.transaction().execute(async (tx) => await lastReviewedEntry(tx, REPOSITORY.id)),
  ).toBe(reviewed);
});
