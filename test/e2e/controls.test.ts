/** What GitHub enforces is weakened and mended again, told by a webhook or by nobody: each difference is an entry, and what happens meanwhile says so. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { approve, ask, CHANGE_CHECK, deployCheck, merge, openChange } from '../../demo/stage/acts.ts';
import { setStage, type Stage } from '../../demo/stage/stage.ts';
import { until, untilCheckRun } from '../../demo/stage/watch.ts';
import { listEntries, readDocument, type ReadEntry } from '../../src/ledger/store/read.ts';
import { assertReperformed } from '../support/assert-reperformed.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let dir: string;
let database: TestDatabase;
let stage: Stage;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-e2e-'));
  database = await createTestDatabase();
  stage = await setStage({ dir, database, log: pino({ level: 'silent' }) });
}, 120_000);

afterAll(async () => {
  await stage.close();
  await assertReperformed(database.db);
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});

/** Sets the protection of main: as the demo has it, but for what is given. */
async function protect(over: { readonly allow_force_pushes?: boolean } = {}): Promise<void> {
  await stage.as('frank').rest.repos.updateBranchProtection({
    owner: 'acme',
    repo: 'shop',
    branch: 'main',
    required_status_checks: {
      strict: false,
      contexts: [],
      checks: [{ context: CHANGE_CHECK, app_id: stage.appId }],
    },
    enforce_admins: false,
    required_pull_request_reviews: { required_approving_review_count: 1, dismiss_stale_reviews: true },
    restrictions: null,
    allow_force_pushes: false,
    allow_deletions: false,
    ...over,
  });
}

async function documentOf(entry: ReadEntry, wanted: string): Promise<unknown> {
  const document = entry.content.documents.find(({ name }) => name === wanted);
  const body = document === undefined ? null : await readDocument(database.db, document.commitment);
  return JSON.parse(body?.toString() ?? 'null');
}

/** Every `control.changed` about something, oldest first. */
async function changesOf(name: string): Promise<readonly ReadEntry[]> {
  const entries = await listEntries(database.db, { kinds: ['control.changed'] });
  const about = await Promise.all(
    entries.map(async (entry) => {
      const control = (await documentOf(entry, 'control')) as { subject?: { name?: string } } | null;
      return control?.subject?.name === name;
    }),
  );
  return entries.filter((_, at) => about[at]).toReversed();
}

/** The last one that says how it stands; what follows it may say whose delivery came after it. */
async function lastChangeOf(name: string): Promise<ReadEntry | undefined> {
  return (await changesOf(name)).findLast(({ content }) => !content.outcome.startsWith('told.'));
}

const untilChange = (name: string, outcome: string) =>
  until(`${outcome} of ${name}`, async () => {
    const last = await lastChangeOf(name);
    return last?.content.outcome === outcome ? last : null;
  });

async function approved(branch: string): Promise<number> {
  const files = { 'public/index.html': `<p>${branch}</p>\n` };
  const { number, head } = await openChange(stage, 'alice', { branch, title: branch, files });
  await approve(stage, 'carol', number);
  await untilCheckRun(stage, head, CHANGE_CHECK, (run) => run.conclusion === 'success', 60);
  return number;
}

async function stampOf(
  kind: 'change.merged' | 'deployment.started',
  commit: string,
  environment?: string,
): Promise<unknown> {
  const filter = { kinds: [kind], commit, ...(environment === undefined ? {} : { environment }) };
  const entry = await until(kind, async () => (await listEntries(database.db, filter))[0] ?? null, 60);
  return documentOf(entry, 'controls');
}

test('the first look is the baseline, and a merge and its deployment say that all is whole', async () => {
  const baseline = await untilChange('main', 'baseline.whole');
  await untilChange('production', 'baseline.whole');
  const merged = await merge(stage, 'carol', await approved('whole'));
  await expect(stampOf('change.merged', merged)).resolves.toMatchObject([
    { subject: { kind: 'branch', name: 'main' }, standing: 'whole', entry: baseline.id },
  ]);
  const run = await untilCheckRun(
    stage,
    merged,
    deployCheck('staging'),
    (seen) => seen.title.startsWith('Deployed'),
    60,
  );
  expect(run.text).toContain('Branch `main`: whole since');
}, 120_000);

test('a weakened protection begins a gap that names who, what and when; what merges and deploys meanwhile says so', async () => {
  const number = await approved('inside');
  await protect({ allow_force_pushes: true });
  const gap = await untilChange('main', 'changed.gap');
  expect(gap.people).toMatchObject([{ role: 'changer', actor: { login: 'frank' } }]);
  expect(gap.content.reasons).toEqual(['protection_missing']);
  expect(await documentOf(gap, 'control')).toMatchObject({
    unmet: ['force_push'],
    changes: [{ setting: 'branch protection: allow_force_pushes.enabled', before: 'false', after: 'true' }],
  });
  // The open change is held by its own gate; frank may merge past it, and that is recorded as what it is.
  const merged = await merge(stage, 'frank', number);
  const inside = { standing: 'gap', unmet: ['force_push'], entry: gap.id };
  await expect(stampOf('change.merged', merged)).resolves.toMatchObject([inside]);

  const run = await untilCheckRun(
    stage,
    merged,
    deployCheck('staging'),
    // Frank may merge past it, but asks for no deployment by that.
    (seen) => seen.title.startsWith('Rejected: frank'),
    60,
  );
  expect(run.text).toContain('Branch `main`: **a gap** since');
  expect(run.text).toContain('The policy demands `force_push`');

  await protect();
  const mended = await untilChange('main', 'changed.whole');
  expect(mended.content.answers).toBe(gap.id);
}, 120_000);

/** What the policy demands of main, as a ruleset of the organisation that is for all its repositories. */
const byOrganisation = (...without: readonly string[]) => ({
  org: 'acme',
  name: 'Everywhere',
  target: 'branch' as const,
  enforcement: 'active' as const,
  conditions: {
    ref_name: { include: ['~DEFAULT_BRANCH'], exclude: [] },
    repository_name: { include: ['~ALL'], exclude: [] },
  },
  rules: [
    {
      type: 'pull_request' as const,
      parameters: {
        required_approving_review_count: 1,
        dismiss_stale_reviews_on_push: true,
        require_code_owner_review: false,
        require_last_push_approval: false,
        required_review_thread_resolution: false,
      },
    },
    {
      type: 'required_status_checks' as const,
      parameters: {
        strict_required_status_checks_policy: false,
        required_status_checks: [{ context: CHANGE_CHECK, integration_id: stage.appId }],
      },
    },
    { type: 'non_fast_forward' as const },
    { type: 'deletion' as const },
  ].filter(({ type }) => !without.includes(type)),
});

test('what only the organisation’s ruleset enforces counts, and a change of that names it, whoever’s repository it is in', async () => {
  const owner = stage.as('frank').rest;
  const { data: ruleset } = await owner.repos.createOrgRuleset(byOrganisation());
  await owner.repos.deleteBranchProtection({ owner: 'acme', repo: 'shop', branch: 'main' });
  const alone = await until('the look without classic protection', async () => {
    const last = await lastChangeOf('main');
    const control = (last === undefined ? null : await documentOf(last, 'control')) as {
      changes?: readonly { setting: string; after: string | null }[];
    } | null;
    const gone = control?.changes?.some(
      ({ setting, after }) => setting.startsWith('branch protection') && after === null,
    );
    return last !== undefined && gone === true ? last : null;
  });
  expect(alone.content.outcome).toBe('changed.whole');
  const merged = await merge(stage, 'carol', await approved('by-organisation'));
  await expect(stampOf('change.merged', merged)).resolves.toMatchObject([{ standing: 'whole' }]);
  // Its deployment looks at the controls as well, and would find what is changed below before the delivery tells by whom.
  await untilCheckRun(stage, merged, deployCheck('staging'), (seen) => seen.title.startsWith('Deployed'), 60);

  await owner.repos.updateOrgRuleset({ ruleset_id: ruleset.id, ...byOrganisation('non_fast_forward') });
  const gap = await untilChange('main', 'changed.gap');
  expect(gap.people).toMatchObject([{ role: 'changer', actor: { login: 'frank' } }]);
  const said = await documentOf(gap, 'control');
  expect(said).toMatchObject({
    unmet: ['force_push'],
    sources: { [ruleset.id]: 'Organization acme' },
    changes: expect.arrayContaining([
      {
        setting: `rules: ruleset ${ruleset.id} non_fast_forward.ruleset_source`,
        before: '"acme"',
        after: null,
      },
    ]),
  });
  await protect();
  await untilChange('main', 'changed.whole');
  await owner.repos.deleteOrgRuleset({ org: 'acme', ruleset_id: ruleset.id });
}, 120_000);

test('what no webhook tells is found at the next deployment, and recorded once', async () => {
  const { github, people, repository, organization } = stage;
  const leads = organization.teams.find(({ slug }) => slug === 'release-managers');
  if (leads === undefined) throw new Error('there is no such team');
  const sha = await merge(stage, 'carol', await approved('silent'));
  await untilCheckRun(stage, sha, deployCheck('staging'), (seen) => seen.title.startsWith('Deployed'), 60);
  const before = (await changesOf('production')).length;
  github.setEnvironment(repository, 'production', {
    reviewers: [leads],
    preventSelfReview: true,
    adminsCanBypass: false,
  });
  await ask(stage, 'dave', sha);
  const waiting = await untilCheckRun(
    stage,
    sha,
    deployCheck('production'),
    (run) => run.conclusion === 'action_required',
    60,
  );
  github.pressButton(repository, waiting.id, 'approve', people.erin);
  await expect(stampOf('deployment.started', sha, 'production')).resolves.toMatchObject([
    { subject: { kind: 'environment', name: 'production' }, standing: 'whole' },
    { subject: { kind: 'branch', name: 'main' }, standing: 'whole' },
  ]);
  const found = await changesOf('production');
  const newest = found.at(-1);
  if (newest === undefined) throw new Error('nothing was recorded');
  expect(found).toHaveLength(before + 1);
  expect(newest.content).toMatchObject({ outcome: 'changed.whole', environment: 'production' });
  expect(newest.people).toEqual([]);
  expect(JSON.stringify(await documentOf(newest, 'control'))).toContain('can_admins_bypass');
}, 120_000);

test('a change made while the app was down, of which no delivery came, is found when it is up again', async () => {
  stage.github.faults.lose(20, { event: 'branch_protection_rule' });
  await protect({ allow_force_pushes: true });
  await stage.github.deliveries.waitForIdle();
  const before = (await changesOf('main')).length;
  await stage.restart();
  const gap = await untilChange('main', 'changed.gap');
  expect(gap.people).toEqual([]);
  expect(await changesOf('main')).toHaveLength(before + 1);
  await protect();
  await stage.restart();
  await untilChange('main', 'changed.whole');
}, 120_000);

test('a suspended App is a gap from then to when it is not', async () => {
  const { github, people, installation } = stage;
  github.suspend(installation, true, people.frank);
  github.suspend(installation, false, people.frank);
  const ended = await until('the end of the suspension', async () => {
    const [last] = await listEntries(database.db, {
      kinds: ['control.changed'],
      outcomes: ['unsuspended.whole'],
    });
    return last ?? null;
  });
  const [begun] = await listEntries(database.db, { kinds: ['control.changed'], outcomes: ['suspended.gap'] });
  expect(ended.content.answers).toBe(begun?.id);
  expect(ended.people).toMatchObject([{ role: 'changer', actor: { login: 'frank' } }]);
  expect(ended.content.repository).toBeUndefined();
}, 60_000);
