import { execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { createKeyPair } from '../../demo/servers/servers.ts';
import { generateLedgerKey } from '../../src/ledger/sequence/signer.ts';
import { assertReperformed } from '../support/assert-reperformed.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { runCountersign, type RunningCommand } from '../support/run-countersign.ts';

/** Machines of their own have host keys of their own; nobody connects to these. */
const pin = (letter: string): string => `SHA256:${letter.repeat(43)}`;
const NOBODY = 65_534;
const MAIN = join(import.meta.dirname, '../../src/main.ts');

let cwd: string;
let database: TestDatabase;
let env: Record<string, string>;

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'countersign-separation-'));
  database = await createTestDatabase();
  env = {
    APP_ID: '1',
    PRIVATE_KEY: generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    }).privateKey,
    WEBHOOK_SECRET: 'b0a1e7c25d9f4e638a7b1c2d',
    HOST: '127.0.0.1',
    PORT: '0',
    DATABASE_URL: database.writerUrl,
    COUNTERSIGN_LEDGER_KEY: generateLedgerKey(),
    COUNTERSIGN_LEDGER_ORIGIN: 'separation.example/ledger/1',
  };
  const target = (environment: string, credential: object) => ({
    repository: 'acme/shop',
    environment,
    hosts: [{ host: `${environment}.internal`, user: 'deploy', fingerprint: pin(environment.slice(-1)) }],
    credential,
    path: '/srv/shop',
  });
  await writeFile(join(cwd, 'staging.key'), createKeyPair('staging').privateKey, { mode: 0o600 });
  await writeFile(join(cwd, 'production.key'), createKeyPair('production').privateKey);
  // Nobody ever writes to it: whoever opens it to read waits for ever.
  execFileSync('mkfifo', [join(cwd, 'preview.key')]);
  const file = (name: string) => ({ private_key: { file: join(cwd, name) } });
  const targets = [
    target('staging', file('staging.key')),
    target('production', file('production.key')),
    target('preview', file('preview.key')),
    // Its variables are set nowhere.
    target('qa', { private_key: { env: 'QA_KEY' } }),
    target('demo', { agent: { env: 'DEMO_AGENT' }, fingerprint: pin('A') }),
  ];
  await writeFile(join(cwd, 'countersign.yaml'), stringify({ targets }));
});

afterAll(async () => {
  await assertReperformed(database.db);
  await database.drop();
  await rm(cwd, { recursive: true, force: true });
});

const start = (environments: readonly string[], uid?: number): RunningCommand =>
  runCountersign(['start', ...environments.flatMap((name) => ['--environment', name])], {
    cwd,
    env,
    ...(uid === undefined ? {} : { uid }),
  });

/**
 * Who can't open a file that is closed to them: root can open any, so then it is another account. Where that one can't even read the
 * program (a checkout below /root), it is said aloud, and root stays.
 */
function stranger(): number | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const trial = spawnSync(process.execPath, [MAIN, '--version'], { cwd: '/', uid: NOBODY, gid: NOBODY });
  if (trial.status === 0) return NOBODY;
  console.warn(
    'NOT TESTED: that a process which may not open another environment’s key serves; nobody can’t read the program',
  );
  return undefined;
}

test('a process for staging serves, though it could not open production’s key, nor find any other’s', async () => {
  const uid = stranger();
  await chmod(join(cwd, 'production.key'), 0);
  if (uid !== undefined) {
    for (const name of ['.', 'staging.key']) await chown(join(cwd, name), uid, uid);
  }
  const denied = uid !== undefined || process.getuid?.() !== 0;
  const staging = start(['staging'], uid);
  const [, url = ''] = await staging.says(/serving on (http:\S+)/);
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  staging.kill('SIGTERM');
  expect(await staging.ended).toBe(0);
  // The same account, for production: so it is true that it can't.
  if (denied) {
    const production = start(['production'], uid);
    expect(await production.ended).toBe(2);
    expect(production.output()).toContain("production.key, which can't be read (EACCES)");
    expect(production.output()).not.toMatch(/preview|QA_KEY|DEMO_AGENT|staging\.key/);
  }
  const others = start(['qa', 'demo'], uid);
  expect(await others.ended).toBe(2);
  expect(others.output()).toMatch(
    /the variable QA_KEY, which is not set[^]*the variable DEMO_AGENT, which is not set/,
  );
}, 120_000);

test('nobody opens another environment’s key: this one would let them wait for ever', async () => {
  const staging = start(['staging']);
  await staging.says(/serving on/);
  staging.kill('SIGTERM');
  expect(await staging.ended).toBe(0);
  // Whoever is to read it does wait.
  const preview = start(['staging', 'preview']);
  const end = await Promise.race([preview.ended, sleep(5_000, 'waits')]);
  expect([end, preview.output()]).toEqual(['waits', '']);
  preview.kill('SIGKILL');
  await preview.ended;
}, 120_000);
