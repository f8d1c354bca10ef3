/** The App's own life, and its repositories': what each event leaves in the ledger, and what is judged and deployed meanwhile. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { pino } from 'pino';
import { approve, ask, deployCheck, merge, openChange } from '../../demo/stage/acts.ts';
import { setStage, type Stage } from '../../demo/stage/stage.ts';
import { until, untilCheckRun } from '../../demo/stage/watch.ts';
import { listEntries, type ReadEntry, readDocument } from '../../src/ledger/store/read.ts';
import { verifyDatabase } from '../../src/ledger/verify/verify-database.ts';
import { main } from '../../src/main.ts';
import { assertReperformed } from '../support/assert-reperformed.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const production = deployCheck('production');

let dir: string;
let database: TestDatabase;
let stage: Stage;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-installations-'));
  database = await createTestDatabase();
  stage = await setStage({
    dir,
    database,
    log: pino({ level: 'silent' }),
    policy: (baseline) => `version: 1
changes:
  branches: [main]
  approvals: { required: 1, from: { users: [bob, carol] } }
environments:
  production:
    branches: [main]
    baseline: ${baseline}
    deploy: { on: request, by: { users: [dave] } }
    lock: { by: { users: [dave] } }
`,
  });
  // The operator locks where something was deployed.
  const first = (await stage.github.tip(stage.repository, 'main')) ?? '';
  await ask(stage, 'dave', first);
  await untilCheckRun(stage, first, production, (run) => run.title.startsWith('Deployed'), 60);
}, 120_000);

afterAll(async () => {
  await assertReperformed(database.db);
  await stage.close();
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});

/** By the operator, at the server: no event of GitHub's has a part in it. */
async function operator(...args: readonly string[]): Promise<void> {
  const said: string[] = [];
  const io = { write: (text: string) => said.push(text) };
  const code = await main(args, { stdout: io, stderr: io, env: { DATABASE_URL: database.writerUrl } });
  if (code !== 0) throw new Error(said.join(''));
}

const changed = (outcome: string) =>
  until(
    outcome,
    async () =>
      (await listEntries(database.db, { kinds: ['control.changed'], outcomes: [outcome] }))[0] ?? null,
  );

async function coverageOf(entry: ReadEntry): Promise<unknown> {
  const document = entry.content.documents.find(({ name }) => name === 'coverage');
  const body = await readDocument(database.db, document?.commitment ?? '');
  return JSON.parse(body?.toString() ?? 'null');
}

/** A change that is merged, and a deployment of it that nothing but the operator's lock holds. */
async function waiting(branch: string): Promise<string> {
  const files = { 'public/index.html': `<p>${branch}</p>\n` };
  const { number, head } = await openChange(stage, 'alice', { branch, title: branch, files });
  await approve(stage, 'carol', number);
  await untilCheckRun(stage, head, 'countersign/change', (run) => run.conclusion === 'success', 60);
  const sha = await merge(stage, 'carol', number);
  await operator('lock', 'acme/shop', 'production', '--why', branch);
  await ask(stage, 'dave', sha);
  await untilCheckRun(
    stage,
    sha,
    production,
    (run) => run.title.startsWith('Held: production is locked'),
    60,
  );
  return sha;
}

const decisionsOn = async (sha: string) =>
  (await listEntries(database.db, { commit: sha, environment: 'production' })).flatMap(({ content }) =>
    content.kind.startsWith('deployment.') ? [`${content.kind} ${content.outcome}`] : [],
  );

/** Judgements that wait to be made, or are being made. */
async function judged(): Promise<void> {
  await until(
    'every judgement',
    async () => {
      const { rows } = await sql<{ n: string }>`
        SELECT count(*)::text AS n FROM pgboss.job
        WHERE name = 'deployment' AND state IN ('created', 'retry', 'active') AND start_after <= now()
      `.execute(database.db);
      return rows[0]?.n === '0' ? true : null;
    },
    60,
  );
}

/** While it is out of reach its last obstacle goes: it would be approved and deployed now, were it judged. */
async function unlockUnseen(sha: string): Promise<void> {
  const before = await decisionsOn(sha);
  await operator('unlock', 'acme/shop', 'production');
  await judged();
  expect(await decisionsOn(sha)).toEqual(before);
}

const deployed = async (sha: string, text: string) => {
  await untilCheckRun(stage, sha, production, (run) => run.title.startsWith('Deployed'), 60);
  expect(await stage.served('production', 'public/index.html')).toContain(text);
};

test('a repository that is taken from the App isn’t judged or deployed, though it is public; given back, it is', async () => {
  const { github, installation, repository, people } = stage;
  const sha = await waiting('taken');
  github.selectRepository(installation, repository, 'removed', people.frank);
  const gap = await changed('repository_removed.gap');
  expect(gap.content.repository).toMatchObject({ id: String(repository.id), name: 'acme/shop' });
  expect(gap.people).toMatchObject([{ role: 'changer', actor: { login: 'frank' } }]);
  await unlockUnseen(sha);
  expect(await stage.served('production', 'public/index.html')).not.toContain('taken');

  github.selectRepository(installation, repository, 'added', people.frank);
  const whole = await changed('repository_added.whole');
  expect(whole.content.answers).toBe(gap.id);
  await deployed(sha, 'taken');
}, 180_000);

test('while the App is suspended nothing is judged', async () => {
  const { github, installation, people } = stage;
  const sha = await waiting('suspended');
  github.suspend(installation, true, people.frank);
  const gap = await changed('suspended.gap');
  await unlockUnseen(sha);
  github.suspend(installation, false, people.frank);
  expect((await changed('unsuspended.whole')).content.answers).toBe(gap.id);
  await deployed(sha, 'suspended');
}, 180_000);

test('a repository that is put away waits until it is fetched again', async () => {
  const { github, repository, people } = stage;
  const sha = await waiting('archived');
  github.archive(repository, true, people.frank);
  const entry = await changed('repository_archived');
  await unlockUnseen(sha);
  github.archive(repository, false, people.frank);
  expect((await changed('repository_unarchived')).content.answers).toBe(entry.id);
  await deployed(sha, 'archived');
}, 180_000);

test('another name and another visibility are recorded under the same id, and what waits goes on', async () => {
  const { github, repository, people } = stage;
  const sha = await waiting('renamed');
  github.rename(repository, 'store', people.frank);
  const renamed = await changed('repository_renamed');
  expect(renamed.content.repository).toMatchObject({ id: String(repository.id), name: 'acme/store' });
  expect(await coverageOf(renamed)).toMatchObject({ nameBefore: 'shop' });
  await until('its new name', async () => {
    const { rows } = await sql<{ name: string }>`
      SELECT name FROM countersign.deployment WHERE sha = ${sha} AND environment = 'production'
    `.execute(database.db);
    return rows[0]?.name === 'store' ? true : null;
  });
  github.rename(repository, 'shop', people.frank);
  github.setVisibility(repository, 'private', people.frank);
  github.setVisibility(repository, 'public', people.frank);
  for (const outcome of ['repository_privatized', 'repository_publicized'])
    expect((await changed(outcome)).content.repository?.id).toBe(String(repository.id));
  await until('its old name again', async () => {
    const { rows } = await sql<{ name: string }>`
      SELECT name FROM countersign.deployment WHERE sha = ${sha} AND environment = 'production'
    `.execute(database.db);
    return rows[0]?.name === 'shop' ? true : null;
  });
  await operator('unlock', 'acme/shop', 'production');
  await deployed(sha, 'renamed');
}, 180_000);

test('another login of the account is another name of each repository, though GitHub tells of none of them', async () => {
  const { github, organization, people } = stage;
  const sha = await waiting('account');
  const ownerOf = (login: string) =>
    until(`the owner ${login}`, async () => {
      const { rows } = await sql<{ owner: string }>`
        SELECT d.owner FROM countersign.deployment d JOIN countersign.repository r ON r.id = d.repository_id AND r.owner = d.owner
        WHERE d.sha = ${sha} AND d.environment = 'production'
      `.execute(database.db);
      return rows[0]?.owner === login ? true : null;
    });
  github.renameAccount(organization, 'acme-corp', people.frank);
  await ownerOf('acme-corp');
  const renamed = await until('its record', async () => {
    const [entry] = await listEntries(database.db, { outcomes: ['repository_renamed'] });
    return entry?.content.repository?.name === 'acme-corp/shop' ? entry : null;
  });
  expect(await coverageOf(renamed)).toMatchObject({ told: false, nameBefore: 'acme/shop' });
  expect(renamed.people).toEqual([]);
  github.renameAccount(organization, 'acme', people.frank);
  await ownerOf('acme');
  await operator('unlock', 'acme/shop', 'production');
  await deployed(sha, 'account');
}, 180_000);

test('given to another account and back: each installation judges what it is given, under the same id', async () => {
  const { github, repository, organization, installation, people } = stage;
  const sha = await waiting('transferred');
  const other = github.createOrganization('globex', { owner: people.frank });
  const there = github.install(installation.app, other, 'all');
  await github.deliveries.waitForIdle();
  github.transfer(repository, other, people.frank);
  const moved = await changed('repository_transferred');
  expect(moved.content.repository).toMatchObject({ id: String(repository.id), name: 'globex/shop' });
  await until('its new owner', async () => {
    const { rows } = await sql<{ owner: string; installation_id: string }>`
      SELECT owner, installation_id::text FROM countersign.deployment
      WHERE sha = ${sha} AND environment = 'production'
    `.execute(database.db);
    const [row] = rows;
    return row?.owner === 'globex' && row.installation_id === String(there.id) ? true : null;
  });
  // What was to be written there is written, before it is out of that installation's reach.
  await judged();
  await until('what is to be written', async () => {
    const { rows } = await sql<{ n: string }>`
      SELECT count(*)::text AS n FROM countersign.effect WHERE state = 'planned'
    `.execute(database.db);
    return rows[0]?.n === '0' ? true : null;
  });
  github.transfer(repository, organization, people.frank);
  github.selectRepository(installation, repository, 'added', people.frank);
  await github.deliveries.waitForIdle();
  await until('its old owner again', async () => {
    const { rows } = await sql<{ owner: string; installation_id: string }>`
      SELECT owner, installation_id::text FROM countersign.deployment
      WHERE sha = ${sha} AND environment = 'production'
    `.execute(database.db);
    const [row] = rows;
    return row?.owner === 'acme' && row.installation_id === String(installation.id) ? true : null;
  });
  await operator('unlock', 'acme/shop', 'production');
  await deployed(sha, 'transferred');
}, 180_000);

test('taken away and installed anew, it goes on under the new installation; other permissions are recorded', async () => {
  const { github, installation, organization, repository, people } = stage;
  const sha = await waiting('anew');
  github.uninstall(installation, people.frank);
  await changed('uninstalled.gap');
  await unlockUnseen(sha);
  const anew = github.install(installation.app, organization, [repository]);
  await deployed(sha, 'anew');

  github.acceptPermissions(anew, { ...anew.permissions, organization_administration: 'read' });
  const accepted = await changed('permissions_accepted');
  expect(await coverageOf(accepted)).toMatchObject({
    installationId: anew.id,
    permissions: { organization_administration: 'read' },
  });

  // The last of it: what is deleted is a gap that nothing ends, and what waits there waits for ever.
  const last = await waiting('deleted');
  github.deleteRepository(repository, people.frank);
  const gone = await changed('repository_deleted.gap');
  expect(gone.content.repository?.id).toBe(String(repository.id));
  await unlockUnseen(last);
  expect(await stage.served('production', 'public/index.html')).toContain('anew');
}, 240_000);

test('all that was recorded verifies', async () => {
  expect((await verifyDatabase(database.db)).findings).toEqual([]);
}, 60_000);
