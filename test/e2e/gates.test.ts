import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { approve, ask, deployCheck, merge, openChange } from '../../demo/stage/acts.ts';
import { setStage, type Stage } from '../../demo/stage/stage.ts';
import { until, untilCheckRun } from '../../demo/stage/watch.ts';
import { listEntries, readEntry } from '../../src/ledger/read.ts';
import { leafHash } from '../../src/ledger/hash.ts';
import { verifyProof } from '../../src/ledger/proof.ts';
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

test('every finished check run carries a proof of its own entry that holds without us', async () => {
  const [log] = await query(database.readerUrl, 'SELECT vkey FROM ledger.log');
  const vkey = String(log?.['vkey']);
  let proved = 0;
  for (const run of stage.repository.checkRuns.values()) {
    if (!run.name.startsWith('countersign/') || run.status !== 'completed') continue;
    const shown = run.text ?? run.summary ?? '';
    const [, id = ''] = /Entry \*\*\d+\*\* of .*?\((?:<code>|`+ ?)([0-9a-f-]{36})/.exec(shown) ?? [];
    const entry = await readEntry(database.db, id);
    const [, proof = ''] = /(c2sp\.org\/tlog-proof@v1\n[\s\S]*?)\n`{3,}/.exec(shown) ?? [];
    const [row] = await query(database.readerUrl, `SELECT canonical FROM ledger.entry WHERE id = '${id}'`);
    const canonical = row?.['canonical'];
    if (!Buffer.isBuffer(canonical)) throw new Error(`${run.name}: no entry in ${shown.slice(-600)}`);
    expect(verifyProof(`${proof}\n`, leafHash(canonical), vkey).index).toBe(entry?.index);
    expect(entry?.content.commit).toBe(run.headSha);
    proved += 1;
  }
  expect(proved).toBeGreaterThanOrEqual(5);
});
