import { describe, expect, test } from '@jest/globals';
import { readPolicy } from '../../../src/facts/read-policy.ts';
import { scriptedGitHub } from './scripted-github.ts';

const repository = { id: 5, owner: 'acme', name: 'shop', installationId: 9 };
const commit = 'c'.repeat(40);
const blob = { byteSize: 11, isBinary: false, isTruncated: false, text: 'version: 1\n' };

const answering = (target: unknown, databaseId = 5) =>
  scriptedGitHub({
    graphql: () => ({ repository: { databaseId, ref: target === null ? null : { target } } }),
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
    await expect(readPolicy(withFile(file), repository, 'main')).rejects.toMatchObject({
      code: 'policy_unreadable',
      message: expect.stringMatching(message),
    });
  });

  test("another repository that has the name by now isn't trusted", async () => {
    const github = answering({ oid: commit, file: null }, 6);
    await expect(readPolicy(github, repository, 'main')).rejects.toMatchObject({ code: 'github_refused' });
  });

  test('an answer of a form that we do not know is not "no policy"', async () => {
    const github = scriptedGitHub({ graphql: () => ({ repository: { databaseId: 5 } }) });
    await expect(readPolicy(github, repository, 'main')).rejects.toMatchObject({ code: 'github_unreadable' });
  });
});
