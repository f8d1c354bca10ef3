import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readlink, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { parse } from 'yaml';
import { approve, deployCheck, merge, openChange } from '../../demo/stage/acts.ts';
import { setStage, type Stage } from '../../demo/stage/stage.ts';
import { seeCheckRun, until, untilCheckRun } from '../../demo/stage/watch.ts';
import type { OperatorTarget } from '../../src/config/operator-schema.ts';
import type { Target } from '../../src/domain/deploy.ts';
import type { GitHubReader } from '../../src/facts/github-reader.ts';
import { listEntries } from '../../src/ledger/store/read.ts';
import { lookAtHosts } from '../../src/pipeline/host/look-at-hosts.ts';
import { assertReperformed } from '../support/assert-reperformed.ts';
import { pipelineOn } from '../support/pipeline.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const PUBLIC = 'https://countersign.example.com';
/** Longer than the ten seconds after which the check run is brought up to date. */
const BUILD = `for n in 1 2 3 4; do echo "building $n of 4"; sleep 4; done; echo "token=abcdefgh12345678" >&2`;

let dir: string;
let database: TestDatabase;
let stage: Stage;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-live-'));
  database = await createTestDatabase();
  stage = await setStage({
    dir,
    database,
    publicUrl: PUBLIC,
    log: pino({ level: 'silent' }),
    commands: { build: BUILD, health: 'test -s public/index.html' },
    policy: (baseline) => `version: 1
changes:
  branches: [main]
  approvals: { required: 1, from: { teams: [maintainers] } }
environments:
  staging:
    branches: [main]
    baseline: ${baseline}
    deploy: { on: merge, by: { teams: [developers] } }
`,
  });
}, 90_000);

afterAll(async () => {
  await assertReperformed(database.db);
  await stage.close();
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});

const staging = deployCheck('staging');

/** A page of the app, by the address that GitHub shows. */
async function open(address: string): Promise<Response> {
  expect(address.startsWith(`${PUBLIC}/deployments/`)).toBe(true);
  return fetch(stage.app.url + address.slice(PUBLIC.length));
}

async function statusesOf(sha: string) {
  const at = { owner: stage.owner, repo: stage.repo };
  const { rest } = stage.as('alice');
  const { data: deployments } = await rest.repos.listDeployments({ ...at, sha });
  const id = deployments[0]?.id ?? 0;
  const { data } = await rest.repos.listDeploymentStatuses({ ...at, deployment_id: id, per_page: 100 });
  return data.toReversed();
}

test('a deployment is seen while it runs: its steps, what its build prints, and where it stands on GitHub', async () => {
  stage.github.setVisibility(stage.repository, 'private', stage.people.frank);
  const files = { 'public/index.html': '<p>live</p>\n' };
  const { number, head } = await openChange(stage, 'alice', { branch: 'live', title: 'Live', files });
  await approve(stage, 'carol', number);
  await untilCheckRun(stage, head, 'countersign/change', (run) => run.conclusion === 'success', 60);
  const sha = await merge(stage, 'carol', number);

  const started = await untilCheckRun(stage, sha, staging, (run) => run.title.startsWith('Deploying'), 60);
  const address = /\[Watch it, step by step\]\((\S+)\)/.exec(started.summary)?.[1] ?? '';
  const live = await until('the first line of the build', async () => {
    const body = await (await open(address)).text();
    return body.includes('building 1 of 4') ? body : null;
  });
  expect(live).toContain('<meta http-equiv="refresh"');
  expect(live).toContain('<span class="busy">Deploying</span>');
  expect(live).not.toContain('building 4 of 4');

  // Ten seconds after it began.
  const moved = await untilCheckRun(stage, sha, staging, (run) => run.text.includes('at `build`'), 60);
  expect([moved.status, moved.conclusion]).toEqual(['in_progress', null]);
  expect(moved.title).toBe(`Deploying ${sha.slice(0, 7)} to staging: 1 host, staging`);

  const ended = await untilCheckRun(stage, sha, staging, (run) => run.title.startsWith('Deployed'), 60);
  expect(ended.summary).toContain(`[What it did, step by step](${address})`);
  const done = await (await open(address)).text();
  expect(done).not.toContain('http-equiv="refresh"');
  expect(done).toContain('<span class="good">Deployed</span>');
  expect(done).toContain('building 4 of 4\ntoken=[masked]');
  for (const step of ['connect', 'probe', 'lock', 'stage', 'verify', 'build', 'switch', 'health', 'unlock'])
    expect(done).toContain(`<span>${step}</span>`);

  const statuses = await until('the last status', async () => {
    const all = await statusesOf(sha);
    return all.at(-1)?.state === 'success' ? all : null;
  });
  const during = statuses.filter(({ state }) => state === 'in_progress');
  expect(during.map(({ description }) => description)).toEqual([
    `Deploying ${sha.slice(0, 7)} to staging: 1 host`,
    `Deploying ${sha.slice(0, 7)} to staging: 1 host, staging`,
  ]);
  expect(new Set([...during, statuses.at(-1)].map((status) => status?.log_url))).toEqual(new Set([address]));
}, 180_000);

test('in a public repository what commands print isn’t shown, nor is a page without its key', async () => {
  stage.github.setVisibility(stage.repository, 'public', stage.people.frank);
  const files = { 'public/index.html': '<p>public</p>\n' };
  const { number, head } = await openChange(stage, 'alice', { branch: 'public', title: 'Public', files });
  await approve(stage, 'carol', number);
  await untilCheckRun(stage, head, 'countersign/change', (run) => run.conclusion === 'success', 60);
  const sha = await merge(stage, 'carol', number);
  const ended = await untilCheckRun(stage, sha, staging, (run) => run.title.startsWith('Deployed'), 90);
  const address = /\[What it did, step by step\]\((\S+)\)/.exec(ended.summary)?.[1] ?? '';
  const page = await (await open(address)).text();
  expect(page).toContain('<span>build</span>');
  expect(page).toContain('What commands print isn’t shown here');
  expect(page).not.toContain('building 1 of 4');

  const key = address.split('/').at(-1) ?? '';
  for (const other of ['', '/', `${key}/`, `${key.slice(0, -1)}_`, '%00', "' or 1=1"]) {
    const { status } = await open(`${PUBLIC}/deployments/${other}`);
    expect([other, status]).toEqual([other, 404]);
  }
  expect(await seeCheckRun(stage, sha, staging)).not.toBeNull();
}, 180_000);

test('what runs on a host by another way is found, told with the next deployment, and found to be over', async () => {
  const file = readFileSync(join(dir, 'countersign.yaml'), 'utf8');
  const targets = (parse(file) as { targets: (OperatorTarget & { path: string })[] }).targets;
  const [given] = targets;
  if (given === undefined) throw new Error('the operator file has no target');
  const { credential, hosts, path } = given;
  const key = credential.private_key;
  const keyFile = key !== undefined && 'file' in key ? key.file : '';
  const place = { repository: 'acme/shop', repositoryId: null, environment: 'staging' };
  const target = { ...place, path, hosts, timeout: 30 } as unknown as Target;
  const pipeline = pipelineOn(database, {} as GitHubReader, {
    targetOf: (_, environment) =>
      environment === 'staging'
        ? { target, privateKey: () => readFile(keyFile, 'utf8'), jumpKeys: () => Promise.resolve({}) }
        : null,
  });
  const told = async () => {
    await lookAtHosts(pipeline);
    const entries = await listEntries(database.db, { kinds: ['control.changed'] });
    return entries
      .filter(({ content }) => content.hosts.length > 0)
      .map(({ content }) => `${content.environment ?? ''} ${content.outcome}`);
  };
  expect(await told()).toEqual(['staging baseline.whole']);
  expect(await told()).toEqual(['staging baseline.whole']);

  const current = join(path, 'current');
  const recorded = await readlink(current);
  await mkdir(join(path, 'releases/by-hand'));
  await rm(current);
  await symlink('releases/by-hand', current);
  expect((await told()).toSorted()).toEqual(['staging baseline.whole', 'staging changed.gap']);

  const files = { 'public/index.html': '<p>after</p>\n' };
  const { number, head } = await openChange(stage, 'alice', { branch: 'after', title: 'After', files });
  await approve(stage, 'carol', number);
  await untilCheckRun(stage, head, 'countersign/change', (run) => run.conclusion === 'success', 60);
  const sha = await merge(stage, 'carol', number);
  const shown = await untilCheckRun(stage, sha, staging, (run) => run.title.startsWith('Deployed'), 90);
  expect(shown.text).toContain('⚠️ Hosts of `staging`: **something else runs** on `127.0.0.1:');
  expect(shown.text).toContain('ran by-hand, while the ledger has');

  expect((await told()).toSorted()).toEqual([
    'staging baseline.whole',
    'staging changed.gap',
    'staging changed.whole',
  ]);
  expect(await readlink(current)).not.toBe(recorded);

  // One that can't be asked is no change, and told once.
  const silent = { ...target, hosts: target.hosts.map((host) => ({ ...host, port: 1 })) };
  const blind = pipelineOn(database, {} as GitHubReader, {
    targetOf: () => ({
      target: silent,
      privateKey: () => readFile(keyFile, 'utf8'),
      jumpKeys: () => Promise.resolve({}),
    }),
  });
  await lookAtHosts(blind);
  await lookAtHosts(blind);
  expect((await told()).filter((line) => line.includes('unreadable'))).toEqual([
    'staging unreadable.unknown',
  ]);
}, 180_000);
