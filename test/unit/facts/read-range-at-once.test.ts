import { describe, expect, test } from '@jest/globals';
import { readRangeAtOnce } from '../../../src/facts/read-range-at-once.ts';
import { pullRequestIn } from '../../../src/facts/wire-range.ts';
import { failure, scriptedGitHub } from './scripted-github.ts';

const repository = { id: 5, owner: 'acme', name: 'shop', installationId: 9 };
const sha = (name: string) => name.padEnd(40, '0');
const COMPARE = 'GET /repos/{owner}/{repo}/compare/{basehead}';
const [one, two] = [sha('a1'), sha('a2')];

const commit = (oid: string) => ({
  oid,
  message: 'Fix',
  authoredDate: '2026-11-02T10:00:00Z',
  committedDate: '2026-11-02T10:00:00Z',
  author: null,
  committer: null,
  authors: { nodes: [] },
  parents: { totalCount: 0, nodes: [] },
  signature: null,
  associatedPullRequests: { nodes: [] },
});
const compared = (...messages: string[]) => ({
  data: {
    status: 'ahead',
    total_commits: 2,
    commits: [one, two].map((oid, index) => ({
      sha: oid,
      author: null,
      committer: null,
      commit: { message: messages[index] ?? 'Fix', author: null, committer: null },
    })),
  },
});
const refs = {
  pageInfo: { hasNextPage: false, endCursor: null },
  nodes: [{ name: 'main', target: { oid: two } }, { name: 'gone', target: null }, null],
};
const whole = (over: object = {}) => ({
  repository: {
    databaseId: 5,
    visibility: 'PRIVATE',
    defaultBranchRef: { name: 'main', target: { oid: two, file: null } },
    refs,
    c0: commit(one),
    c1: commit(two),
    ...over,
  },
  account: { owner: { id: 'O_acme', login: 'acme' } },
  baseline: null,
});
const asked = { repository, base: sha('ba5e'), sha: two, policy: true };

/** Answers the query for all at once as given, and the one for commits alone as ever. */
const github = (range: (variables: Readonly<Record<string, unknown>>) => unknown, ...messages: string[]) =>
  scriptedGitHub({
    rest: { [COMPARE]: () => compared(...messages) },
    graphql: (operation, variables) =>
      operation === 'Range'
        ? range(variables)
        : { repository: { databaseId: 5, c0: commit(one), c1: commit(two) } },
  });

/** As Octokit throws an answer that has errors in it. */
function refusal(type: string, path: readonly string[], data: unknown): Error {
  const error = Object.assign(new Error('Could not resolve'), {
    errors: [{ type, path, message: 'Could not resolve' }],
    data,
  });
  error.name = 'GraphqlResponseError';
  return error;
}

describe('a range in one go', () => {
  test('has its commits, the branches and the policy', async () => {
    const client = github(() => whole());
    await expect(readRangeAtOnce(client, asked)).resolves.toMatchObject({
      compared: { status: 'ahead', commits: { complete: true, items: [one, two] } },
      commits: [{ commit: { sha: one } }, { commit: { sha: two } }],
      branches: { items: [{ name: 'main', tip: two }], more: false },
      trunk: { trunk: 'main', visibility: 'private', source: { commit: two, text: null } },
    });
    expect(client.asked).toEqual([COMPARE, 'Range']);
  });

  test('asks about what the ledger and the messages name, each once, and no more than fit', async () => {
    const numbers: unknown[] = [];
    const client = github(
      (variables) => {
        for (const [name, value] of Object.entries(variables)) if (/^n\d+$/.test(name)) numbers.push(value);
        return whole();
      },
      'Sell more (#7)\n\nAnd (#8)',
      'Merge pull request #9 from acme/fix',
    );
    const recorded = [9, ...Array.from({ length: 58 }, (_, index) => 100 + index)];
    const cameFrom = (shas: readonly string[]) => Promise.resolve(shas.length === 2 ? recorded : []);
    await readRangeAtOnce(client, { ...asked, cameFrom });
    expect(numbers).toEqual([...recorded, 7]);
    const many = { ...asked, cameFrom: () => Promise.resolve([...recorded, 1, 2, 3]) };
    numbers.length = 0;
    await readRangeAtOnce(client, many);
    expect(numbers).toHaveLength(60);
  });

  test('a message that names a pull request that is not there costs nothing', async () => {
    const client = github(() => {
      throw refusal('NOT_FOUND', ['repository', 'p0'], whole({ p0: null }));
    }, 'Sell more (#404)');
    await expect(readRangeAtOnce(client, asked)).resolves.toMatchObject({
      pullRequests: [],
      trunk: { trunk: 'main' },
    });
    expect(client.asked).toEqual([COMPARE, 'Range']);
  });

  test.each([
    ['is too much', () => failure(502, 'Bad Gateway')],
    ['is refused', () => refusal('FORBIDDEN', ['repository', 'p0'], whole())],
  ])('what %s for one is asked for by itself', async (_, error) => {
    const client = github(() => {
      throw error();
    });
    await expect(readRangeAtOnce(client, asked)).resolves.toMatchObject({
      commits: [{ commit: { sha: one } }, { commit: { sha: two } }],
      branches: null,
      pullRequests: [],
      trunk: null,
    });
    expect(client.asked).toEqual([COMPARE, 'Range', 'Commits']);
  });

  test.each([
    ['another repository of that name', { databaseId: 6 }],
    ['another commit', { c1: commit(one) }],
    ['no commit', { c0: null }],
  ])('%s is no answer', async (_, over) => {
    const client = github(() => whole(over));
    await expect(readRangeAtOnce(client, asked)).resolves.toMatchObject({
      commits: [{ commit: { sha: one } }, { commit: { sha: two } }],
      branches: null,
      trunk: null,
    });
    expect(client.asked).toEqual([COMPARE, 'Range', 'Commits']);
  });

  test('that GitHub does not answer at all is no answer', async () => {
    const client = github(() => {
      throw failure(401, 'Bad credentials');
    });
    await expect(readRangeAtOnce(client, asked)).rejects.toMatchObject({ status: 401 });
  });
});

test.each([
  ['Sell more (#12)', 12],
  ['Sell more (#12)\n\nBecause.', 12],
  ['Sell more (#12)\r\n\r\nBecause.', 12],
  ['Merge pull request #3 from acme/fix\n\nFix', 3],
  ['Sell more\n\n(#12)', null],
  ['Sell (#12) more', null],
  ['Revert "Sell more (#12)" (#13)', 13],
  ['(#0)', null],
  [' (#0)', null],
  ['', null],
])('a message names the pull request that it merged: %j', (message, number) => {
  expect(pullRequestIn(message)).toBe(number);
});
