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
    'it is `countersign policy check FILE` or `countersign policy simulate FILE`; there is no "chekc"',
  ],
  ['no file', ['check'], 'FILE is missing'],
  ['two files', ['check', 'a.yml', 'b.yml'], 'one file at a time, and "b.yml" is one more'],
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

test('no such file: 2', async () => {
  const { code, err } = await check('check', join(folder, 'none.yml'));
  expect(code).toBe(2);
  expect(err).toContain('none.yml does not exist');
});

test.each([[[]], [['check']], [['check', 'a', 'b']], [['explain', 'a']]])(
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
