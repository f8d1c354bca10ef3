import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { known } from '../../../src/domain/known.ts';
import { record } from '../../../src/ledger/store/record.ts';
import { listEntries } from '../../../src/ledger/store/read.ts';
import { entriesInUse } from '../../../src/pipeline/entries-in-use.ts';
import { queryOf } from '../../../src/ledger/store/query.ts';
import { readLock, readLockFacts } from '../../../src/pipeline/command/read-lock.ts';
import { removeLock, setLock } from '../../../src/pipeline/command/set-lock.ts';
import { main } from '../../../src/main.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { carol, dave, sha } from '../../support/make-facts.ts';
import { pipelineOn } from '../../support/pipeline.ts';
import { scriptedGitHub } from '../../unit/facts/scripted-github.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const repository = { id: 5, fullName: 'acme/shop' };
let environments = 0;

/** A place where nobody has locked anything, with one deployment that waits there. */
async function place() {
  environments += 1;
  const environment = `production-${environments}`;
  const id = randomUUID();
  const at = new Date();
  await database.db
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
      requested_at: at,
      github_deployment_id: null,
      run_id: null,
      state: 'held',
      started_sequence: null,
      request_entry: randomUUID(),
      decision_entry: null,
      started_entry: null,
      finished_entry: null,
      release: null,
      updated_at: at,
    })
    .execute();
  return { repository, environment, id };
}

const surroundings = () => pipelineOn(database, scriptedGitHub({}));
const wanted = { by: carol, delivery: null, why: 'the migration runs', pullRequest: null, commit: null };

test('a lock stands in the ledger, says who, why and for what, and whoever waits is judged again', async () => {
  const { environment, id } = await place();
  const pipeline = surroundings();
  await database.db
    .transaction()
    .execute((tx) =>
      setLock(tx, pipeline, { repository, environment, ...wanted, pullRequest: 12, commit: sha('merge') }),
    );
  expect(await readLockFacts(database.db, repository.id, environment)).toMatchObject({
    known: true,
    value: { by: carol, why: 'the migration runs', pullRequest: 12, commit: sha('merge') },
  });
  expect(pipeline.sent).toEqual([
    { queue: 'deployment', data: { id, delivery: null }, startAfterSeconds: 0 },
  ]);
  const [entry] = await listEntries(database.db, {
    repositoryId: repository.id,
    environment,
    kinds: ['lock.set'],
  });
  expect(JSON.stringify(entry?.content)).not.toMatch(/carol|migration/);
  expect(await readLockFacts(database.db, repository.id, 'elsewhere')).toEqual(known(null));
  expect(await readLockFacts(database.db, repository.id + 1, environment)).toEqual(known(null));
});

test('removed, whoever set it, it is gone; a second time there is nothing to remove', async () => {
  const { environment } = await place();
  const pipeline = surroundings();
  const act = <T>(run: Parameters<ReturnType<TestDatabase['db']['transaction']>['execute']>[0]) =>
    database.db.transaction().execute(run) as Promise<T>;
  await act((tx) => setLock(tx, pipeline, { repository, environment, ...wanted }));
  const second = await act<string>((tx) =>
    setLock(tx, pipeline, { repository, environment, ...wanted, why: 'later' }),
  );
  expect(await readLock(database.db, repository.id, environment)).toMatchObject({
    value: { entryId: second, facts: { why: 'later' } },
  });
  expect(await entriesInUse(queryOf(database.db))).toContain(second);
  const remove = (tx: Parameters<typeof removeLock>[0]) =>
    removeLock(tx, pipeline, { repository, environment, by: dave, delivery: null, why: null });
  const removed = await act<string | null>(remove);
  expect(await readLockFacts(database.db, repository.id, environment)).toEqual(known(null));
  const [entry] = await listEntries(database.db, {
    repositoryId: repository.id,
    environment,
    kinds: ['lock.removed'],
  });
  expect(entry).toMatchObject({ id: removed, content: { answers: second, outcome: 'unlocked' } });
  expect(await act(remove)).toBeNull();
  expect(await entriesInUse(queryOf(database.db))).not.toContain(second);
});

test('an unlocking that answers another lock than the one that stood leaves it unknown, until it is locked anew', async () => {
  const { environment } = await place();
  const pipeline = surroundings();
  const { older } = await database.db.transaction().execute(async (tx) => {
    const older = await setLock(tx, pipeline, { repository, environment, ...wanted });
    await setLock(tx, pipeline, { repository, environment, ...wanted });
    return { older };
  });
  // What somebody who can only write to the database can add: an entry of their own.
  await database.db.transaction().execute((tx) =>
    record(
      tx,
      {
        kind: 'lock.removed',
        occurredAt: pipeline.now(),
        who: [],
        repository,
        commit: null,
        pullRequest: null,
        environment,
        hosts: [],
        outcome: 'unlocked',
        reasons: [],
        delivery: null,
        answers: older,
        documents: [],
      },
      { id: pipeline.newId(), now: pipeline.now(), random: pipeline.random },
    ),
  );
  expect(await readLockFacts(database.db, repository.id, environment)).toEqual({
    known: false,
    why: 'the ledger has an unlocking that answers no lock',
  });
  const unlock = () =>
    database.db
      .transaction()
      .execute((tx) =>
        removeLock(tx, pipeline, { repository, environment, by: dave, delivery: null, why: null }),
      );
  await expect(unlock()).rejects.toMatchObject({ code: 'lock_unknown' });
  await database.db
    .transaction()
    .execute((tx) => setLock(tx, pipeline, { repository, environment, ...wanted }));
  expect(await unlock()).not.toBeNull();
  expect(await readLockFacts(database.db, repository.id, environment)).toEqual(known(null));
});

test('the operator locks and unlocks from the server', async () => {
  const { environment } = await place();
  const said: string[] = [];
  const run = (...args: readonly string[]) =>
    main(args, {
      stdout: { write: (text: string) => said.push(text) > 0 },
      stderr: { write: (text: string) => said.push(text) > 0 },
      env: { DATABASE_URL: database.writerUrl },
    });
  expect(await run('lock', 'acme/shop', environment)).toBe(2);
  expect(said.join('')).toContain('lock needs --why');
  expect(await run('lock', 'acme/shop', environment, '--why', 'servers move', '--commit', sha('merge'))).toBe(
    0,
  );
  expect(await readLockFacts(database.db, repository.id, environment)).toMatchObject({
    value: { by: null, why: 'servers move', commit: sha('merge'), pullRequest: null },
  });
  expect(await run('unlock', 'ACME/shop', environment)).toBe(0);
  expect(await readLockFacts(database.db, repository.id, environment)).toEqual(known(null));
  expect(await run('unlock', 'acme/shop', environment)).toBe(1);
  await expect(run('unlock', 'acme/none', environment)).rejects.toMatchObject({ code: 'repository_unknown' });
}, 30_000);
