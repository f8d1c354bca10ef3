import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Actor } from '../../../../src/domain/actor.ts';
import type { Command } from '../../../../src/domain/command.ts';
import type { CommandFacts } from '../../../../src/domain/command-facts.ts';
import { openDatabase } from '../../../../src/db/open-database.ts';
import { listEntries, readDocument } from '../../../../src/ledger/store/read.ts';
import { answerCommand } from '../../../../src/pipeline/command/answer-command.ts';
import { holdLocks } from '../../../../src/pipeline/command/hold-locks.ts';
import { readLock } from '../../../../src/pipeline/command/read-lock.ts';
import { createTestDatabase, query, type TestDatabase } from '../../../support/database.ts';
import { carol, dave, sha } from '../../../support/make-facts.ts';
import { pipelineOn } from '../../../support/pipeline.ts';
import { type Decided, recordRuns } from '../../../support/record-runs.ts';
import { scriptedGitHub } from '../../../unit/facts/scripted-github.ts';

let database: TestDatabase;
/** Connections of the test's own, so that whoever waits for a lock leaves it some. */
let other: ReturnType<typeof openDatabase>;
beforeAll(async () => {
  database = await createTestDatabase();
  other = openDatabase(database.writerUrl);
});
afterAll(async () => {
  await other.destroy();
  await database.drop();
});

const repository = { id: 5, owner: 'acme', name: 'shop', installationId: 9 };
const text = `version: 1
changes:
  branches: [main]
  approvals: { required: 1, from: { users: [carol] } }
environments:
  production:
    branches: [main]
    deploy: { on: request, by: { users: [dave] } }
    rollback: { by: { users: [dave] } }
    lock: { by: { users: [carol, dave] } }
  staging:
    branches: [main]
    deploy: { on: request, by: { users: [dave] } }
    lock: { by: { users: [carol, dave] } }
`;
const github = scriptedGitHub({
  rest: {
    // Whom the policy names may write there.
    'GET /repos/{owner}/{repo}/collaborators/{username}/permission': ({ username }) => ({
      data: { permission: 'write', user: { id: [carol, dave].find(({ login }) => login === username)?.id } },
    }),
  },
  graphql: () => {
    const object = { byteSize: text.length, isBinary: false, isTruncated: false, text };
    const file = { mode: 0o100644, type: 'blob', object };
    const defaultBranchRef = { name: 'main', target: { oid: 'b'.repeat(40), file } };
    const account = { owner: { id: 'O_1', login: 'acme' } };
    return {
      repository: { databaseId: repository.id, visibility: 'PRIVATE', defaultBranchRef },
      account,
      baseline: null,
    };
  },
});

let comments = 0;

/** A comment of theirs on a pull request of its own. */
async function tell(commenter: Actor, command: Command): Promise<void> {
  comments += 1;
  await answer(commenter, command, comments);
}

async function answer(commenter: Actor, command: Command, number: number): Promise<void> {
  const pipeline = pipelineOn(database, github);
  await answerCommand(pipeline, {
    repository,
    number,
    commentId: 1000 + number,
    commenter,
    command,
    delivery: `delivery-${number}`,
  });
}

/** What came of the command on a pull request, and the facts that it was judged by. */
async function answered(number: number): Promise<{ readonly outcome: string; readonly facts: CommandFacts }> {
  const [entry, ...more] = await listEntries(database.db, {
    repositoryId: repository.id,
    pullRequest: number,
    kinds: ['command.answered'],
  });
  if (entry === undefined || more.length > 0) throw new Error(`pull request ${number} has not one answer`);
  const facts = entry.content.documents.find(({ name }) => name === 'facts')?.commitment ?? '';
  const body = await readDocument(database.db, facts);
  return {
    outcome: entry.content.outcome,
    facts: JSON.parse(body?.toString('utf8') ?? '') as CommandFacts,
  };
}

async function untilWaiting(count: number): Promise<void> {
  for (let looks = 0; looks < 400; looks += 1) {
    const [row] = await query(
      database.superuserUrl,
      `SELECT count(*)::int AS waiting FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
    if (row?.['waiting'] === count) return;
    await sleep(25);
  }
  throw new Error(`never did ${count} wait for the lock`);
}

/**
 * Both commands at one moment, on two pull requests: the second is judged while the first is done and not committed yet. Answers how
 * each ended, and the pull request of the second.
 */
async function atOnce(
  environment: string,
  first: readonly [Actor, Command],
  second: readonly [Actor, Command],
) {
  comments += 2;
  const number = comments;
  let both: Promise<PromiseSettledResult<void>[]> | undefined;
  await other.transaction().execute(async (tx) => {
    await holdLocks(tx, repository.id, environment);
    // PostgreSQL lets them have it in the order in which they came.
    const one = answer(...first, number - 1);
    await untilWaiting(1);
    const two = answer(...second, number);
    both = Promise.allSettled([one, two]);
    await untilWaiting(2);
  });
  const [one, two] = (await both) ?? [];
  return { one, two, number, again: () => answer(...second, number) };
}

const lock = (environment: string, why: string): Command => ({ name: 'lock', environment, why, only: null });
const standing = async (environment: string) => {
  const found = await readLock(database.db, repository.id, environment);
  return found.known ? (found.value?.facts.why ?? null) : found.why;
};
const clean: Decided = {
  verdict: 'approved',
  gates: [{ gate: 'range', outcome: 'passed', reasons: [{ code: 'range_traced' }] }],
};

test('a rollback that was judged while nothing was locked takes no lock away that came meanwhile', async () => {
  const environment = 'production';
  await recordRuns(
    database,
    { repository, environment },
    { sha: sha('old'), approval: clean, start: clean },
    { sha: sha('new'), approval: clean, start: clean },
  );
  const { one, two, number, again } = await atOnce(
    environment,
    [carol, lock(environment, 'nobody touches it')],
    [dave, { name: 'rollback', environment, target: null, why: null }],
  );
  expect(one).toMatchObject({ status: 'fulfilled' });
  expect(two).toMatchObject({ status: 'rejected', reason: { code: 'facts_moved' } });
  expect(await standing(environment)).toBe('nobody touches it');
  // Nothing of it was recorded. The queue does the job again, and by then the lock is seen.
  await expect(answered(number)).rejects.toThrow('has not one answer');
  await again();
  expect((await answered(number)).outcome).toBe('rollback.refused');
  expect(await standing(environment)).toBe('nobody touches it');
  const asked = { repositoryId: repository.id, environment, kinds: ['deployment.requested'] } as const;
  expect(await listEntries(database.db, asked)).toEqual([]);
});

test('an unlocking that was judged by one lock doesn’t take away the next unseen', async () => {
  const environment = 'staging';
  await tell(carol, lock(environment, 'the migration runs'));
  const { two, number, again } = await atOnce(
    environment,
    [carol, lock(environment, 'it burns')],
    [dave, { name: 'unlock', environment, why: null }],
  );
  expect(two).toMatchObject({ status: 'rejected', reason: { code: 'facts_moved' } });
  expect(await standing(environment)).toBe('it burns');
  await again();
  const { outcome, facts } = await answered(number);
  expect(outcome).toBe('unlock.accepted');
  expect(facts.lock).toMatchObject({ known: true, value: { why: 'it burns' } });
  expect(await standing(environment)).toBeNull();
});

test('of two unlockings at one moment one is done, and the other is told that it isn’t locked', async () => {
  const environment = 'staging';
  await tell(carol, lock(environment, 'the migration runs'));
  const unlock: Command = { name: 'unlock', environment, why: null };
  const { one, two, number, again } = await atOnce(environment, [carol, unlock], [dave, unlock]);
  expect(one).toMatchObject({ status: 'fulfilled' });
  expect(two).toMatchObject({ status: 'rejected', reason: { code: 'facts_moved' } });
  await again();
  expect((await answered(number)).outcome).toBe('unlock.refused');
  expect(await standing(environment)).toBeNull();
});
