import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { KNOWN_BLOBS } from '../../../src/deploy/known-blobs.ts';
import { treesIn } from '../../../src/deploy/merged-tree.ts';
import { openMirror } from '../../../src/deploy/mirror.ts';
import { type GitHttpServer, startGitHttpServer } from '../../support/deploy/git-http-server.ts';
import { GitRepository } from '../../support/deploy/git-repository.ts';

const TOKEN = 'ghs_a-very-secret-token';
const LINES = ['one', 'two', 'three', 'four', 'five', ''];
const text = (line: number, word: string) => LINES.with(line, word).join('\n');

let folder: string;
let repository: GitRepository;
let server: GitHttpServer;
let trees: ReturnType<typeof treesIn>;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'countersign-merged-'));
  repository = await GitRepository.create(path.join(folder, 'origin.git'));
  server = await startGitHttpServer(repository.directory, TOKEN);
  const mirror = openMirror({ directory: folder, repositoryId: 7, url: server.url });
  trees = treesIn(mirror, () => Promise.resolve(TOKEN));
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

let refs = 0;
const commit = (files: Readonly<Record<string, string>>) => {
  refs += 1;
  return repository.commit(files, `refs/heads/b${refs}`);
};
const treeOf = (sha: string) => repository.git(['rev-parse', `${sha}^{tree}`]);

test('what both sides changed is in the merge', async () => {
  const base = await commit({ a: LINES.join('\n'), kept: 'kept', gone: 'gone' });
  const ours = await commit({ a: text(0, 'ours'), kept: 'kept', gone: 'gone', new: 'new' });
  const theirs = await commit({ a: text(4, 'theirs'), kept: 'kept' });
  const both = await commit({
    a: LINES.with(0, 'ours').with(4, 'theirs').join('\n'),
    kept: 'kept',
    new: 'new',
  });
  const merged = await trees.mergedTree({ base, ours, theirs });
  expect(merged).toEqual({ known: true, value: await treeOf(both) });
  expect(await trees.treeOf(both)).toEqual(merged);
});

test('where one side changed nothing, it is the other', async () => {
  const [base, other] = [await commit({ a: 'a' }), await commit({ a: 'b' })];
  const value = await treeOf(other);
  expect(await trees.mergedTree({ base, ours: base, theirs: other })).toEqual({ known: true, value });
  expect(await trees.mergedTree({ base, ours: other, theirs: base })).toEqual({ known: true, value });
});

test('a commit’s parents are told, though only the commit itself was fetched', async () => {
  const [first, second] = [await commit({ a: '1' }), await commit({ a: '2' })];
  const made = await repository.git([
    'commit-tree',
    '-p',
    first,
    '-p',
    second,
    '-m',
    'both\n\nparent of nothing',
    `${second}^{tree}`,
  ]);
  await repository.git(['update-ref', 'refs/heads/both', made]);
  expect(await trees.parentsOf(made)).toEqual({ known: true, value: [first, second] });
  expect(await trees.parentsOf('')).toMatchObject({ known: false });
});

test('where both changed the same line, it is unknown', async () => {
  const base = await commit({ a: LINES.join('\n') });
  const [ours, theirs] = [await commit({ a: text(2, 'ours') }), await commit({ a: text(2, 'theirs') })];
  expect(await trees.mergedTree({ base, ours, theirs })).toEqual({
    known: false,
    why: 'the merge has conflicts',
  });
});

test('a commit that GitHub doesn’t have is an error, to be tried again', async () => {
  await expect(trees.treeOf('f'.repeat(40))).rejects.toMatchObject({ code: 'commit_unavailable' });
});

test('a tree that was proven is known without asking anybody again, but not once a mirror was damaged', async () => {
  const sha = await commit({ proven: 'once' });
  const value = await treeOf(sha);
  expect(await trees.treeOf(sha)).toEqual({ known: true, value });
  const nowhere = openMirror({
    directory: await mkdtemp(path.join(folder, 'nowhere-')),
    repositoryId: 8,
    url: server.url,
  });
  const unasked = treesIn(nowhere, () => Promise.reject(new Error('a token was asked for')));
  expect(await unasked.treeOf(sha)).toEqual({ known: true, value });
  KNOWN_BLOBS.forget();
  await expect(unasked.treeOf(sha)).rejects.toThrow('a token was asked for');
});

test('a merge gets the files of commits whose trees were known, from a mirror that has none of them', async () => {
  const base = await commit({ a: LINES.join('\n') });
  const [ours, theirs] = [await commit({ a: text(0, 'ours') }), await commit({ a: text(4, 'theirs') })];
  const both = await commit({ a: LINES.with(0, 'ours').with(4, 'theirs').join('\n') });
  for (const sha of [base, ours, theirs]) await trees.treeOf(sha);
  const empty = openMirror({
    directory: await mkdtemp(path.join(folder, 'empty-')),
    repositoryId: 9,
    url: server.url,
  });
  const anew = treesIn(empty, () => Promise.resolve(TOKEN));
  expect(await anew.mergedTree({ base, ours, theirs })).toEqual({ known: true, value: await treeOf(both) });
});

test('nothing but a full id is asked for', async () => {
  expect(await trees.treeOf('')).toMatchObject({ known: false });
});
