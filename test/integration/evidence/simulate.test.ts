import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { run } from '../../../src/cli/policy.ts';
import type { ChangeFacts } from '../../../src/domain/change-facts.ts';
import type { DeploymentFacts } from '../../../src/domain/deployment-facts.ts';
import type { NewDocument, NewEntry } from '../../../src/domain/entry.ts';
import { evaluateChange } from '../../../src/policy/evaluate-change.ts';
import { evaluateDeployment } from '../../../src/policy/evaluate-deployment.ts';
import { readingOf } from '../../../src/policy/reading-of.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { makeChangeFacts, makeDeploymentFacts, POLICY, sha } from '../../support/make-facts.ts';
import { makeEntry, recordOne } from '../ledger/ledger-fixture.ts';

const SOURCE = { path: '.github/countersign.yml', ref: 'refs/heads/main', commit: null, text: POLICY };
const json = (name: string, value: unknown): NewDocument => ({
  name,
  mediaType: 'application/json',
  body: Buffer.from(JSON.stringify(value)),
});

let database: TestDatabase;
let folder: string;
beforeEach(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'simulate-'));
});
afterEach(async () => {
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

const recordChange = async (
  pullRequest: number,
  facts: ChangeFacts,
  daysAgo = 1,
  more: Partial<NewEntry> = {},
): Promise<void> => {
  const decision = evaluateChange(readingOf(SOURCE), facts);
  await recordOne(
    database.db,
    makeEntry(pullRequest, {
      kind: 'decision.made',
      occurredAt: new Date(Date.now() - daysAgo * 86_400_000).toISOString(),
      environment: null,
      outcome: decision.verdict,
      documents: [json('decision', decision), json('facts', facts), json('policy', SOURCE)],
      ...more,
    }),
  );
};

const recordDeployment = async (facts: DeploymentFacts): Promise<void> => {
  const decision = evaluateDeployment(readingOf(SOURCE), facts);
  await recordOne(
    database.db,
    makeEntry(1, {
      kind: 'deployment.approved',
      occurredAt: new Date(Date.now() - 3_600_000).toISOString(),
      commit: facts.request.sha,
      pullRequest: null,
      environment: facts.request.environment,
      outcome: decision.verdict,
      documents: [json('decision', decision), json('facts', facts), json('policy', SOURCE)],
    }),
  );
};

async function simulate(
  text: string,
  ...args: string[]
): Promise<{ code: number; out: string; err: string }> {
  const file = join(folder, 'countersign.yml');
  await writeFile(file, text);
  const io = { out: '', err: '' };
  const code = await run(['simulate', file, '--repository', 'acme/shop', ...args], {
    env: { DATABASE_URL: database.readerUrl },
    stdout: { write: (written: string) => void (io.out += written) },
    stderr: { write: (written: string) => void (io.err += written) },
  });
  return { code, ...io };
}

test('of each change the last decision is judged again, and what would differ is listed', async () => {
  await recordChange(1, makeChangeFacts());
  await recordChange(2, makeChangeFacts({ reviews: { complete: true, items: [] } }));
  await recordChange(2, makeChangeFacts());
  await recordChange(3, makeChangeFacts({ reviews: { complete: true, items: [] } }));
  const { code, out } = await simulate(POLICY.replace('required: 1', 'required: 2'));
  expect(out).toMatch(/^.{10} {2}#2 {2}change was approved, would be held \(Approvals\)\n/);
  expect(out).toContain('2 of 3 decisions in 90 days would have come out otherwise\n');
  expect(code).toBe(0);
});

test('a deployment by its environment and commit, a merge and a merge group by what they are', async () => {
  await recordDeployment(makeDeploymentFacts());
  await recordChange(7, makeChangeFacts(), 2, { kind: 'change.merged' });
  await recordChange(8, makeChangeFacts(), 3, { pullRequest: null, commit: 'b'.repeat(40) });
  const { out } = await simulate(
    POLICY.replace('required: 1', 'required: 2').replace(
      'required: 1, from: environment',
      'required: 2, from: environment',
    ),
  );
  expect(out.split('\n').map((line) => line.slice(12))).toEqual([
    'bbbbbbb  change was approved, would be held (Approvals)',
    '#7  merge was approved, would be held (Approvals)',
    `production ${sha('merge').slice(0, 7)}  deployment was approved, would be held (Range, Environment approvals)`,
    expect.any(String),
    '',
  ]);
});

test('of a change that was pushed to, the decision on its newest commit alone', async () => {
  const unreviewed = makeChangeFacts({ reviews: { complete: true, items: [] } });
  await recordChange(1, makeChangeFacts(), 2, { commit: 'a'.repeat(40) });
  await recordChange(1, unreviewed, 1, { commit: 'b'.repeat(40) });
  expect((await simulate(POLICY.replace('required: 1', 'required: 2'))).out).toBe(
    '0 of 1 decision in 90 days would have come out otherwise\n',
  );
});

test('the same policy decides the same', async () => {
  await recordChange(1, makeChangeFacts());
  expect((await simulate(POLICY)).out).toBe('0 of 1 decision in 90 days would have come out otherwise\n');
});

test('what nobody looked up then can’t be said, and is never taken for an approval', async () => {
  await recordChange(1, makeChangeFacts());
  const { out } = await simulate(POLICY.replace('teams: [maintainers]', 'teams: [security]'));
  expect(out).toBe(
    "0 of 1 decision in 90 days would have come out otherwise; of 1 it can't be said, since what it asks for wasn't looked up then\n",
  );
});

test('only the days that are asked for', async () => {
  await recordChange(1, makeChangeFacts(), 10);
  expect((await simulate(POLICY, '--days', '5')).out).toContain('0 of 0 decisions in 5 days');
});

test('a policy with problems: 1; a repository that nobody knows, or a wrong call: 2', async () => {
  await recordChange(1, makeChangeFacts());
  expect(await simulate('version: 2\n')).toMatchObject({
    code: 1,
    err: expect.stringContaining(':1:10 version'),
  });
  expect(await simulate(POLICY, '--repository', 'acme/moon')).toMatchObject({
    code: 2,
    err: expect.stringContaining('has no entry about a repository acme/moon'),
  });
  expect(await simulate(POLICY, '--days', 'x')).toMatchObject({ code: 2 });
});
