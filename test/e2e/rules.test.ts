import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { approve, merge, openChange } from '../../demo/stage/acts.ts';
import { shopPolicy } from '../../demo/stage/policy.ts';
import { setStage, type Stage } from '../../demo/stage/stage.ts';
import { until, untilCheckRun } from '../../demo/stage/watch.ts';
import { listEntries } from '../../src/ledger/store/read.ts';
import { assertReperformed } from '../support/assert-reperformed.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const CHANGE = 'countersign/change';
const AT = { owner: 'acme', repo: 'shop' };
const RULES = `
  rules:
    - name: payments
      when: { paths: ["billing/**"] }
      approvals: { required: 1, from: { teams: [payments] } }
  block: { labels: ["do not merge"], by: { teams: [security] } }
environments:`;
const INVOICE = 'export const due = (days) => days > 30;\nexport const late = 2;\nexport const rate = 0.2;\n';

let dir: string;
let database: TestDatabase;
let stage: Stage;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-e2e-'));
  database = await createTestDatabase();
  stage = await setStage({
    dir,
    database,
    log: pino({ level: 'silent' }),
    policy: (baseline) => shopPolicy(baseline).replace('\nenvironments:', RULES),
  });
  const { github, organization, people } = stage;
  github.createTeam(organization, 'payments', [people.erin]);
  github.createTeam(organization, 'security', [people.dave]);
}, 60_000);

afterEach(async () => {
  await stage.github.deliveries.waitForIdle();
});

afterAll(async () => {
  await stage.close();
  await assertReperformed(database.db);
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});

const held = (sha: string, says: string) =>
  untilCheckRun(stage, sha, CHANGE, (run) => run.status === 'in_progress' && run.summary.includes(says), 60);
const approved = (sha: string) =>
  untilCheckRun(stage, sha, CHANGE, (run) => run.conclusion === 'success', 60);

test('a change to billing/ waits for payments, says why, and is approved by one of them', async () => {
  const files = { 'billing/invoice.ts': INVOICE };
  const { number, head } = await openChange(stage, 'alice', { branch: 'bill', title: 'Bill', files });
  await approve(stage, 'carol', number);
  const waiting = await held(head, 'carol approved');
  expect(waiting.summary).toContain('because `billing/invoice.ts` matches `billing/**`');
  expect(waiting.summary).toContain('is missing for the rule payments, from **@\u200bacme/payments**');

  await approve(stage, 'erin', number);
  const run = await approved(head);
  expect(run.text).toContain('counts for the rule payments alone');

  await merge(stage, 'carol', number);
  const merged = await until('the merge', async () => {
    const entries = await listEntries(database.db, { kinds: ['change.merged'] });
    return entries.find(({ content }) => content.pullRequest === number) ?? null;
  });
  expect(merged.content.outcome).toBe('compliant');
  const approvers = merged.people.filter(({ role }) => role === 'approver');
  expect(new Set(approvers.map(({ actor }) => actor?.login))).toEqual(new Set(['carol', 'erin']));
}, 120_000);

test('a file is not renamed out of a rule', async () => {
  await stage.github.commit(stage.people.alice, stage.repository, {
    branch: 'move',
    from: 'main',
    files: { 'billing/invoice.ts': null, 'lib/invoice.ts': INVOICE },
    message: 'Move',
  });
  const { data } = await stage
    .as('alice')
    .rest.pulls.create({ ...AT, title: 'Move', head: 'move', base: 'main' });
  await approve(stage, 'carol', data.number);
  const waiting = await held(data.head.sha, 'carol approved');
  expect(waiting.summary).toContain('because `billing/invoice.ts` matches `billing/**`');
}, 120_000);

test('a label blocks, for as long as it is there; a veto is not lifted by whom it stops', async () => {
  const files = { 'public/index.html': '<p>three</p>\n' };
  const { number, head } = await openChange(stage, 'alice', { branch: 'three', title: 'Three', files });
  await approve(stage, 'carol', number);
  await approved(head);
  const bob = stage.as('bob').rest;
  await bob.issues.addLabels({ ...AT, issue_number: number, labels: ['do not merge'] });
  await held(head, 'The label `do not merge` blocks this change');
  await bob.issues.removeLabel({ ...AT, issue_number: number, name: 'do not merge' });
  await approved(head);

  const veto = { ...AT, pull_number: number, event: 'REQUEST_CHANGES', body: 'Not like this.' } as const;
  const { data: review } = await stage.as('dave').rest.pulls.createReview(veto);
  await held(head, 'dave vetoes this change');
  const away = { ...AT, pull_number: number, review_id: review.id, message: 'I disagree.' };
  await stage.as('alice').rest.pulls.dismissReview(away);
  await held(head, 'alice dismissed it, and could not lift it');
  await approve(stage, 'dave', number);
  await approved(head);
}, 120_000);
