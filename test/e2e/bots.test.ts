import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { approve, ask, deployCheck, headOf } from '../../demo/stage/acts.ts';
import { setStage, type Stage } from '../../demo/stage/stage.ts';
import { type SeenCheckRun, until, untilCheckRun } from '../../demo/stage/watch.ts';
import { listEntries } from '../../src/ledger/store/read.ts';
import { verifyDatabase } from '../../src/ledger/verify/verify-database.ts';
import { assertReperformed } from '../support/assert-reperformed.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { refusal } from '../support/github/start-shop.ts';
import { type Robot, startRobot } from '../support/github/start-robot.ts';

let dir: string;
let database: TestDatabase;
let stage: Stage;
let robot: Robot;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-bots-'));
  database = await createTestDatabase();
  stage = await setStage({
    dir,
    database,
    log: pino({ level: 'silent' }),
    policy: (baseline) => `version: 1
changes:
  branches: [main]
  approvals: { required: 1, from: { teams: [maintainers] } }
  bots: [{ login: "robot[bot]", paths: ["package.json", "**/package-lock.json"] }]
environments:
  production:
    branches: [main]
    baseline: ${baseline}
    deploy: { on: request, by: { teams: [leads] } }
`,
  });
  robot = await startRobot(stage);
}, 90_000);

afterAll(async () => {
  await assertReperformed(database.db);
  await stage.close();
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});

const bump = (version: string) => ({ 'package.json': `{ "version": "${version}" }\n` });

const change = (sha: string, expected: (run: SeenCheckRun) => boolean) =>
  untilCheckRun(stage, sha, 'countersign/change', expected, 60);

/** Somebody's approval of what they saw. */
const approveAs = (who: 'bob' | 'carol', number: number) => approve(stage, who, number);

test('a bot’s change inside its paths takes a person’s approval, and the bot’s own never counts', async () => {
  const { number, head } = await robot.open({
    branch: 'bump-1',
    message: 'Bump till',
    files: { ...bump('1.0.1'), 'web/package-lock.json': '{}\n' },
  });
  const at = { owner: stage.owner, repo: stage.repo, pull_number: number };
  const held = await change(head, (run) => run.title.startsWith('Held'));
  expect(held.summary).toContain('maintainers');

  const own = await refusal(robot.octokit.rest.pulls.createReview({ ...at, event: 'APPROVE' }));
  expect(own.status).toBe(422);
  const second = await startRobot(stage, 'second-robot');
  await second.octokit.rest.pulls.createReview({ ...at, event: 'APPROVE', commit_id: head });
  const robots = await change(head, (run) => `${run.summary}${run.text}`.includes('second-robot'));
  expect(robots.title).toMatch(/^Held/);
  expect(robots.summary).toContain('approval doesn’t count: it is not a person.');

  await approveAs('carol', number);
  await change(head, (run) => run.conclusion === 'success');
  const { data } = await robot.octokit.rest.pulls.merge({ ...at, merge_method: 'squash' });
  const merged = await until(
    'the merge’s record',
    async () =>
      (await listEntries(database.db, { commit: data.sha })).find(
        ({ content }) => content.kind === 'change.merged',
      ) ?? null,
    60,
  );
  expect(merged.content.outcome).toBe('compliant');

  await ask(stage, 'dave', data.sha);
  await untilCheckRun(
    stage,
    data.sha,
    deployCheck('production'),
    (run) => run.title.startsWith('Deployed'),
    60,
  );
}, 180_000);

test('one file outside of its paths holds it, whoever approves', async () => {
  const { number, head } = await robot.open({
    branch: 'bump-2',
    message: 'Bump till again',
    files: { ...bump('1.0.2'), 'src/till.ts': 'export const open = true;\n' },
  });
  await approveAs('carol', number);
  const held = await change(head, (run) => run.summary.includes('src/till.ts'));
  expect(held.title).toMatch(/^Held/);
  expect(held.summary).toContain('robot');
  expect(held.summary).toContain('`changes.bots`');
}, 90_000);

test('a person’s commit on the bot’s branch makes them its author, and lets it touch no more', async () => {
  const { people, github, repository } = stage;
  const { number } = await robot.open({ branch: 'bump-3', message: 'Bump', files: bump('1.0.3') });
  await github.commit(people.carol, repository, {
    branch: 'bump-3',
    files: bump('1.0.3-fixed'),
    message: 'Mend the bump',
  });
  const head = await headOf(stage, number);
  await approveAs('carol', number);
  const own = await change(head, (run) => `${run.summary}${run.text}`.includes('disqualified'));
  expect(own.title).toMatch(/^Held/);
  expect(`${own.summary}${own.text}`).toContain(`commit ${head.slice(0, 7)} is theirs`);

  await approveAs('bob', number);
  await change(head, (run) => run.conclusion === 'success');

  // The scope bounds the pull request, and not only the bot's own commits.
  await github.commit(people.carol, repository, {
    branch: 'bump-3',
    files: { 'src/till.ts': 'export const open = false;\n' },
    message: 'And something else',
  });
  const wider = await headOf(stage, number);
  await approveAs('bob', number);
  const held = await change(wider, (run) => run.summary.includes('src/till.ts'));
  expect(held.title).toMatch(/^Held/);
}, 180_000);

test('who drove the bot is its author by the co-author’s trailer, and on behalf of nobody we know it acts for nobody', async () => {
  const { people } = stage;
  const { number, head } = await robot.open({
    branch: 'bump-4',
    message: 'Bump as asked',
    files: bump('1.0.4'),
    coAuthors: [people.carol],
  });
  await approveAs('carol', number);
  const held = await change(head, (run) => `${run.summary}${run.text}`.includes('disqualified'));
  expect(held.title).toMatch(/^Held/);
  expect(`${held.summary}${held.text}`).toContain('they are a co-author of commit');
  await approveAs('bob', number);
  await change(head, (run) => run.conclusion === 'success');

  // GitHub maps no account to this trailer's e-mail. Whom it names might be who approves, so that nobody's approval is enough.
  const behalf = await robot.open({
    branch: 'bump-5',
    message: 'Bump for somebody\n\non-behalf-of: @bob <bob@elsewhere.example>',
    files: bump('1.0.5'),
  });
  await approveAs('bob', behalf.number);
  const his = await change(behalf.head, (run) => run.summary.includes('elsewhere.example'));
  expect(his.title).toMatch(/^Held/);
  expect(his.summary).toContain('names a co-author whose e-mail at `elsewhere.example`');
}, 180_000);

test('a bot that isn’t listed, or that pushes to a person’s pull request, holds it', async () => {
  const stranger = await startRobot(stage, 'stranger');
  const unlisted = await stranger.open({ branch: 'strange', message: 'Bump', files: bump('9.9.9') });
  await approveAs('carol', unlisted.number);
  const held = await change(unlisted.head, (run) => run.summary.includes('stranger'));
  expect(held.title).toMatch(/^Held/);

  const { people, github, repository, owner, repo } = stage;
  await github.commit(people.alice, repository, {
    branch: 'alices',
    from: 'main',
    files: bump('2.0.0'),
    message: 'Bump by hand',
  });
  const { data } = await stage
    .as('alice')
    .rest.pulls.create({ owner, repo, title: 'By hand', head: 'alices', base: 'main' });
  const head = await robot.commit({ branch: 'alices', files: bump('2.0.1'), message: 'Help out' });
  await approveAs('carol', data.number);
  const helped = await change(head, (run) => run.summary.includes('robot'));
  expect(helped.title).toMatch(/^Held/);
}, 180_000);

test('all that was recorded verifies', async () => {
  expect((await verifyDatabase(database.db)).findings).toEqual([]);
}, 60_000);
