import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { targetOf } from '../../../src/cli/target-of.ts';

let folder = '';
let file = '';
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'target-of-'));
  file = path.join(folder, 'countersign.yaml');
  await writeFile(
    file,
    `targets:
  - repository: acme/shop
    environment: production
    hosts: [{ host: web1.example.com, user: deploy, fingerprint: "SHA256:${'A'.repeat(43)}" }]
    path: /srv/shop
    credential: { private_key: { env: PRODUCTION_KEY } }
`,
  );
});
afterAll(() => rm(folder, { recursive: true }));

const asked = (repository: string, environment: string, env: Record<string, string> = {}) =>
  expect(() => targetOf({ env: { COUNTERSIGN_CONFIG: file, ...env } }, { repository, environment }));

test('without an operator’s file it says where one belongs', () => {
  // The usual name, in a folder that has none.
  asked('acme/shop', 'production', { COUNTERSIGN_CONFIG: '' }).toThrow(
    "there is no countersign.yaml here, which has each environment's target",
  );
});

test('a mistyped environment is no option of the call', () => {
  asked('acme/shop', 'prodution').toThrow(
    `the environment: prodution is no environment of a target in ${file}; did you mean production?`,
  );
});
