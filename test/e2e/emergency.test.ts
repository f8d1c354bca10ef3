import { mkdtemp, mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { approve, ask, comment, deployCheck, merge, openChange } from '../../demo/stage/acts.ts';
import { type Person, setStage, type Stage } from '../../demo/stage/stage.ts';
import { seeAnswer, until, untilCheckRun } from '../../demo/stage/watch.ts';
import { listEntries } from '../../src/ledger/store/read.ts';
import { verifyDatabase } from '../../src/ledger/verify/verify-database.ts';
import { assertReperformed } from '../support/assert-reperformed.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { runCountersign, type RunningCommand } from '../support/run-countersign.ts';

let dir: string;
let database: TestDatabase;
let stage: Stage;
let running: RunningCommand;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-emergency-'));
  database = await createTestDatabase();
  await mkdir(join(dir, 'cwd'));
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
    deploy: { on: request, by: { users: [bob] } }
    approvals: { required: 1, from: { users: [erin] } }
    emergency:
      by: { teams: [leads] }
      confirm: { teams: [maintainers] }
      valid: 1m
      review: { within: 1m, by: { users: [frank] } }
  production:
    branches: [main]
    baseline: ${baseline}
    deploy: { on: request, by: { teams: [leads] } }
    approvals: { required: 1, from: { users: [erin] } }
    after: { staging: { soak: 1d } }
    emergency:
      by: { teams: [leads] }
      confirm: { teams: [leads, maintainers], users: [alice] }
      valid: 1h
      review: { within: 24h, by: { users: [frank, carol] } }
`,
    launch: async (env) => {
      running = runCountersign(['start'], { cwd: join(dir, 'cwd'), env: { ...env, LOG_LEVEL: 'error' } });
      const current = running;
      const [, url = ''] = await running.says(/serving on (http:\S+)/);
      return {
        url,
        stop: async () => {
          current.kill('SIGTERM');
          await current.ended;
        },
      };
    },
  });
}, 90_000);

afterAll(async () => {
  await assertReperformed(database.db);
  await stage.close();
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});

const production = deployCheck('production');
const staging = deployCheck('staging');

async function land(branch: string): Promise<{ readonly number: number; readonly sha: string }> {
  const files = { 'public/index.html': `<p>${branch}</p>\n` };
  const { number, head } = await openChange(stage, 'alice', { branch, title: branch, files });
  await approve(stage, 'carol', number);
  await untilCheckRun(stage, head, 'countersign/change', (run) => run.conclusion === 'success', 60);
  return { number, sha: await merge(stage, 'carol', number) };
}

async function tell(who: Person, number: number, command: string) {
  const id = await comment(stage, who, number, command);
  return until(`an answer to ${command}`, () => seeAnswer(stage, number, id), 60);
}

/** What nobody asked for is told under the pull request as well, and must not be taken for an answer. */
const untilSaid = (number: number, text: string) =>
  until(
    text,
    async () => {
      const at = { owner: stage.owner, repo: stage.repo, issue_number: number };
      const { data } = await stage.as('alice').rest.issues.listComments({ ...at, per_page: 100 });
      return data.some(({ body }) => body?.includes(text) === true) ? true : null;
    },
    30,
  );

const idIn = (text: string): string => /(?:confirm|review) ([0-9a-f]{8})/.exec(text)?.[1] ?? 'none';

const acts = async (filter: { readonly commit?: string; readonly environment?: string }) =>
  (await listEntries(database.db, filter))
    .toReversed()
    .flatMap(({ content, people }) =>
      content.kind.startsWith('emergency.')
        ? [`${content.kind} ${content.outcome} ${people.map(({ actor }) => actor?.login).join()}`.trim()]
        : [],
    );

const untilAct = (kind: string, environment: string, seconds: number) =>
  until(
    kind,
    async () => ((await acts({ environment })).some((act) => act.startsWith(kind)) ? true : null),
    seconds,
  );

test('declared by one, confirmed by a second person, deployed without what it lifts, and reviewed by a third', async () => {
  const { number, sha } = await land('burning');
  const not = await tell('alice', number, '/countersign emergency production nobody can pay');
  expect(not.reactions).toEqual(['eyes', '-1']);
  expect(not.body).toContain('alice may not declare an emergency on `production`');

  const said = await tell(
    'dave',
    number,
    '/countersign emergency production nobody can pay, incident INC-42',
  );
  expect(said.reactions).toEqual(['eyes', '+1']);
  expect(said.body).toMatch(
    /🚨 \*\*Emergency `[0-9a-f]{8}`\*\* declared for .*nobody can pay \(incident INC-42\)/,
  );
  const id = idIn(said.body);
  const again = await tell('dave', number, '/countersign emergency production nobody can pay');
  expect(again.body).toContain(`Emergency \`${id}\` stands`);

  expect((await tell('dave', number, `/countersign confirm ${id}`)).body).toContain('dave declared it');
  expect((await tell('alice', number, `/countersign confirm ${id}`)).body).toContain('alice made commit');
  expect((await tell('erin', number, `/countersign confirm ${id}`)).body).toContain('erin may not confirm');
  expect((await tell('frank', number, `/countersign review ${id} justified really`)).body).toContain(
    'was not used',
  );
  expect(await stage.served('production', 'public/index.html')).toBeNull();

  const confirmed = await tell('carol', number, `/countersign confirm ${id}`);
  expect(confirmed.reactions).toEqual(['eyes', '+1']);
  const shown = await untilCheckRun(stage, sha, production, (run) => run.title.startsWith('Deployed'), 60);
  expect(shown.title).toContain('in an emergency by dave and carol: approvals, after lifted');
  expect(shown.summary).toContain('### 🚨 In an emergency');
  expect(shown.summary).toMatch(
    /lifts `approvals` and `after`, which would have held `[0-9a-f]{7}`, until 20\d\d-/,
  );
  expect(shown.summary).toContain(
    'dave declared it (nobody can pay; incident INC-42), and carol confirmed it.',
  );
  expect(await stage.served('production', 'public/index.html')).toContain('burning');
  await untilSaid(number, 'was used');

  expect((await tell('carol', number, `/countersign review ${id} justified I was there`)).body).toContain(
    'carol confirmed it',
  );
  expect((await tell('dave', number, `/countersign review ${id} justified I was there`)).body).toContain(
    'dave may not review',
  );
  const reviewed = await tell('frank', number, `/countersign review ${id} justified the fix was right`);
  expect(reviewed.body).toContain('was **justified**');
  expect((await tell('frank', number, `/countersign review ${id} justified again`)).body).toContain(
    'It was reviewed',
  );
  expect(await acts({ commit: sha })).toEqual([
    'emergency.declared declared dave',
    'emergency.confirmed confirmed carol',
    'emergency.used used dave',
    'emergency.reviewed justified frank',
  ]);
  // Neither who, nor what was written, stands in an entry.
  const entries = await listEntries(database.db, { commit: sha });
  expect(JSON.stringify(entries.map(({ content }) => content))).not.toMatch(
    /dave|carol|frank|nobody can pay|INC-42/,
  );
}, 240_000);

test('once used, it lets no other deployment of the same commit through', async () => {
  const { number, sha } = await land('again');
  const id = idIn((await tell('dave', number, '/countersign emergency production it burns again')).body);
  // It waits before the emergency is confirmed, and so competes with the deployment that the confirmation asks for.
  await ask(stage, 'dave', sha);
  await untilCheckRun(
    stage,
    sha,
    production,
    (run) => run.summary.includes(`emergency ${id} has to be confirmed`),
    60,
  );
  await tell('carol', number, `/countersign confirm ${id}`);
  await until(
    'one deployment',
    async () =>
      (await stage.served('production', 'public/index.html'))?.includes('again') === true ? true : null,
    60,
  );
  const spent = await until(
    'the other one, held or rejected',
    async () => {
      const entries = await listEntries(database.db, { commit: sha, environment: 'production' });
      return (
        entries.find(({ content }) => content.reasons.includes('emergency_spent'))?.content.outcome ?? null
      );
    },
    60,
  );
  expect(['held', 'rejected']).toContain(spent);
  await untilSaid(number, 'was used');
  const starts = await listEntries(database.db, { commit: sha, kinds: ['deployment.started'] });
  expect(starts).toHaveLength(1);
  expect((await acts({ commit: sha })).filter((act) => act.startsWith('emergency.used'))).toHaveLength(1);
  expect((await tell('frank', number, `/countersign review ${id} unjustified it could wait`)).body).toContain(
    'was **unjustified**',
  );
}, 240_000);

/** A minute is the least that a policy can ask for: the two wait for theirs at the same time, and through the same death of ours. */
describe('what is due after we were killed', () => {
  let late: { readonly number: number; readonly sha: string; readonly id: string };
  let unreviewed: typeof late;

  beforeAll(async () => {
    const [first, second] = [await land('late'), await land('unreviewed')];
    const declared = await tell('dave', second.number, '/countersign emergency staging the shop is down');
    const id = idIn(declared.body);
    unreviewed = { ...second, id };
    await tell('carol', second.number, `/countersign confirm ${id}`);
    await untilCheckRun(stage, second.sha, staging, (run) => run.title.startsWith('Deployed'), 60);
    const said = await tell('dave', first.number, '/countersign emergency staging it burns there too');
    late = { ...first, id: idIn(said.body) };
    running.kill('SIGKILL');
    expect(await running.ended).toBe('SIGKILL');
    await stage.restart();
  }, 300_000);

  test('it ends by itself, and nobody confirms it any more', async () => {
    await untilAct('emergency.expired', 'staging', 120);
    await untilSaid(late.number, 'ended unused');
    expect((await tell('carol', late.number, `/countersign confirm ${late.id}`)).body).toContain(
      'It ended at',
    );
    expect(await acts({ commit: late.sha })).toEqual([
      'emergency.declared declared dave',
      'emergency.expired expired',
    ]);
    const started = await listEntries(database.db, { commit: late.sha, kinds: ['deployment.started'] });
    expect(started).toEqual([]);
    expect(await stage.served('staging', 'public/index.html')).toContain('unreviewed');
  }, 300_000);

  test('a review that is overdue holds the next deployment, which has all its approvals, until it is given', async () => {
    const { number, sha, id } = unreviewed;
    await untilAct('emergency.overdue', 'staging', 150);
    await untilSaid(number, 'is overdue');

    const next = await land('next');
    await ask(stage, 'bob', next.sha, 'staging');
    const held = await untilCheckRun(
      stage,
      next.sha,
      staging,
      (run) => run.conclusion === 'action_required',
      60,
    );
    expect(held.title).toContain(`the review of emergency ${id} is overdue since`);
    expect(held.summary).toMatch(
      new RegExp(`Emergency \`${id}\` on \`staging\` .* had to be reviewed by 20`),
    );
    // Not there alone: nothing of the repository goes anywhere until somebody looked at what went past the gates.
    await ask(stage, 'dave', next.sha);
    const elsewhere = await untilCheckRun(
      stage,
      next.sha,
      production,
      (run) => run.title.startsWith('Held'),
      60,
    );
    expect(elsewhere.summary).toMatch(
      new RegExp(`Emergency \`${id}\` on \`staging\` .* had to be reviewed by 20`),
    );
    stage.github.pressButton(stage.repository, held.id, 'approve', stage.people.erin);
    const still = await untilCheckRun(
      stage,
      next.sha,
      staging,
      (run) => run.summary.includes('erin approved'),
      60,
    );
    expect(still.title).toMatch(/^Held: the review of emergency .*, from frank$/);
    expect(await stage.served('staging', 'public/index.html')).toContain('unreviewed');
    await tell('frank', next.number, `/countersign review ${id} justified it was down`);
    await untilCheckRun(stage, next.sha, staging, (run) => run.title.startsWith('Deployed'), 60);
    expect((await acts({ commit: sha })).slice(-2)).toEqual([
      'emergency.overdue overdue',
      'emergency.reviewed justified frank',
    ]);
  }, 400_000);
});

test('a job that an administrator lets through, and a deployment that somebody reports as running, are found and reviewed', async () => {
  const { github, people, repository } = stage;
  await stage
    .as('frank')
    .request('POST /repos/{owner}/{repo}/environments/{environment_name}/deployment_protection_rules', {
      owner: stage.owner,
      repo: stage.repo,
      environment_name: 'production',
      integration_id: stage.appId,
    });
  const { number, sha } = await land('bypassed');
  const run = await github.actions.startRun(repository, {
    branch: 'main',
    actor: people.dave,
    environment: 'production',
  });
  await untilCheckRun(stage, sha, production, (seen) => seen.title.startsWith('Held'), 60);
  github.actions.bypass(run, people.frank);
  const shown = await untilCheckRun(stage, sha, production, (seen) => seen.conclusion === 'failure', 60);
  expect(shown.summary).toContain('started on GitHub without our approval');
  const id = idIn(shown.summary);
  expect(await acts({ commit: sha })).toEqual(['emergency.bypassed job dave']);
  github.actions.finish(run, 'success');
  await untilCheckRun(
    stage,
    sha,
    production,
    (seen) => seen.summary.includes('without our approval and succeeded'),
    60,
  );
  expect(
    (await tell('carol', number, `/countersign review ${id} unjustified nobody declared it`)).body,
  ).toContain('was **unjustified**');

  const deployment = await ask(stage, 'dave', sha);
  await untilCheckRun(stage, sha, production, (seen) => seen.conclusion === 'action_required', 60);
  const at = { owner: stage.owner, repo: stage.repo, deployment_id: deployment };
  await stage.as('bob').rest.repos.createDeploymentStatus({ ...at, state: 'in_progress' });
  const reported = await untilCheckRun(
    stage,
    sha,
    production,
    (seen) => seen.summary.includes('GitHub’s deployment says'),
    60,
  );
  await stage.as('bob').rest.repos.createDeploymentStatus({ ...at, state: 'success' });
  await stage.github.deliveries.waitForIdle();
  expect(
    (await tell('frank', number, `/countersign review ${idIn(reported.summary)} justified a test`)).body,
  ).toContain('was **justified**');
  expect(await acts({ commit: sha })).toEqual([
    'emergency.bypassed job dave',
    'emergency.reviewed unjustified carol',
    'emergency.bypassed reported bob,dave',
    'emergency.reviewed justified frank',
  ]);
}, 240_000);

test('all that was recorded verifies, and every call to GitHub conformed', async () => {
  expect((await verifyDatabase(database.db)).findings).toEqual([]);
  expect(stage.github.violations).toEqual([]);
}, 60_000);
