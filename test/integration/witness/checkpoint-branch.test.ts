/** What a stranger who can push to the branch puts in the way of whoever reads it. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runGit } from '../../../src/deploy/git.ts';
import { CheckpointBranch, checkpointPath } from '../../../src/witness/checkpoint-branch.ts';
import { openClone } from '../../../src/witness/open-clone.ts';

const ORIGIN = 'audit.example.com/ledger/1';
const now = '2026-11-27T00:00:00.000Z';

let directory: string;
let branch: CheckpointBranch;
let head: string;

/** Two checkpoints. What is in them is for others to judge. */
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'countersign-branch-'));
  await git(['init', '--quiet', '--bare', '.']);
  branch = new CheckpointBranch(directory, 'a witness');
  head = await branch.commit({ parent: null, origin: ORIGIN, note: 'one\n', message: 'one\n', now });
  head = await branch.commit({ parent: head, origin: ORIGIN, note: 'two\n', message: 'two\n', now });
});
afterEach(() => rm(directory, { recursive: true }));

async function git(args: readonly string[], input = ''): Promise<string> {
  const { code, stdout, stderr } = await runGit(args, { directory, input });
  if (code !== 0) throw new Error(stderr);
  return stdout.toString().trim();
}

const notesOf = async (
  all: AsyncIterable<{ readonly note: string }> | Iterable<{ readonly note: string }>,
): Promise<string[]> => {
  const collected: string[] = [];
  for await (const { note } of all) collected.push(note);
  return collected;
};
const notes = (): Promise<string[]> => notesOf(branch.history(ORIGIN, [head]));

test('a commit that takes the file away does not take away what it held', async () => {
  const tree = await git(['mktree']);
  head = await git(
    ['hash-object', '-t', 'commit', '-w', '--stdin'],
    `tree ${tree}\nparent ${head}\nauthor A <a@example.com> 1 +0000\ncommitter A <a@example.com> 1 +0000\n\ngone\n`,
  );
  expect(await branch.newest(head, ORIGIN)).toMatchObject({ note: 'two\n' });
  expect(await notes()).toEqual(['one\n', 'two\n']);
});

test('a commit whose time is no time is read all the same', async () => {
  const blob = await git(['hash-object', '-w', '--stdin'], 'three\n');
  const [folder = '', file = ''] = checkpointPath(ORIGIN).split('/');
  const inner = await git(['mktree'], `100644 blob ${blob}\t${file}\n`);
  const outer = await git(['mktree'], `040000 tree ${inner}\t${folder}\n`);
  const who = 'Somebody <somebody@example.com> 99999999999999 +0000';
  head = await git(
    ['hash-object', '-t', 'commit', '-w', '--stdin', '--literally'],
    `tree ${outer}\nparent ${head}\nauthor ${who}\ncommitter ${who}\n\nthree\n`,
  );
  expect(await branch.newest(head, ORIGIN)).toMatchObject({ note: 'three\n', since: null });
});

test('a file that is no checkpoint for its size is not read, and stands for one that nobody signed', async () => {
  head = await branch.commit({
    parent: head,
    origin: ORIGIN,
    note: 'x'.repeat(70_000),
    message: 'large\n',
    now,
  });
  expect(await notes()).toEqual(['one\n', 'two\n', '']);
});

test('a repository that can’t be read is not one without the branch', async () => {
  expect(await branch.resolve('refs/heads/none')).toBeNull();
  await rm(join(directory, 'HEAD'));
  await expect(branch.resolve('refs/heads/none')).rejects.toMatchObject({ code: 'witness_unreadable' });
});

test('what else lies there stays, also what is in another repository', async () => {
  const [folder = ''] = checkpointPath(ORIGIN).split('/');
  const inner = await git(['rev-parse', `${head}:${folder}`]);
  const tree = await git(
    ['mktree', '--missing'],
    `040000 tree ${inner}\t${folder}\n160000 commit ${'a'.repeat(40)}\tmodule\n`,
  );
  head = await git(
    ['hash-object', '-t', 'commit', '-w', '--stdin'],
    `tree ${tree}\nparent ${head}\nauthor A <a@example.com> 1 +0000\ncommitter A <a@example.com> 1 +0000\n\nmodule\n`,
  );
  head = await branch.commit({ parent: head, origin: ORIGIN, note: 'three\n', message: 'three\n', now });
  expect(await git(['ls-tree', '--name-only', head])).toContain('module');
  expect(await branch.newest(head, ORIGIN)).toMatchObject({ note: 'three\n' });
});

test('every log that is in any commit is found, also one whose file was taken away', async () => {
  const other = 'audit.example.com/ledger/2';
  head = await branch.commit({ parent: head, origin: other, note: 'three\n', message: 'three\n', now });
  const tree = await git(['mktree']);
  head = await git(
    ['hash-object', '-t', 'commit', '-w', '--stdin'],
    `tree ${tree}\nparent ${head}\nauthor A <a@example.com> 1 +0000\ncommitter A <a@example.com> 1 +0000\n\ngone\n`,
  );
  const all = await notesOf(branch.historyOfAll([head]));
  expect(all.toSorted()).toEqual(['one\n', 'three\n', 'two\n']);
});

test.each([
  ['shallow', ['--depth=1']],
  ['partial', ['--filter=blob:none']],
])('a %s clone is none to compare with, for it hides what it lacks', async (how, options) => {
  await git(['update-ref', 'refs/heads/ledger-witness', head]);
  await git(['symbolic-ref', 'HEAD', 'refs/heads/ledger-witness']);
  await git(['config', 'uploadpack.allowFilter', 'true']);
  const clone = join(directory, 'clones', how);
  const cloned = await runGit(
    ['clone', '--quiet', '--no-checkout', ...options, `file://${directory}`, clone],
    {
      directory,
      protocols: 'file',
    },
  );
  expect(cloned).toMatchObject({ code: 0 });
  await expect(openClone(clone)).rejects.toMatchObject({
    code: 'witness_unreadable',
    message: expect.stringContaining(`is a ${how} clone, so it lacks checkpoints that the witness has`),
  });
});

test('a whole clone is one to compare with', async () => {
  await git(['update-ref', 'refs/heads/ledger-witness', head]);
  expect(await notesOf((await openClone(directory)).of(ORIGIN))).toEqual(['one\n', 'two\n']);
});
