import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { GateOutcome, Verdict } from '../../../../src/domain/decision.ts';
import type { ReasonCode } from '../../../../src/domain/reason.ts';
import type { RepositoryRef } from '../../../../src/domain/repository.ts';
import { listEntries } from '../../../../src/ledger/store/read.ts';
import { readRanBefore, readRanThere } from '../../../../src/pipeline/deployment/ran-there.ts';
import { createTestDatabase, query, type TestDatabase } from '../../../support/database.ts';
import { sha } from '../../../support/make-facts.ts';
import { type Decided, type DeployedRun, recordRuns } from '../../../support/record-runs.ts';
import { waitingDeployment } from '../../../support/waiting-deployment.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const environment = 'production';
let repositories = 900;

const by = (
  gate: string,
  outcome: GateOutcome,
  code: ReasonCode,
  verdict: Verdict = 'approved',
): Decided => ({
  verdict,
  gates: [{ gate, outcome, reasons: [{ code }] }],
});
const clean = by('range', 'passed', 'range_traced');
const unreviewed = by('range', 'lifted', 'change_not_approved');
const unapproved = by('environment_approvals', 'lifted', 'deployment_approvals_missing');
const untried = by('order', 'lifted', 'soak_running');
const frozen = by('freeze', 'lifted', 'freeze_lasting');
const wentBack = by('range', 'passed', 'rollback_proven');
const sameAgain = by('range', 'passed', 'nothing_to_deploy');
const observed = by('range', 'pending', 'change_not_approved', 'held');

const ran = (word: string, approval: Decided | null, start: Decided | null = approval): DeployedRun => ({
  sha: sha(word),
  approval,
  start,
});

/** A repository of its own in which this was deployed with success, one after the other. */
async function deployed(...all: readonly DeployedRun[]): Promise<RepositoryRef> {
  repositories += 1;
  const repository = { id: repositories, owner: 'acme', name: 'shop', installationId: 9 };
  await recordRuns(database, { repository, environment }, ...all);
  return repository;
}

/** What may be gone back to, and what isn't offered since an emergency lifted something, newest first. */
async function offered(repository: RepositoryRef) {
  const there = await readRanThere(database.db, repository, environment);
  if (!there.known) throw new Error(there.why);
  const { runs, inEmergency = [] } = there.value;
  return { runs: runs.map((run) => run.sha), inEmergency };
}

/** Whether the gate of a rollback to it finds the proof that it was approved. */
async function isProven(repository: RepositoryRef, word: string): Promise<boolean> {
  const back = await waitingDeployment(
    database.db,
    { repository, environment, sha: sha(word) },
    { source: 'rollback' },
  );
  const before = await readRanBefore(database.db, back);
  if (!before.known) throw new Error(before.why);
  return before.value !== null;
}

test.each<[string, Decided, Decided, readonly string[]]>([
  ['the review of its changes', unreviewed, unreviewed, ['changes']],
  ['its approvals', unapproved, unapproved, ['approvals']],
  ['its soak', untried, untried, ['after']],
  ['something at its start that its approval didn’t need', clean, unreviewed, ['changes']],
  ['something for its approval that its start didn’t need', unapproved, clean, ['approvals']],
  ['a gate that nobody thought of', by('weather', 'lifted', 'freeze_lasting'), clean, ['weather']],
  ['a freeze among others', frozen, unapproved, ['approvals']],
])('what ran because an emergency lifted %s is no way back', async (_, approval, start, lifted) => {
  const repository = await deployed(ran('good', clean), ran('rushed', approval, start), ran('fix', clean));
  expect(await offered(repository)).toEqual({
    runs: [sha('fix'), sha('good')],
    inEmergency: [{ sha: sha('rushed'), lifted, newer: 1 }],
  });
  expect(await isProven(repository, 'rushed')).toBe(false);
  expect(await isProven(repository, 'good')).toBe(true);
});

test('a freeze says nothing of the commit: what ran in spite of it is a way back', async () => {
  const repository = await deployed(ran('good', frozen), ran('fix', clean));
  expect(await offered(repository)).toEqual({ runs: [sha('fix'), sha('good')], inEmergency: [] });
  expect(await isProven(repository, 'good')).toBe(true);
});

test.each<[string, Decided | null, Decided | null]>([
  ['its start was held by a policy that only observed', clean, observed],
  ['the decision of its approval isn’t there', null, clean],
  ['the decision of its start isn’t there', clean, null],
  ['its decision can’t be understood', clean, { verdict: 'approved' } as unknown as Decided],
])('it is none where %s', async (_, approval, start) => {
  const repository = await deployed(ran('old', approval, start), ran('fix', clean));
  expect(await offered(repository)).toEqual({ runs: [sha('fix')], inEmergency: [] });
  expect(await isProven(repository, 'old')).toBe(false);
});

test('it is none once its decision was erased', async () => {
  const repository = await deployed(ran('old', clean), ran('fix', clean));
  expect(await isProven(repository, 'old')).toBe(true);
  const [approval] = await listEntries(database.db, {
    repositoryId: repository.id,
    commit: sha('old'),
    kinds: ['deployment.approved'],
  });
  const commitment = Buffer.from(approval?.content.documents[0]?.commitment ?? '', 'base64url');
  await query(database.eraserUrl, 'DELETE FROM ledger.document WHERE commitment = $1', [commitment]);
  expect(await isProven(repository, 'old')).toBe(false);
  expect(await isProven(repository, 'fix')).toBe(true);
});

test.each<[string, readonly DeployedRun[], readonly string[]]>([
  ['a rollback', [ran('fix', clean), ran('rushed', wentBack)], ['changes']],
  ['two rollbacks', [ran('rushed', wentBack), ran('fix', clean), ran('rushed', wentBack)], ['changes']],
  ['a deployment of what runs there', [ran('rushed', sameAgain)], ['changes']],
  [
    'a rollback to such a one',
    [ran('rushed', sameAgain), ran('fix', clean), ran('rushed', wentBack)],
    ['changes'],
  ],
])('%s makes no way back of what an emergency let through', async (_, later, lifted) => {
  const repository = await deployed(
    ran('good', clean),
    ran('rushed', unreviewed),
    ...later,
    ran('last', clean),
  );
  const { runs, inEmergency } = await offered(repository);
  expect(runs).not.toContain(sha('rushed'));
  expect(new Set(inEmergency.map((each) => each.sha))).toEqual(new Set([sha('rushed')]));
  expect(inEmergency.map((each) => each.lifted)).toEqual(inEmergency.map(() => lifted));
  expect(await isProven(repository, 'rushed')).toBe(false);
});

test.each<[string, readonly DeployedRun[]]>([
  ['was gone back to', [ran('good', clean), ran('bad', clean), ran('good', wentBack)]],
  ['was deployed where it ran', [ran('good', clean), ran('good', sameAgain)]],
  [
    'lacked its approvals in an emergency, and had them when it was deployed there once more',
    [ran('good', unapproved), ran('good', sameAgain)],
  ],
  [
    'the same, and was gone back to since',
    [ran('good', untried), ran('good', sameAgain), ran('bad', clean), ran('good', wentBack)],
  ],
])('what %s is a way back', async (_, before) => {
  const repository = await deployed(...before, ran('last', clean));
  expect((await offered(repository)).runs.slice(0, 2)).toEqual([sha('last'), sha('good')]);
  expect(await isProven(repository, 'good')).toBe(true);
});

test('what is known of no older run proves nothing by a rollback of its own', async () => {
  const repository = await deployed(ran('good', wentBack), ran('last', clean));
  expect(await offered(repository)).toEqual({ runs: [sha('last')], inEmergency: [] });
});
