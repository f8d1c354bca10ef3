import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../../src/cli/policy.ts';
import { POLICY } from '../../support/make-facts.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'policy-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function check(...args: readonly string[]) {
  const io = { out: '', err: '' };
  const code = await run(args, {
    stdout: { write: (text) => (io.out += text) },
    stderr: { write: (text) => (io.err += text) },
    env: {},
  });
  return { code, ...io };
}

async function fileOf(text: string): Promise<string> {
  const file = join(folder, 'countersign.yml');
  await writeFile(file, text);
  return file;
}

test('a right policy: 0, and what it does', async () => {
  const file = await fileOf(POLICY);
  expect(await check('check', file)).toEqual({
    code: 0,
    out: `${file} is right: it guards main, release/* and environments staging, production.\n`,
    err: '',
  });
});

test.each([
  [
    'no such command',
    ['chekc', 'FILE'],
    'it is `countersign policy check FILE`, explain or simulate; there is no "chekc"',
  ],
  ['no file', ['check'], 'FILE is missing'],
  ['two files', ['check', 'a.yml', 'b.yml'], 'one argument too many: b.yml'],
  [
    'a mistyped option',
    ['check', '--basline', 'a.yml'],
    'there is no option --basline; did you mean --baseline?',
  ],
  ['an option of another command', ['explain', '--foo', 'a.yml'], 'there is no option --foo\n'],
  ['a file that is not there', ['check', '/nowhere.yml'], '/nowhere.yml does not exist\n'],
])('%s: 2, and what is wrong', async (_, args, says) => {
  expect(await check(...args)).toMatchObject({ code: 2, out: '', err: expect.stringContaining(says) });
});

test('one that only observes says so', async () => {
  const { out } = await check(
    'check',
    await fileOf(POLICY.replace('version: 1', 'version: 1\nmode: observe')),
  );
  expect(out).toContain(', and only observes.');
});

test('a wrong policy: 1, and every problem', async () => {
  const file = await fileOf(POLICY.replace('version: 1', 'version: 3').replace('on: merge', 'on: push'));
  expect(await check('check', file)).toEqual({
    code: 1,
    out: '',
    err: `${file}:1:10 version: is 3; it must be 1\n${file}:10:19 environments.staging.deploy.on: is "push"; it must be merge or request\n`,
  });
});

test('an organisation’s baseline: right, or what is wrong with it', async () => {
  const baseline = 'version: 1\nenvironments: { production: { branches: [main] } }\n';
  const file = await fileOf(baseline);
  expect(await check('check', '--baseline', file)).toEqual({
    code: 0,
    out: `${file} is right: in every repository of the organisation it asks for more on no branch and environments production.\n`,
    err: '',
  });
  const wrong = await fileOf(baseline.replace('branches', 'branch'));
  expect(await check('check', '--baseline', wrong)).toEqual({
    code: 1,
    out: '',
    err: `${wrong}:2:31 environments.production.branch: unknown key; did you mean branches?\n`,
  });
});

test('a policy in sentences, from the file alone', async () => {
  const file = await fileOf(`version: 1
mode: observe
changes:
  branches: [main, "release/*"]
  approvals: { required: 1, from: { teams: [maintainers], codeowners: true } }
  rules:
    - { name: billing, when: { paths: ["billing/**"] }, approvals: { required: 2, from: { users: [carol, dave] } } }
    - { name: large, when: { size: { lines_over: 500 } }, checks: [ci/slow] }
  block: { labels: [hold], by: { teams: [security] } }
  checks: [ci/test, { name: ci/sec, app: 7 }]
  protection: { stale_approvals: dismissed }
  bots: [{ login: "dependabot[bot]", paths: [package.json] }]
environments:
  staging: { branches: [main], deploy: { on: merge, by: { teams: [developers] } } }
  production:
    branches: [main]
    baseline: ${'a'.repeat(40)}
    deploy: { on: request, by: { permission: admin } }
    approvals: { required: 2, from: environment }
    after: { staging: { soak: 30m } }
    freeze:
      - { name: weekend, weekly: { from: friday 16:00, until: monday 08:00 }, timezone: Europe/London }
      - { name: year end, from: 2026-12-20, until: 2027-01-04, timezone: UTC }
    lock: { by: { teams: [leads] } }
    rollback: { by: { teams: [on-call, leads] } }
    identity: { two_factor: required }
`);
  const { code, out } = await check('explain', file);
  expect(code).toBe(0);
  expect(out).toMatchInlineSnapshot(`
   "It only observes: it decides, records and shows, and blocks nothing.

   A change to main or release/* needs
     - 1 approval from team maintainers, or from code owners where each changed file has some
     - of each changed file that has code owners, the approval of one of them
     - 2 approvals from carol or dave by rule billing, where it has paths billing/**
     - the check ci/slow by rule large, where it has size lines over 500
     - the check ci/test
     - the check ci/sec, reported by the App 7
     - no label hold, and no request for changes from team security that they didn’t lift
     - stale approvals: dismissed, enforced by GitHub
     - of dependabot[bot]: nothing outside of package.json; other bots may open none
   GitHub keeps to it only where it requires the check countersign/change of this App; protection: { checks: required } demands that.

   A deployment to staging
     - is asked for by each merge of team developers
     - takes only what is on main, each commit from an approved pull request

   A deployment to production
     - may be asked for by admin permission
     - takes only what is on main, each commit from an approved pull request, or not newer than aaaaaaa
     - needs 2 approvals from the reviewers that the GitHub environment names
     - comes after staging, where it has run for 30m
     - waits during weekend: from friday 16:00 until monday 08:00 each week (Europe/London)
     - waits during year end: from 2026-12-20 until 2027-01-04 (UTC)
     - waits while it is locked, which team leads may do
     - may be taken back by team on-call or team leads, to what was approved and ran there
     - two-factor identity: required

   What Countersign deploys over SSH waits for its decision on every plan of GitHub. A job of GitHub Actions waits only where
   Countersign’s deployment protection rule is on for the environment, which GitHub offers to public repositories, and to private
   and internal ones with Enterprise. No rule holds a deployment that somebody makes by GitHub’s API and carries out themselves.

   Nobody’s approval counts for what they made themselves, and only one of the commit that is judged.
   "
  `);
  expect(await check('explain', await fileOf('version: 2\n'))).toMatchObject({
    code: 1,
    err: expect.stringContaining(':1:10 version: is 2; it must be 1'),
  });
});

test.each([
  [
    'others and code owners: of each owned file one of its own as well',
    'approvals: { required: 2, from: { permission: write, codeowners: true } }',
    `
  - 2 approvals from write permission, or from code owners where each changed file has some
  - of each changed file that has code owners, the approval of one of them
`,
  ],
  [
    'nobody but code owners: a file without any can’t be approved',
    'approvals: { required: 1, from: { codeowners: true } }',
    `
  - 1 approval from the code owners
  - of each changed file the approval of one of its code owners: one without any is held
`,
  ],
  [
    'a rule that asks them, of all files or of its paths',
    `approvals: { required: 1, from: { users: [bob] } }
  rules:
    - { name: owners, approvals: { required: 1, from: { codeowners: true } } }
    - { name: money, when: { paths: ["billing/**"], labels: [risky] }, approvals: { required: 1, from: { users: [carol], codeowners: true } } }`,
    `
  - 1 approval from bob
  - 1 approval from the code owners by rule owners
  - by rule owners: of each changed file the approval of one of its code owners: one without any is held
  - 1 approval from carol, or from code owners where each changed file of billing/** has some by rule money, where it has paths billing/** and labels risky
  - by rule money, where it has paths billing/** and labels risky: of each changed file of billing/** that has code owners, the approval of one of them
`,
  ],
])('in sentences, %s', async (_, asked, says) => {
  const { out } = await check(
    'explain',
    await fileOf(`version: 1\nchanges:\n  branches: [main]\n  ${asked}\n`),
  );
  expect(out).toContain(`A change to main needs${says}GitHub keeps to it`);
});

test('no such file: 2', async () => {
  const { code, err } = await check('check', join(folder, 'none.yml'));
  expect(code).toBe(2);
  expect(err).toContain('none.yml does not exist');
});

test.each([[[]], [['check']], [['check', 'a', 'b']], [['unknown', 'a']]])(
  'a wrong call %j: 2, and how to call it',
  async (args) => {
    const { code, err } = await check(...args);
    expect(code).toBe(2);
    expect(err).toContain('countersign policy check [--baseline] FILE');
  },
);

test('help: 0', async () => {
  const { code, out } = await check('check', '--help');
  expect(code).toBe(0);
  expect(out).toContain('Exits with 0');
});
