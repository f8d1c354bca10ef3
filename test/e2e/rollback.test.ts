import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { approve, comment, deployCheck, merge, openChange } from '../../demo/stage/acts.ts';
import { type Person, setStage, type Stage } from '../../demo/stage/stage.ts';
import { seeAnswer, seeCheckRun, until, untilCheckRun } from '../../demo/stage/watch.ts';
import { listEntries } from '../../src/ledger/store/read.ts';
import { verifyDatabase } from '../../src/ledger/verify/verify-database.ts';
import { assertReperformed } from '../support/assert-reperformed.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let dir: string;
let database: TestDatabase;
let stage: Stage;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-rollback-'));
  database = await createTestDatabase();
  stage = await setStage({
    dir,
    database,
    log: pino({ level: 'silent' }),
    policy: (baseline) => `version: 1
changes:
  branches: [main]
  approvals: { required: 1, from: { teams: [maintainers] } }
environments:
  staging:
    branches: [main]
    baseline: ${baseline}
    deploy: { on: merge, by: { teams: [developers] } }
    rollback: { by: { teams: [release-managers] } }
    lock: { by: { teams: [leads] } }
`,
  });
}, 90_000);

afterAll(async () => {
  await assertReperformed(database.db);
  await stage.close();
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});

const staging = deployCheck('staging');

async function land(branch: string): Promise<{ readonly number: number; readonly sha: string }> {
  const files = { 'public/index.html': `<p>${branch}</p>\n` };
  const { number, head } = await openChange(stage, 'alice', { branch, title: branch, files });
  await approve(stage, 'carol', number);
  await untilCheckRun(stage, head, 'countersign/change', (run) => run.conclusion === 'success', 60);
  return { number, sha: await merge(stage, 'carol', number) };
}

const deployed = (sha: string) =>
  untilCheckRun(stage, sha, staging, (run) => run.title.startsWith('Deployed'), 60);

async function tell(who: Person, number: number, command: string) {
  const id = await comment(stage, who, number, command);
  return until(`an answer to ${command}`, () => seeAnswer(stage, number, id), 60);
}

const served = () => stage.served('staging', 'public/index.html');

test('a broken release is taken back, stays back over the next merge, and goes on once it is unlocked', async () => {
  const first = await land('first');
  await deployed(first.sha);
  const nothing = await tell('erin', first.number, '/countersign rollback staging');
  expect(nothing.body).toContain('Nothing that was approved ran on `staging` before');

  const second = await land('second');
  await deployed(second.sha);
  const before = await seeCheckRun(stage, first.sha, staging);

  const refused = await tell('dave', second.number, '/countersign rollback staging');
  expect(refused.reactions).toEqual(['eyes', '-1']);
  expect(refused.body).toContain('dave may not roll back `staging`: the policy asks for somebody of team');
  const never = await tell('erin', second.number, `/countersign rollback staging ${'a'.repeat(40)}`);
  expect(never.body).toContain('was not approved and deployed to `staging` before');

  const back = await tell('erin', second.number, '/countersign rollback staging the prices are wrong');
  expect(back.reactions).toEqual(['eyes', '+1']);
  expect(back.body).toContain('**Rolling back**: **staging** from');
  const shown = await untilCheckRun(
    stage,
    first.sha,
    staging,
    (run) => run.id !== before?.id || run.summary.includes('as a rollback'),
    60,
  );
  const rolledBack = await untilCheckRun(
    stage,
    first.sha,
    staging,
    (run) => run.title.startsWith('Deployed') && run.summary.includes('as a rollback'),
    60,
  );
  // The host kept that release.
  expect(rolledBack.text).toMatch(/\| 0 sent \([\d.]+ KiB\), (\d+) of \1 verified \|/);
  expect(rolledBack.title).toMatch(/: 1 host, 0 files sent \([\d.]+ KiB\), [\d.]+ s$/);
  expect(shown.summary).toContain('**erin** asked for it as a rollback, with a comment');
  expect(await served()).toContain('first');

  const third = await land('third');
  const held = await untilCheckRun(stage, third.sha, staging, (run) => run.title.startsWith('Held'), 60);
  expect(held.summary).toContain('the prices are wrong');
  expect(await served()).toContain('first');
  const again = await tell('erin', second.number, '/countersign rollback staging');
  expect(again.body).toContain('`staging` is locked by erin');

  await tell('dave', second.number, '/countersign unlock staging');
  await deployed(third.sha);
  expect(await served()).toContain('third');

  const entries = (
    await listEntries(database.db, { environment: 'staging', commit: first.sha })
  ).toReversed();
  const kinds = entries.map(({ content }) => `${content.kind} ${content.outcome}`);
  expect(kinds.slice(kinds.indexOf('command.answered rollback.accepted'))).toEqual([
    'command.answered rollback.accepted',
    'lock.set locked',
    'deployment.requested rollback',
    'deployment.approved approved',
    'effect.finished create_deployment.created',
    'deployment.started by_ssh',
    'deployment.finished success',
    'lock.removed unlocked',
  ]);
  const approved = entries.findLast(({ content }) => content.kind === 'deployment.approved');
  expect(approved?.content.reasons).toContain('rollback_proven');
}, 240_000);

test('a deployment whose rows were altered is no way back: the ledger has to bear it out', async () => {
  const broken = await land('fourth');
  await deployed(broken.sha);
  const owner = database.db;
  const [newest] = await owner
    .selectFrom('countersign.deployment')
    .select(['id', 'finished_entry'])
    .where('sha', '!=', broken.sha)
    .where('state', '=', 'succeeded')
    .orderBy('started_sequence', 'desc')
    .limit(1)
    .execute();
  const { sha: other } = await land('fifth');
  await deployed(other);
  // Somebody who can write rows says of another deployment that it ended as the one of before did.
  const rows = await owner
    .selectFrom('countersign.deployment')
    .select(['id', 'sha', 'finished_entry'])
    .where('sha', '=', broken.sha)
    .execute();
  await owner
    .updateTable('countersign.deployment')
    .set({ finished_entry: newest?.finished_entry ?? null })
    .where('id', '=', rows[0]?.id ?? '')
    .execute();
  const refused = await tell('erin', broken.number, `/countersign rollback staging ${broken.sha}`);
  expect(refused.body).toContain('was not approved and deployed to `staging` before');
  await owner
    .updateTable('countersign.deployment')
    .set({ finished_entry: rows[0]?.finished_entry ?? null })
    .where('id', '=', rows[0]?.id ?? '')
    .execute();
  expect((await verifyDatabase(database.db)).findings).toEqual([]);
}, 240_000);
