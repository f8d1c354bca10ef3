import { describe, expect, test } from '@jest/globals';
import { readPolicy } from '../../../src/facts/read-policy.ts';
import { readTrunkPolicy } from '../../../src/facts/read-trunk-policy.ts';
import { scriptedGitHub } from './scripted-github.ts';

const repository = { id: 5, owner: 'acme', name: 'shop', installationId: 9 };
const commit = 'c'.repeat(40);
const blob = { byteSize: 11, isBinary: false, isTruncated: false, text: 'version: 1\n' };

const account = { owner: { id: 'O_acme', login: 'acme' } };
const answering = (target: unknown, databaseId = 5, baseline: unknown = null, guarded: unknown = account) =>
  scriptedGitHub({
    graphql: () => ({
      repository: { databaseId, ref: target === null ? null : { target } },
      account: guarded,
      baseline,
    }),
  });
const withFile = (file: unknown) => answering({ oid: commit, file });

describe('the policy of a trusted branch', () => {
  test('is read with the commit that it comes from', async () => {
    const github = withFile({ mode: 0o100644, type: 'blob', object: blob });
    await expect(readPolicy(github, repository, 'release/1')).resolves.toEqual({
      path: '.github/countersign.yml',
      ref: 'refs/heads/release/1',
      commit,
      text: 'version: 1\n',
      baseline: { path: 'acme/.github: countersign.yml', ref: null, commit: null, text: null },
    });
    expect(github.asked).toHaveLength(1);
  });

  test.each([
    ['no file', withFile(null), commit],
    ['no such branch', answering(null), null],
  ])('%s: no text', async (_, github, at) => {
    await expect(readPolicy(github, repository, 'main')).resolves.toMatchObject({ text: null, commit: at });
  });

  test.each([
    ['a link', { mode: 0o120000, type: 'blob', object: blob }, /not an ordinary file/],
    ['a folder', { mode: 0o040000, type: 'tree', object: {} }, /not an ordinary file/],
    ['a submodule', { mode: 0o160000, type: 'commit', object: null }, /not an ordinary file/],
    [
      'too large',
      { mode: 0o100644, type: 'blob', object: { ...blob, byteSize: 262_145 } },
      /larger than 256 KiB/,
    ],
    [
      'cut off by GitHub',
      { mode: 0o100644, type: 'blob', object: { ...blob, isTruncated: true } },
      /larger than 256 KiB/,
    ],
    [
      'binary',
      { mode: 0o100644, type: 'blob', object: { ...blob, isBinary: true, text: null } },
      /is binary/,
    ],
    [
      'not told whether binary',
      { mode: 0o100644, type: 'blob', object: { ...blob, isBinary: null } },
      /is binary/,
    ],
  ])('%s: unreadable', async (_, file, message) => {
    await expect(readPolicy(withFile(file), repository, 'main')).resolves.toEqual({
      path: '.github/countersign.yml',
      ref: 'refs/heads/main',
      commit: null,
      text: null,
      unreadable: expect.stringMatching(message),
    });
  });

  test("another repository that has the name by now isn't trusted", async () => {
    const github = answering({ oid: commit, file: null }, 6);
    await expect(readPolicy(github, repository, 'main')).rejects.toMatchObject({ code: 'github_refused' });
  });

  test('an answer of a form that we do not know is not "no policy"', async () => {
    const github = scriptedGitHub({
      graphql: () => ({ repository: { databaseId: 5 }, account, baseline: null }),
    });
    await expect(readPolicy(github, repository, 'main')).rejects.toMatchObject({ code: 'github_unreadable' });
  });
});

describe('the policy of the default branch', () => {
  const trunkOf = (defaultBranchRef: unknown, databaseId = 5) =>
    scriptedGitHub({
      graphql: () => ({
        repository: { databaseId, visibility: 'PUBLIC', defaultBranchRef },
        account,
        baseline: null,
      }),
    });
  const file = { mode: 0o100644, type: 'blob', object: blob };

  test('is read with the name of the branch, in one request', async () => {
    const github = trunkOf({ name: 'trunk', target: { oid: commit, file } });
    await expect(readTrunkPolicy(github, repository)).resolves.toMatchObject({
      trunk: 'trunk',
      source: { ref: 'refs/heads/trunk', commit, text: 'version: 1\n' },
      visibility: 'public',
    });
    expect(github.asked).toEqual(['TrunkPolicy']);
  });

  test.each([
    ['an empty repository', trunkOf(null)],
    ['a branch without a commit', trunkOf({ name: 'main', target: null })],
    [
      'another repository that has the name by now',
      trunkOf({ name: 'main', target: { oid: commit, file } }, 6),
    ],
  ])('%s is refused', async (_, github) => {
    await expect(readTrunkPolicy(github, repository)).rejects.toMatchObject({ code: 'github_refused' });
  });
});

describe('the baseline of the owner, in the same request', () => {
  const baselineOf = async (baseline: unknown) =>
    (await readPolicy(answering({ oid: commit, file: null }, 5, baseline), repository, 'main')).baseline;
  const path = 'acme/.github: countersign.yml';
  const branch = (file: unknown) => ({
    ...account,
    defaultBranchRef: { name: 'main', target: { oid: commit, file } },
  });

  test.each([
    [
      'is there',
      branch({ mode: 0o100644, type: 'blob', object: blob }),
      { ref: 'main', commit, text: 'version: 1\n' },
    ],
    ['has no file', branch(null), { ref: 'main', commit, text: null }],
    ['has no branch yet', { ...account, defaultBranchRef: null }, { ref: null, commit: null, text: null }],
    [
      'can’t be read',
      branch({ mode: 0o120000, type: 'blob', object: blob }),
      { ref: 'main', commit, text: null, unreadable: `${path} is not an ordinary file: replace it by one` },
    ],
    [
      'was moved to another account, and GitHub follows it there',
      {
        ...branch({ mode: 0o100644, type: 'blob', object: blob }),
        owner: { id: 'O_mallory', login: 'mallory' },
      },
      {
        ref: 'main',
        commit: null,
        text: null,
        unreadable: `${path}: GitHub answers with a repository that mallory has by now. Move it back to acme, or make acme a repository ".github" of its own.`,
      },
    ],
  ])('%s', async (_, baseline, expected) => {
    expect(await baselineOf(baseline)).toEqual({ path, ...expected });
  });

  const globex = { owner: { id: 'O_globex', login: 'globex' } };
  const judgedLater =
    "acme/shop belongs to globex by now: it is judged by that account's rules once GitHub's delivery of the move is worked (redeliver it where it was lost).";
  const moveBack =
    'GitHub answers with a repository that mallory has by now. Move it back to acme, or make acme a repository ".github" of its own.';
  test.each([
    ['it, and the baseline stayed', globex, account, judgedLater],
    ['both', globex, { owner: { id: 'O_mallory', login: 'mallory' } }, `${judgedLater} ${moveBack}`],
    ['nobody knows which', null, account, "GitHub doesn't say whether acme has it: it is asked again."],
  ])('moved to another account: %s', async (_, guarded, baseline, why) => {
    const github = answering({ oid: commit, file: null }, 5, { ...branch(null), ...baseline }, guarded);
    const read = await readPolicy(github, repository, 'main');
    expect(read.baseline).toEqual({
      path,
      ref: 'main',
      commit: null,
      text: null,
      unreadable: `${path}: ${why}`,
    });
  });

  test('the account has another name by now, in another case or altogether: it is the same one', async () => {
    for (const login of ['Acme', 'acme-corp']) {
      const renamed = { owner: { id: 'O_acme', login } };
      const there = branch({ mode: 0o100644, type: 'blob', object: blob });
      const github = answering({ oid: commit, file: null }, 5, { ...there, ...renamed }, renamed);
      const { baseline } = await readPolicy(github, repository, 'main');
      expect(baseline).toEqual({ path, ref: 'main', commit, text: 'version: 1\n' });
    }
  });

  const refusal = (...errors: readonly object[]) =>
    scriptedGitHub({
      graphql: () => {
        throw Object.assign(new Error('Could not resolve'), {
          name: 'GraphqlResponseError',
          errors,
          data: { repository: { databaseId: 5, ref: null }, account, baseline: null },
        });
      },
    });
  const missing = { type: 'NOT_FOUND', path: ['baseline'], message: 'Could not resolve' };

  test('is not there for us: GitHub says only that, and the rest counts', async () => {
    const { baseline } = await readPolicy(refusal(missing), repository, 'main');
    expect(baseline).toEqual({ path, ref: null, commit: null, text: null });
  });

  test.each([
    ['something else is wrong too', [missing, { type: 'FORBIDDEN', path: ['repository'], message: 'no' }]],
    ['it is forbidden', [{ ...missing, type: 'FORBIDDEN' }]],
    ['it is another field', [{ ...missing, path: ['repository'] }]],
    ['nothing is said to be wrong', []],
  ])('%s: thrown', async (_, errors) => {
    await expect(readPolicy(refusal(...errors), repository, 'main')).rejects.toBeInstanceOf(Error);
  });
});
