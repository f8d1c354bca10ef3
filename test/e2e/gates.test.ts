import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { approve, ask, deployCheck, merge, openChange } from '../../demo/stage/acts.ts';
import { setStage, type Stage } from '../../demo/stage/stage.ts';
import { until, untilCheckRun } from '../../demo/stage/watch.ts';
import { openQueue } from '../../src/db/queue.ts';
import { parseEntry } from '../../src/ledger/format/entry.ts';
import { listEntries } from '../../src/ledger/store/read.ts';
import { leafHash } from '../../src/ledger/format/hash.ts';
import { parseProof, verifyProof } from '../../src/ledger/format/proof.ts';
import { assertReperformed } from '../support/assert-reperformed.ts';
import { createTestDatabase, query, type TestDatabase } from '../support/database.ts';

const CHANGE = 'countersign/change';
const staging = deployCheck('staging');
const production = deployCheck('production');

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
    // A deployment that takes a while, so that things can happen behind it.
    commands: { health: 'while [ -e ../hold ]; do sleep 0.1; done' },
  });
}, 60_000);

afterAll(async () => {
  await stage.close();
  await assertReperformed(database.db);
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});

async function land(branch: string): Promise<string> {
  const files = { 'public/index.html': `<p>${branch}</p>\n` };
  const { number, head } = await openChange(stage, 'alice', { branch, title: branch, files });
  await approve(stage, 'carol', number);
  await untilCheckRun(stage, head, CHANGE, (run) => run.conclusion === 'success', 60);
  const sha = await merge(stage, 'carol', number);
  await untilCheckRun(stage, sha, staging, (run) => run.title.startsWith('Deployed'), 60);
  return sha;
}

async function press(
  sha: string,
  button: 'approve' | 'reject',
  who: 'alice' | 'erin' | 'frank',
): Promise<void> {
  const run = await untilCheckRun(
    stage,
    sha,
    production,
    (seen) => seen.conclusion === 'action_required',
    60,
  );
  stage.github.pressButton(stage.repository, run.id, button, stage.people[who]);
}

const reviews = async (sha: string) =>
  (await listEntries(database.db, { kinds: ['deployment.reviewed'], commit: sha })).map(
    ({ content, people }) => `${people[0]?.actor?.login ?? 'nobody'} ${content.outcome}`,
  );

let first: string;

test('a button pressed by an outsider, or by who made the change, is recorded and named, and doesn’t count', async () => {
  first = await land('first');
  await ask(stage, 'dave', first);
  await press(first, 'approve', 'frank');
  await until('the outsider’s press', async () => ((await reviews(first)).length === 1 ? true : null));
  await press(first, 'approve', 'alice');
  const run = await untilCheckRun(
    stage,
    first,
    production,
    ({ text }) => text.includes('alice') && text.includes('frank'),
  );
  expect(run.title).toMatch(/^Held/);
  expect(run.text).toContain('not one of the reviewers');
  expect(new Set(await reviews(first))).toEqual(new Set(['alice approved', 'frank approved']));
  expect(await stage.served('production', 'public/index.html')).toBeNull();
}, 90_000);

test('somebody who lost the role between the approval and the execution deploys nothing', async () => {
  const hold = join(stage.servers.production.root, 'shop/releases/hold');
  await mkdir(dirname(hold), { recursive: true });
  await writeFile(hold, '');
  await press(first, 'approve', 'erin');
  await untilCheckRun(stage, first, production, (run) => run.title.startsWith('Deploying'), 60);

  // The second one is approved, and waits for the first to end.
  const second = await land('second');
  await ask(stage, 'dave', second);
  await press(second, 'approve', 'erin');
  await untilCheckRun(stage, second, production, (run) => run.title.startsWith('Approved'), 60);
  // Nobody tells us: the re-check at the start has to find out.
  stage.github.faults.lose(10, { event: 'membership' });
  stage.github.removeFromTeam(stage.organization, 'leads', stage.people.dave);
  await rm(hold);
  await untilCheckRun(stage, first, production, (run) => run.title.startsWith('Deployed'), 60);
  const run = await untilCheckRun(stage, second, production, (seen) => seen.conclusion === 'failure', 60);
  expect(run.title).toMatch(/^Rejected: .*dave/);
  expect(await stage.served('production', 'public/index.html')).toContain('first');
  const kinds = (await listEntries(database.db, { commit: second, environment: 'production' })).map(
    ({ content }) => content.kind,
  );
  expect(kinds).toContain('deployment.approved');
  expect(kinds).not.toContain('deployment.started');
}, 150_000);

test('a Reject that comes after the approval still stops what has not started', async () => {
  const { github, organization, people, repository } = stage;
  github.addToTeam(organization, 'leads', people.dave);
  const hold = join(stage.servers.production.root, 'shop/releases/hold');
  await writeFile(hold, '');
  const third = await land('third');
  await ask(stage, 'dave', third);
  await press(third, 'approve', 'erin');
  await untilCheckRun(stage, third, production, (run) => run.title.startsWith('Deploying'), 60);

  const fourth = await land('fourth');
  await ask(stage, 'dave', fourth);
  const run = await untilCheckRun(
    stage,
    fourth,
    production,
    (seen) => seen.conclusion === 'action_required',
    60,
  );
  github.pressButton(repository, run.id, 'approve', people.erin);
  // Her page still has the buttons.
  github.faults.delay(1_500, 1, { event: 'check_run', action: 'requested_action' });
  github.pressButton(repository, run.id, 'reject', people.erin);
  await untilCheckRun(stage, fourth, production, (seen) => seen.title.startsWith('Approved'), 60);
  const rejected = await untilCheckRun(
    stage,
    fourth,
    production,
    (seen) => seen.title.startsWith('Rejected'),
    60,
  );
  expect(rejected.summary).toContain('erin');
  await rm(hold);
  await untilCheckRun(stage, third, production, (seen) => seen.title.startsWith('Deployed'), 60);
  await github.deliveries.waitForIdle();
  expect(await stage.served('production', 'public/index.html')).toContain('third');
  expect(new Set(await reviews(fourth))).toEqual(new Set(['erin approved', 'erin rejected']));
}, 150_000);

test('whoever can only write rows moves no approval: neither to another commit, nor by an answer that nobody gave', async () => {
  const evil = await stage.github.commit(stage.people.frank, stage.repository, {
    branch: 'main',
    message: 'evil',
    files: { 'public/index.html': '<p>evil</p>\n' },
  });
  const [row] = await query(
    database.writerUrl,
    `SELECT id, decision_entry FROM countersign.deployment WHERE environment = 'production' AND state = 'succeeded' ORDER BY started_sequence DESC LIMIT 1`,
  );
  const id = String(row?.['id']);
  // A deployment that ended, made to run again with another commit; and its job sent anew.
  await query(
    database.writerUrl,
    `UPDATE countersign.deployment SET state = 'running', finished_entry = NULL WHERE id = '${id}'`,
  );
  const key = `deploy:${String(row?.['decision_entry'])}`;
  await query(database.writerUrl, `UPDATE countersign.effect SET state = 'planned' WHERE key = '${key}'`);
  const warnings: string[] = [];
  const log = { error: () => undefined, warn: (_: object, message: string) => void warnings.push(message) };
  const queue = openQueue(database.db, database.writerUrl, { log });
  await queue.start();
  await queue.send(database.db, 'deploy', { key }, { key: 'forged' });
  const failed = await until('the refusal', async () => {
    const [job] = await query(
      database.writerUrl,
      `SELECT output FROM pgboss.job WHERE name = 'deploy' AND singleton_key = 'forged' AND output IS NOT NULL`,
    );
    return job ?? null;
  });
  await queue.stop();
  expect(JSON.stringify(failed['output'])).toContain('the ledger says that it has ended');
  await query(
    database.writerUrl,
    `DELETE FROM pgboss.job WHERE singleton_key = 'forged'; UPDATE countersign.deployment SET state = 'succeeded' WHERE id = '${id}'`,
  );

  // Its row now says that it succeeded, and its entry is gone from it: nobody knows what runs, so nothing is deployed.
  await ask(stage, 'dave', evil);
  const held = await untilCheckRun(stage, evil, production, (run) => run.title.startsWith('Held'), 60);
  expect(held.summary).toContain('how the commit relates to what runs there');

  // An answer that was only ever a row.
  const [wanted] = await query(
    database.writerUrl,
    `SELECT id FROM countersign.deployment WHERE sha = '${evil}'`,
  );
  await query(
    database.writerUrl,
    `INSERT INTO countersign.deployment_review VALUES ('${String(wanted?.['id'])}', ${stage.people.erin.id}, 'erin', 'approved', '${evil}', now(), gen_random_uuid(), gen_random_uuid())`,
  );
  stage.github.rerequest(stage.repository, held.id, stage.people.dave);
  await stage.github.deliveries.waitForIdle();
  const again = await untilCheckRun(stage, evil, production, (run) => run.title.startsWith('Held'), 60);
  expect(again.text).not.toContain('erin');
  expect(await stage.served('production', 'public/index.html')).toContain('third');
}, 150_000);

test('every finished check run carries a proof of its own entry that holds without us', async () => {
  const [log] = await query(database.readerUrl, 'SELECT vkey FROM ledger.log');
  const vkey = String(log?.['vkey']);
  let proved = 0;
  for (const run of stage.repository.checkRuns.values()) {
    if (!run.name.startsWith('countersign/') || run.status !== 'completed') continue;
    // Nothing but its own words, and the key.
    // One without a text has it in its summary; its text is empty once it was brought up to date.
    const shown = [run.text, run.summary].find((text) => text !== null && text !== '') ?? '';
    const [, proof = ''] = /(c2sp\.org\/tlog-proof@v1\n[\s\S]*?)\n`{3,}/.exec(shown) ?? [];
    const { extra } = parseProof(`${proof}\n`);
    if (extra === null) throw new Error(`${run.name}: no entry in ${shown.slice(-600)}`);
    const { index } = verifyProof(`${proof}\n`, leafHash(extra), vkey);
    expect(shown).toContain(`Entry **${index}** of`);
    expect(shown).toContain(vkey);
    expect(parseEntry(extra).commit).toBe(run.headSha);
    proved += 1;
  }
  expect(proved).toBeGreaterThanOrEqual(5);
});
