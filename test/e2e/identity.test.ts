import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { approve, ask, deployCheck, merge, openChange } from '../../demo/stage/acts.ts';
import { setStage, type Person, type Stage } from '../../demo/stage/stage.ts';
import { type SeenCheckRun, untilCheckRun } from '../../demo/stage/watch.ts';
import { listEntries } from '../../src/ledger/store/read.ts';
import { verifyDatabase } from '../../src/ledger/verify/verify-database.ts';
import { assertReperformed } from '../support/assert-reperformed.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let dir: string;
let database: TestDatabase;
let stage: Stage;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-identity-'));
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
  production:
    branches: [main]
    baseline: ${baseline}
    deploy: { on: request, by: { teams: [leads] } }
    approvals: { required: 1, from: { teams: [release-managers] } }
    identity: { two_factor: required, saml: required }
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

async function land(branch: string): Promise<string> {
  const files = { 'public/index.html': `<p>${branch}</p>\n` };
  const { number, head } = await openChange(stage, 'alice', { branch, title: branch, files });
  await approve(stage, 'carol', number);
  await untilCheckRun(stage, head, 'countersign/change', (run) => run.conclusion === 'success', 60);
  return merge(stage, 'carol', number);
}

const seen = (sha: string, expected: (run: SeenCheckRun) => boolean) =>
  untilCheckRun(stage, sha, production, expected, 60);

function signedInBySaml(...people: readonly Person[]): void {
  stage.organization.samlIdentities = new Set(people.map((login) => stage.people[login].id));
}

/** GitHub tells nobody that such a setting was changed: somebody has the check run made again. */
async function lookAgain(sha: string): Promise<void> {
  const { id } = await seen(sha, () => true);
  stage.github.rerequest(stage.repository, id, stage.people.dave);
}

test('an App that isn’t told holds, and says what it takes; told of what it is, it deploys', async () => {
  const { github, organization, installation, people, repository } = stage;
  const sha = await land('first');
  await ask(stage, 'dave', sha);
  const held = await seen(sha, (run) => run.conclusion === 'action_required');
  github.pressButton(repository, held.id, 'approve', people.erin);

  const untold = await seen(sha, (run) => run.summary.includes('SAML') && !run.title.includes('approval'));
  expect(untold.summary).toContain(
    'Whether acme requires two-factor authentication is not known (GitHub leaves it out of what it tells this App)',
  );
  expect(untold.summary).toContain(
    'The SAML identities of acme are not known (GitHub shows this App no SAML identity provider of the organisation)',
  );
  expect(untold.summary).toContain('“Administration: read” on the organisation');

  // Accepted at GitHub: it tells us so, and what waits is judged again at once, with a token that has the permission.
  github.acceptPermissions(installation, {
    ...installation.permissions,
    organization_administration: 'read',
  });
  const without = await seen(
    sha,
    (run) => !run.summary.includes('requires two-factor authentication is not'),
  );
  // It has no identity provider: for an App that looks like not being shown one.
  expect(without.summary).toContain('The SAML identities of acme are not known');

  signedInBySaml('erin');
  await lookAgain(sha);
  const asker = await seen(sha, (run) => run.summary.includes('has no SAML identity'));
  expect(asker.title).toMatch(/^Held/);
  expect(asker.summary).toContain(
    'dave has no SAML identity in acme: they have to sign in by its identity provider once.',
  );
  expect(asker.summary).not.toContain('erin has no SAML identity');

  signedInBySaml('dave');
  await lookAgain(sha);
  await seen(sha, (run) => run.summary.includes('erin has no SAML identity in acme'));

  signedInBySaml('dave', 'erin');
  organization.twoFactorRequired = false;
  await lookAgain(sha);
  const loose = await seen(sha, (run) => run.summary.includes('doesn’t require two-factor'));
  expect(loose.summary).toContain(
    'acme doesn’t require two-factor authentication of its members: turn it on in the organisation’s settings.',
  );
  expect(await stage.served('production', 'public/index.html')).toBeNull();

  organization.twoFactorRequired = true;
  await lookAgain(sha);
  await seen(sha, (run) => run.title.startsWith('Deployed'));
  expect(await stage.served('production', 'public/index.html')).toContain('first');

  const entries = (await listEntries(database.db, { commit: sha, environment: 'production' })).toReversed();
  const reasons = entries.flatMap(({ content }) =>
    content.kind === 'deployment.held' ? [content.reasons] : [],
  );
  expect(reasons.flat()).toEqual(
    expect.arrayContaining(['two_factor_unknown', 'saml_unknown', 'saml_missing', 'two_factor_not_required']),
  );
}, 240_000);

test('refused outright, it is unknown as well', async () => {
  const { github, installation } = stage;
  const { members: _, ...permissions } = installation.permissions;
  const sha = await land('second');
  github.acceptPermissions(installation, permissions);
  await ask(stage, 'dave', sha);
  const held = await seen(sha, (run) => run.summary.includes('SAML identities of acme are not known'));
  expect(held.title).toMatch(/^Held/);
  expect(held.summary).toContain('Resource not accessible by integration');
  expect(await stage.served('production', 'public/index.html')).toContain('first');
}, 120_000);

test('all that was recorded verifies', async () => {
  expect((await verifyDatabase(database.db)).findings).toEqual([]);
}, 60_000);
