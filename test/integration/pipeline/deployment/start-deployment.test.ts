import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { known } from '../../../../src/domain/known.ts';
import { type Kysely, sql } from 'kysely';
import { pino } from 'pino';
import type { Database } from '../../../../src/db/database.ts';
import { openDatabase } from '../../../../src/db/open-database.ts';
import type { Pipeline } from '../../../../src/pipeline/pipeline.ts';
import { pressButton } from '../../../../src/pipeline/command/press-button.ts';
import { startDeployment } from '../../../../src/pipeline/deployment/start-deployment.ts';
import { evaluateDeployment } from '../../../../src/policy/evaluate-deployment.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts';
import {
  all,
  erin,
  makeDeploymentFacts,
  POLICY,
  policyOf,
  repository,
  sha,
} from '../../../support/make-facts.ts';

const NOW = '2026-03-03T10:00:00.000Z';

let database: TestDatabase;
/** Another process's. */
let other: Kysely<Database>;
let pipeline: Pipeline;

beforeAll(async () => {
  database = await createTestDatabase();
  other = openDatabase(database.writerUrl);
  const never = (): never => {
    throw new Error('a start asks for nothing outside of the database');
  };
  pipeline = {
    db: database.db,
    queue: { send: async () => await Promise.resolve() } as unknown as Pipeline['queue'],
    log: pino({ level: 'silent' }),
    appId: 77,
    github: never,
    contentsToken: never,
    webUrl: 'https://github.test',
    publicUrl: null,
    cloneUrl: never,
    mirrors: '',
    trees: never,
    targetOf: () => null,
    environments: null,
    now: () => NOW,
    githubAhead: () => known(0),
    newId: randomUUID,
    random: (size) => randomBytes(size),
    patience: { attempts: 1, seconds: 1 },
  };
});

afterAll(async () => {
  await other.destroy();
  await database.drop();
});

/** A deployment that was approved without anybody's press, and what its start was judged by. */
async function approved() {
  const id = randomUUID();
  const row = await database.db
    .insertInto('countersign.deployment')
    .values({
      id,
      subject_key: id,
      repository_id: repository.id,
      installation_id: repository.installationId,
      owner: repository.owner,
      name: repository.name,
      environment: 'production',
      source: 'api',
      ref: 'main',
      sha: sha('merge'),
      requester_id: null,
      requester_login: null,
      requester_kind: null,
      requested_at: new Date(NOW),
      github_deployment_id: null,
      run_id: null,
      state: 'approved',
      request_entry: randomUUID(),
      decision_entry: null,
      started_sequence: null,
      started_entry: null,
      finished_entry: null,
      release: null,
      updated_at: new Date(NOW),
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  const facts = makeDeploymentFacts({ request: { id }, reviews: all() });
  const reading = { kind: 'valid', policy: policyOf() } as const;
  const source = { path: 'p', ref: 'main', commit: sha('base'), text: POLICY };
  const assessed = { source, reading, facts, decision: evaluateDeployment(reading, facts), policy: null };
  return { row, assessed };
}

const reject = (id: string) =>
  ({
    kind: 'press_button',
    repository,
    button: 'reject',
    externalId: `deployment:${id}`,
    checkRunId: 1,
    presser: erin,
  }) as const;

const stateOf = async (id: string) =>
  (
    await database.db
      .selectFrom('countersign.deployment')
      .select('state')
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
  ).state;

test('what nobody answered since it was judged starts', async () => {
  const { row, assessed } = await approved();
  await expect(startDeployment(pipeline, row, assessed, null)).resolves.toMatchObject({ state: 'running' });
});

test('a Reject that came while its facts were read is judged before it starts', async () => {
  const { row, assessed } = await approved();
  await other.transaction().execute((tx) => pressButton(tx, pipeline, reject(row.id), randomUUID()));
  await expect(startDeployment(pipeline, row, assessed, null)).rejects.toMatchObject({ code: 'facts_moved' });
  expect(await stateOf(row.id)).toBe('approved');
});

test('a Reject that is being written is waited for, and then judged', async () => {
  const { row, assessed } = await approved();
  const hold = Promise.withResolvers<undefined>();
  const written = Promise.withResolvers<undefined>();
  const pressing = other.transaction().execute(async (tx) => {
    await pressButton(tx, pipeline, reject(row.id), randomUUID());
    written.resolve(undefined);
    await hold.promise;
  });
  await written.promise;
  const starting = startDeployment(pipeline, row, assessed, null);
  const refused = expect(starting).rejects.toMatchObject({ code: 'facts_moved' });
  await untilSomebodyWaits();
  expect(await stateOf(row.id)).toBe('approved');
  hold.resolve(undefined);
  await pressing;
  await refused;
  expect(await stateOf(row.id)).toBe('approved');
});

test('a press that was judged, or that counts for nothing, stands in nobody’s way', async () => {
  const { row, assessed } = await approved();
  await other.transaction().execute((tx) => pressButton(tx, pipeline, reject(row.id), randomUUID()));
  const press = {
    via: 'check_run',
    reviewer: erin,
    state: 'rejected',
    sha: row.sha,
    at: NOW,
    comment: '',
  } as const;
  const facts = { ...assessed.facts, reviews: all(press) };
  await expect(startDeployment(pipeline, row, { ...assessed, facts }, null)).resolves.toMatchObject({
    state: 'running',
  });
});

/** Until some session of this database waits for a lock that another has. */
async function untilSomebodyWaits(): Promise<void> {
  for (;;) {
    const { rows } = await sql<{ n: number }>`
      SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
    `.execute(database.db);
    if ((rows[0]?.n ?? 0) > 0) return;
  }
}
