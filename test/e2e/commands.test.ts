import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Octokit } from '@octokit/rest';
import { sql } from 'kysely';
import { pino } from 'pino';
import { approve, comment, deployCheck, merge, openChange } from '../../demo/stage/acts.ts';
import { type Person, setStage, type Stage } from '../../demo/stage/stage.ts';
import { seeAnswer, until, untilCheckRun } from '../../demo/stage/watch.ts';
import { recordedAnswers } from '../../src/evidence/recorded-decisions.ts';
import { reperformAnswer } from '../../src/evidence/reperform.ts';
import { listEntries, readDocument } from '../../src/ledger/store/read.ts';
import { verifyDatabase } from '../../src/ledger/verify/verify-database.ts';
import { assertReperformed } from '../support/assert-reperformed.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let dir: string;
let database: TestDatabase;
let stage: Stage;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-commands-'));
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
  production:
    branches: [main]
    baseline: ${baseline}
    deploy: { on: request, by: { teams: [leads] } }
    after: { staging: {} }
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

const production = deployCheck('production');

async function open(branch: string): Promise<number> {
  const files = { 'public/index.html': `<p>${branch}</p>\n` };
  const { number, head } = await openChange(stage, 'alice', { branch, title: branch, files });
  await approve(stage, 'carol', number);
  await untilCheckRun(stage, head, 'countersign/change', (run) => run.conclusion === 'success', 60);
  return number;
}

async function tell(who: Person, number: number, command: string) {
  const id = await comment(stage, who, number, command);
  return until(`an answer to ${command}`, () => seeAnswer(stage, number, id), 60);
}

const answersOf = async (number: number) =>
  (await listEntries(database.db, { kinds: ['command.answered'], pullRequest: number })).toReversed();

test('a deployment is asked for in a comment, and refused to whoever may not', async () => {
  const number = await open('first');

  const early = await tell('dave', number, '/countersign deploy production');
  expect(early.reactions).toEqual(['eyes', '-1']);
  expect(early.body).toContain('🚫 **Refused**: This pull request is not merged yet');

  const sha = await merge(stage, 'carol', number);
  const refused = await tell('alice', number, '/countersign deploy production\nPlease!');
  expect(refused.reactions).toEqual(['eyes', '-1']);
  expect(refused.body).toContain(
    'alice may not deploy to `production`: the policy asks for somebody of team `leads`.',
  );

  const accepted = await tell('dave', number, '/countersign deploy production');
  expect(accepted.reactions).toEqual(['eyes', '+1']);
  expect(accepted.body).toContain('✅ **Asked for**:');
  const shown = await untilCheckRun(stage, sha, production, (run) => run.title.startsWith('Deployed'), 60);
  expect(shown.summary).toContain('**dave** asked for it with a comment');
  expect(await stage.served('production', 'public/index.html')).toContain('first');

  const entries = await answersOf(number);
  expect(entries.map(({ content }) => content.outcome)).toEqual([
    'deploy.refused',
    'deploy.refused',
    'deploy.accepted',
  ]);
  expect(entries.map(({ people }) => people.map(({ actor }) => actor?.login))).toEqual([
    ['dave'],
    ['alice'],
    ['dave'],
  ]);
  const [requested] = await listEntries(database.db, {
    answers: entries.at(-1)?.id ?? '',
    kinds: ['deployment.requested'],
  });
  expect(requested?.content).toMatchObject({ outcome: 'comment', commit: sha, environment: 'production' });
  // What was written is personal, so only its seal stands in the entry.
  const [facts] = await Promise.all(
    (entries[1]?.content.documents ?? [])
      .filter(({ name }) => name === 'facts')
      .map(({ commitment }) => readDocument(database.db, commitment)),
  );
  expect(JSON.parse(facts?.toString('utf8') ?? '')).toMatchObject({ commenter: { login: 'alice' } });
  expect(JSON.stringify(entries.map(({ content }) => content))).not.toMatch(/alice|dave/);
}, 150_000);

test('an environment is locked by a comment, holds what is asked for, and lets it go when it is unlocked', async () => {
  const number = await open('second');
  const sha = await merge(stage, 'carol', number);
  expect((await tell('carol', number, '/countersign lock production mine')).body).toContain(
    'carol may not lock and unlock `production`',
  );
  const locked = await tell('dave', number, '/countersign lock production the @alice migration runs');
  expect(locked.reactions).toEqual(['eyes', '+1']);
  expect(locked.body).toContain('**Locked**: nothing is deployed to **production** until');
  // Nobody is pinged by our repeating it.
  expect(locked.body).not.toContain('@alice');

  await tell('dave', number, '/countersign deploy production');
  const held = await untilCheckRun(stage, sha, production, (run) => run.title.startsWith('Held'), 60);
  expect(held.summary).toContain('migration runs');
  expect((await tell('dave', number, '/countersign unlock production')).body).toContain('**Unlocked**');
  await untilCheckRun(stage, sha, production, (run) => run.title.startsWith('Deployed'), 60);
  expect((await tell('dave', number, '/countersign unlock production')).body).toContain(
    '`production` is not locked',
  );
}, 150_000);

test('a button on staging’s check run asks for the same commit on production, in the name of whoever pressed', async () => {
  const { github, people, repository } = stage;
  const number = await open('promoted');
  const sha = await merge(stage, 'carol', number);
  const deployed = await untilCheckRun(
    stage,
    sha,
    deployCheck('staging'),
    (run) => run.title.startsWith('Deployed'),
    60,
  );
  github.pressButton(repository, deployed.id, 'promote:0', people.alice);
  const refused = await untilCheckRun(stage, sha, production, (run) => run.title.startsWith('Rejected'), 60);
  expect(refused.summary).toContain('alice');
  github.pressButton(repository, deployed.id, 'promote:0', people.dave);
  github.pressButton(repository, deployed.id, 'promote:0', people.dave);
  const shown = await untilCheckRun(stage, sha, production, (run) => run.title.startsWith('Deployed'), 60);
  expect(shown.summary).toContain(
    '**dave** asked for it with a button on the check run of another environment',
  );
  expect(() => github.pressButton(repository, deployed.id, 'promote:1', people.dave)).toThrow();
  const requests = await listEntries(database.db, {
    kinds: ['deployment.requested'],
    commit: sha,
    environment: 'production',
  });
  expect(requests.map(({ content }) => content.outcome)).toEqual(['promotion', 'promotion']);
  const [finished] = await listEntries(database.db, {
    kinds: ['deployment.finished'],
    commit: sha,
    environment: 'staging',
  });
  expect(requests.map(({ content }) => content.answers)).toEqual([finished?.id, finished?.id]);
}, 150_000);

test('what is written wrong is answered with how it is right; what is quoted or edited does nothing', async () => {
  const number = await open('third');
  const misread = await tell('dave', number, '/countersign depoly production');
  expect(misread.reactions).toEqual(['eyes', '-1']);
  expect(misread.body).toContain('Did you mean `deploy`?');
  expect((await tell('bob', number, '/countersign help')).body).toContain(
    '`/countersign deploy ENVIRONMENT`',
  );
  await comment(stage, 'dave', number, '> /countersign deploy production');
  await comment(stage, 'dave', number, '```\n/countersign deploy production\n```');
  await stage.github.deliveries.waitForIdle();
  expect((await answersOf(number)).map(({ content }) => content.outcome)).toEqual([
    'misread.refused',
    'help.accepted',
  ]);
}, 90_000);

test('a redelivered comment, and a restart in the middle, are answered once', async () => {
  const { github } = stage;
  const number = await open('fourth');
  github.faults.requests({
    kind: 'error',
    count: 1,
    match: { operation: 'POST /repos/{owner}/{repo}/issues/{issue_number}/comments' },
    afterDoing: true,
  });
  const at = { owner: stage.owner, repo: stage.repo, issue_number: number };
  const id = await comment(stage, 'dave', number, '/countersign help');
  await until('an answer', () => seeAnswer(stage, number, id), 60);
  await stage.restart();
  const given = github.deliveries.log.find(
    ({ event, payload }) =>
      event === 'issue_comment' && (payload['comment'] as { readonly id: number }).id === id,
  );
  github.deliveries.redeliver(given?.id ?? 0);
  await github.deliveries.waitForIdle();
  const { data } = await stage.as('alice').rest.issues.listComments({ ...at, per_page: 100 });
  expect(data.filter(({ user }) => user?.type === 'Bot')).toHaveLength(1);
  expect(await answersOf(number)).toHaveLength(1);
  expect((await verifyDatabase(database.db)).findings).toEqual([]);
}, 90_000);

test('a stranger’s commands are each recorded and get a reaction, but one comment for each pull request', async () => {
  const { github, owner, repo } = stage;
  const stranger = github.createUser({ login: 'stranger' });
  const { rest } = new Octokit({ auth: stranger.token, baseUrl: github.apiUrl });
  const [one, other] = [await open('fifth'), await open('sixth')];
  const write = async (number: number, body: string): Promise<readonly string[]> => {
    const at = { owner, repo };
    const { data } = await rest.issues.createComment({ ...at, issue_number: number, body });
    return until('a reaction', async () => {
      const { data: reactions } = await stage
        .as('alice')
        .rest.reactions.listForIssueComment({ ...at, comment_id: data.id });
      const contents = reactions.map(({ content }) => content);
      return contents.length === 2 ? contents : null;
    });
  };
  const answers = async (number: number) => {
    const at = { owner, repo, issue_number: number, per_page: 100 };
    const { data } = await stage.as('alice').rest.issues.listComments(at);
    return data.flatMap(({ user, body }) => (user?.type === 'Bot' ? [body ?? ''] : []));
  };
  const answered = (number: number, count: number) =>
    until(`${count} comments`, async () => ((await answers(number)).length === count ? true : null));

  expect(await write(one, '/countersign deploy production')).toEqual(['eyes', '-1']);
  await answered(one, 1);
  for (const command of ['deploy production', 'lock production for fun', 'depoly production', 'help'])
    expect(await write(one, `/countersign ${command}`)).toEqual(['eyes', command === 'help' ? '+1' : '-1']);
  expect(await write(other, '/countersign deploy production')).toEqual(['eyes', '-1']);
  await answered(other, 1);
  // Whoever belongs to the repository is told each time.
  await tell('alice', one, '/countersign deploy production');
  await tell('alice', one, '/countersign deploy production');
  const all = await answers(one);
  expect(all).toHaveLength(3);
  expect(all[0]).toContain('stranger may not deploy to `production`');
  expect((await answersOf(one)).map(({ content }) => content.outcome)).toEqual([
    'deploy.refused',
    'deploy.refused',
    'lock.refused',
    'misread.refused',
    'help.accepted',
    'deploy.refused',
    'deploy.refused',
  ]);
}, 150_000);

test('every answer comes out the same when it is made again', async () => {
  const { rows } = await sql<{ n: string }>`
    SELECT count(*)::text AS n FROM ledger.projection WHERE kind = 'command.answered'
  `.execute(database.db);
  let made = 0;
  for await (const found of recordedAnswers(database.db)) {
    if ('erased' in found) throw new Error(`${found.entry.id} lacks ${found.erased.join()}`);
    expect(reperformAnswer(found)).toBeNull();
    made += 1;
  }
  expect(made).toBe(Number(rows[0]?.n));
  expect(made).toBeGreaterThan(15);
}, 60_000);
