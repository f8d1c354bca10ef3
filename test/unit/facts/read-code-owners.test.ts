import { describe, expect, test } from '@jest/globals';
import { CODE_OWNERS_BYTES_BELOW, readCodeOwners } from '../../../src/facts/read-code-owners.ts';
import { scriptedGitHub } from './scripted-github.ts';

const repository = { id: 5, owner: 'acme', name: 'shop', installationId: 9 };
const TIP = 'a'.repeat(40);
const BEFORE = 'b'.repeat(40);
const RAW = 'GET /repos/{owner}/{repo}/contents/{path}';

const blob = (text: string, over: Readonly<Record<string, unknown>> = {}) => ({
  mode: 0o100644,
  type: 'blob',
  object: { byteSize: text.length, isBinary: false, isTruncated: false, text, ...over },
});
const commit = (oid: string, files: Readonly<Record<string, unknown>>) => ({
  oid,
  f0: files['.github'] ?? null,
  f1: files['root'] ?? null,
  f2: files['docs'] ?? null,
});

async function read(files: Readonly<Record<string, unknown>>, raw = '') {
  const github = scriptedGitHub({
    graphql: () => ({ repository: { databaseId: 5, a0: { target: commit(TIP, files) } } }),
    rest: { [RAW]: () => (raw === '' ? { fails: 404 } : { data: raw }) },
  });
  const [found] = await readCodeOwners(github, repository, [{ branch: 'main' }]);
  return found;
}

describe('CODEOWNERS', () => {
  test.each([
    [{ '.github': blob('1'), root: blob('2'), docs: blob('3') }, '.github/CODEOWNERS', '1'],
    [{ root: blob('2'), docs: blob('3') }, 'CODEOWNERS', '2'],
    [{ docs: blob('3') }, 'docs/CODEOWNERS', '3'],
    // An empty file that is found first hides the others, as on GitHub.
    [{ '.github': blob(''), root: blob('2') }, '.github/CODEOWNERS', ''],
  ])('is the first that is found: %j', async (files, path, text) => {
    expect(await read(files)).toEqual({ known: true, value: { path, commit: TIP, text } });
  });

  test('of a branch that has none is none', async () => {
    expect(await read({})).toEqual({ known: true, value: null });
  });

  test.each<[string, unknown, string]>([
    ['of 3 MB', blob('', { byteSize: CODE_OWNERS_BYTES_BELOW }), '3 MB'],
    ['whose size is not told', blob('', { byteSize: undefined }), '3 MB'],
    ['that is binary', blob('', { isBinary: true, text: null }), 'binary'],
    ['that is a link', { ...blob('x'), mode: 0o120000 }, 'ordinary file'],
    ['that is a directory', { mode: 0o040000, type: 'tree', object: {} }, 'ordinary file'],
    ['that is cut and can’t be read whole', blob('x', { isTruncated: true }), '404'],
  ])('%s is unknown, not none, though another one stands behind it', async (_, file, why) => {
    expect(await read({ '.github': file, root: blob('2') })).toEqual({
      known: false,
      why: expect.stringContaining(why),
    });
  });

  test('that GraphQL cuts is read whole', async () => {
    const found = await read({ root: blob('* @bo', { byteSize: 600_000, isTruncated: true }) }, '* @bob');
    expect(found).toEqual({ known: true, value: { path: 'CODEOWNERS', commit: TIP, text: '* @bob' } });
  });

  test('of many commits and branches is read in one request, each by itself', async () => {
    const asked: unknown[] = [];
    const github = scriptedGitHub({
      graphql: (_, variables) => {
        asked.push(variables);
        return {
          repository: {
            databaseId: 5,
            a0: { target: commit(TIP, { root: blob('* @bob') }) },
            a1: commit(BEFORE, { docs: blob('* @carol') }),
            a2: null,
          },
        };
      },
    });
    const at = [{ branch: 'main' }, { commit: BEFORE }, { commit: 'c'.repeat(40) }];
    expect(await readCodeOwners(github, repository, at)).toEqual([
      { known: true, value: { path: 'CODEOWNERS', commit: TIP, text: '* @bob' } },
      { known: true, value: { path: 'docs/CODEOWNERS', commit: BEFORE, text: '* @carol' } },
      { known: false, why: expect.stringContaining('cccc') },
    ]);
    // The branch is spelled out, so that a tag of its name isn't taken for it.
    expect(asked).toEqual([expect.objectContaining({ v0: 'refs/heads/main', v1: BEFORE })]);
  });

  test('of a repository that has another’s name by now is not read', async () => {
    const github = scriptedGitHub({ graphql: () => ({ repository: { databaseId: 6, a0: null } }) });
    await expect(readCodeOwners(github, repository, [{ branch: 'main' }])).rejects.toMatchObject({
      code: 'github_refused',
    });
  });
});
