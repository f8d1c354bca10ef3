import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { CommandAnswer } from '../../../src/domain/command-answer.ts';
import type { Decision } from '../../../src/domain/decision.ts';
import type { NewDocument } from '../../../src/domain/entry.ts';
import { run } from '../../../src/cli/reperform.ts';
import { judgeCommand } from '../../../src/policy/commands/judge-command.ts';
import { evaluateChange } from '../../../src/policy/evaluate-change.ts';
import { readingOf } from '../../../src/policy/reading-of.ts';
import { createTestDatabase, query, type TestDatabase } from '../../support/database.ts';
import { makeChangeFacts, POLICY } from '../../support/make-facts.ts';
import { commandFacts } from '../../unit/policy/command-cases.ts';
import { makeEntry, recordOne } from '../ledger/ledger-fixture.ts';

const SOURCE = { path: '.github/countersign.yml', ref: 'refs/heads/main', commit: null, text: POLICY };
const facts = makeChangeFacts();
const approved = evaluateChange(readingOf(SOURCE), facts);

const json = (name: string, value: unknown): NewDocument => ({
  name,
  mediaType: 'application/json',
  body: Buffer.from(JSON.stringify(value)),
});

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(() => database.drop());

const recordDecision = (decision: Decision, source: object = SOURCE) =>
  recordOne(
    database.db,
    makeEntry(1, {
      kind: 'decision.made',
      outcome: decision.verdict,
      documents: [json('decision', decision), json('facts', facts), json('policy', source)],
    }),
  );

async function reperform(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const io = { out: '', err: '' };
  const code = await run(args, {
    env: { DATABASE_URL: database.readerUrl },
    stdout: { write: (text: string) => void (io.out += text) },
    stderr: { write: (text: string) => void (io.err += text) },
  });
  return { code, ...io };
}

test('what was decided comes out the same: 0', async () => {
  await recordDecision(approved);
  await recordDecision(evaluateChange({ kind: 'unreadable', why: 'GitHub is down' }, facts), {
    ...SOURCE,
    text: null,
    unreadable: 'GitHub is down',
  });
  expect(await reperform()).toEqual({ code: 0, out: '2 decisions come out as recorded\n', err: '' });
});

test('an approval that the facts don’t give, recorded all the same, is found: 1', async () => {
  await recordDecision(approved);
  const strict = { ...SOURCE, text: POLICY.replace('required: 1', 'required: 2') };
  const id = await recordDecision(approved, strict);
  expect(await reperform()).toEqual({
    code: 1,
    out: `entry ${id} (decision.made, acme/shop #1): recorded approved, and held when made again (approvals)\n1 of 2 decisions come out otherwise than recorded\n`,
    err: '',
  });
});

test('one whose facts were erased is counted, and doesn’t pass for one that was made again', async () => {
  await recordDecision(approved);
  await query(database.superuserUrl, 'SET session_replication_role = replica; DELETE FROM ledger.document');
  expect((await reperform()).out).toBe(
    "0 decisions come out as recorded; 1 can't be made again, since what they rest on was erased\n",
  );
});

test('an answer to a command is made again as well, and one that the facts don’t give is found', async () => {
  const asked = commandFacts({ name: 'deploy', environment: 'production' });
  const answer = judgeCommand(readingOf(SOURCE), asked);
  const recordAnswer = (given: CommandAnswer) =>
    recordOne(
      database.db,
      makeEntry(1, {
        kind: 'command.answered',
        outcome: `deploy.${given.verdict}`,
        documents: [json('answer', given), json('facts', asked), json('policy', SOURCE)],
      }),
    );
  await recordAnswer(answer);
  expect(await reperform()).toMatchObject({ code: 0, out: '1 decision comes out as recorded\n' });
  const act = { kind: 'deploy', environment: 'production', sha: 'f'.repeat(40), ref: 'main' } as const;
  const id = await recordAnswer({ schema: 'command-answer/v1', verdict: 'accepted', act });
  const { code, out } = await reperform();
  expect(code).toBe(1);
  expect(out).toContain(
    `entry ${id} (command.answered, acme/shop #1): recorded accepted, and ${saidOf(answer)} when made again\n`,
  );
});

const saidOf = (answer: CommandAnswer) =>
  answer.verdict === 'refused' ? `refused (${answer.code})` : answer.verdict;

test('--since leaves out what happened before', async () => {
  await recordDecision(approved);
  expect((await reperform('--since', '2026-03-02')).out).toContain('0 decisions');
  expect((await reperform('--since', '2026-03-01')).out).toContain('1 decision comes');
  expect(await reperform('--since', 'yesterday')).toMatchObject({
    code: 2,
    err: expect.stringContaining('--since is "yesterday"; it must be a date'),
  });
});
