import { describe, expect, test } from '@jest/globals';
import { compareRange } from '../../../src/facts/compare-range.ts';
import { readRange } from '../../../src/facts/read-range.ts';
import { type Scripted, failure, scriptedGitHub } from './scripted-github.ts';

const repository = { id: 5, owner: 'acme', name: 'shop', installationId: 9 };
const sha = (name: string) => name.padEnd(40, '0');
const alice = { name: 'alice', email: 'alice@acme.test', user: { login: 'alice', databaseId: 1 } };
const COMPARE = 'GET /repos/{owner}/{repo}/compare/{basehead}';
const PULLS = 'GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls';

const pull = (number: number, merged = true, databaseId = 5) => ({
  number,
  merged,
  baseRepository: { databaseId },
});
const traced = (oid: string, ...nodes: object[]) => ({
  oid,
  message: 'Fix',
  authoredDate: '2026-11-02T10:00:00Z',
  committedDate: '2026-11-02T10:00:00Z',
  author: alice,
  committer: alice,
  authors: { nodes: [alice] },
  parents: { totalCount: 0, nodes: [] },
  signature: null,
  associatedPullRequests: { nodes },
});
const inRest = (oid: string) => ({
  sha: oid,
  author: null,
  committer: null,
  commit: { author: null, committer: null },
});
const compared = (status: string, ...oids: string[]): Scripted => ({
  data: { status, total_commits: oids.length, commits: oids.map(inRest) },
});

/** Answers a query for commits by what each has been given here. */
const commitsOf =
  (pulls: Readonly<Record<string, readonly object[]>>) => (variables: Readonly<Record<string, unknown>>) => ({
    repository: {
      databaseId: 5,
      ...Object.fromEntries(
        Object.entries(variables).flatMap(([name, oid]) =>
          /^o\d+$/.test(name) && typeof oid === 'string'
            ? [[name.replace('o', 'c'), traced(oid, ...(pulls[oid] ?? []))]]
            : [],
        ),
      ),
    },
  });

const asked = {
  repository,
  sha: sha('a2'),
  running: sha('ba5e'),
  baseline: null,
  unreviewed: new Set<string>(),
};

describe('the commits that a deployment would bring', () => {
  const answer = commitsOf({
    [sha('a1')]: [pull(1)],
    [sha('a2')]: [pull(2), pull(3, false), pull(4, true, 6), pull(1)],
  });

  test('each has the merged pull requests of this repository, and no others', async () => {
    const github = scriptedGitHub({
      rest: { [COMPARE]: () => compared('ahead', sha('a1'), sha('a2')) },
      graphql: (_, variables) => answer(variables),
    });
    const range = await readRange(github, { ...asked, unreviewed: new Set([sha('a1')]) });
    expect(range).toMatchObject({ running: sha('ba5e'), status: 'ahead', commits: { complete: true } });
    expect(
      range.commits.items.map((each) => [each.commit.sha, each.pullRequests, each.recordedUnreviewed]),
    ).toEqual([
      [sha('a1'), [1], true],
      [sha('a2'), [1, 2], false],
    ]);
  });

  test('where GraphQL knows of none yet, REST is asked', async () => {
    const rest = [
      { number: 7, merged_at: '2026-11-02T10:00:00Z', base: { repo: { id: 5 } } },
      { number: 8, merged_at: null, base: { repo: { id: 5 } } },
    ];
    const github = scriptedGitHub({
      rest: { [COMPARE]: () => compared('ahead', sha('a2')), [PULLS]: () => ({ data: rest }) },
      graphql: (_, variables) => commitsOf({})(variables),
    });
    const range = await readRange(github, asked);
    expect(range.commits.items.map((each) => each.pullRequests)).toEqual([[7]]);
  });

  describe('of more than GitHub tells in one answer', () => {
    const oid = (index: number) => index.toString(16).padStart(40, '0');
    const numbered = (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, index) => oid(from + index));

    /** As GitHub pages it: the newest 250 without paging, pages of a hundred from the start. */
    async function read(total: number, over: { readonly hidden?: string; readonly lastPage?: number } = {}) {
      const all = numbered(1, total).filter((each) => each !== over.hidden);
      const answerOf = (shown: readonly string[]) => ({
        data: { status: 'ahead', total_commits: total, commits: shown.map(inRest) },
      });
      const github = scriptedGitHub({
        rest: {
          [COMPARE]: ({ page, per_page: size }) => {
            if (page === undefined && size === undefined) return answerOf(all.slice(-250));
            const at = Number(page);
            const more = at < (over.lastPage ?? Math.ceil(total / 100));
            const link = `<https://api.github.test/x?page=${at + 1}>; rel="next"`;
            return { ...answerOf(all.slice((at - 1) * 100, at * 100)), ...(more ? { link } : {}) };
          },
        },
        graphql: (_, variables) => commitsOf({})(variables),
      });
      const compared = await compareRange(github, repository, sha('ba5e'), oid(total));
      return { compared, asked: github.asked.length };
    }

    test.each([
      [1, 1],
      [250, 1],
      [251, 2],
      [350, 2],
      [351, 3],
      [1_000, 9],
    ])('%i commits: in their order, in %i requests', async (total, requests) => {
      const { compared, asked } = await read(total);
      expect(compared?.commits).toEqual({ complete: true, items: numbered(1, total) });
      expect(asked).toBe(requests);
    });

    test('is incomplete where one is in no answer', async () => {
      expect((await read(300, { hidden: oid(7) })).compared?.commits.complete).toBe(false);
    });

    test('is incomplete where the pages end before they meet the newest', async () => {
      expect((await read(600, { lastPage: 3 })).compared?.commits.complete).toBe(false);
    });
  });

  test.each([
    [
      'fewer than there are',
      { status: 'ahead', total_commits: 251, commits: [inRest(sha('a1')), inRest(sha('a2'))] },
    ],
    ['not the target itself', { status: 'ahead', total_commits: 1, commits: [inRest(sha('a1'))] }],
  ])('%s: incomplete', async (_, data) => {
    const github = scriptedGitHub({
      rest: { [COMPARE]: () => ({ data }) },
      graphql: (_, variables) => answer(variables),
    });
    await expect(readRange(github, asked)).resolves.toMatchObject({ commits: { complete: false } });
  });

  test('what runs is not in the repository any more: unknown, and incomplete', async () => {
    const github = scriptedGitHub({ rest: { [COMPARE]: () => ({ fails: 404 }) } });
    await expect(readRange(github, asked)).resolves.toMatchObject({
      status: 'unknown',
      commits: { complete: false, items: [] },
    });
  });

  test.each([
    [sha('ba5e'), null, 'ahead', 'ahead'],
    [sha('ba5e'), null, 'diverged', 'diverged'],
    [null, sha('ba5e'), 'ahead', 'first'],
    [null, sha('ba5e'), 'identical', 'first'],
    [null, sha('ba5e'), 'diverged', 'diverged'],
    [null, sha('ba5e'), 'behind', 'behind'],
  ])('running %s, baseline %s, and GitHub says %s: %s', async (running, baseline, says, status) => {
    const github = scriptedGitHub({
      rest: { [COMPARE]: () => compared(says, sha('a1'), sha('a2')) },
      graphql: (_, variables) => answer(variables),
    });
    await expect(readRange(github, { ...asked, running, baseline })).resolves.toMatchObject({
      running,
      baseline,
      status,
    });
  });

  test('a query that GitHub gives up on is asked in halves', async () => {
    const oids = Array.from({ length: 40 }, (_, index) => sha(index.toString(16).padStart(4, 'c')));
    const all = commitsOf(Object.fromEntries(oids.map((oid) => [oid, [pull(1)]])));
    const github = scriptedGitHub({
      rest: { [COMPARE]: () => compared('ahead', ...oids) },
      graphql: (_, variables) => {
        if ('o20' in variables) throw failure(502, 'Bad Gateway');
        return all(variables);
      },
    });
    const range = await readRange(github, { ...asked, sha: oids.at(-1) ?? '' });
    expect(range.commits.items.map((each) => each.commit.sha)).toEqual(oids);
    expect(github.asked).toEqual([COMPARE, 'Commits', 'Commits', 'Commits']);
  });

  test('with nothing to start from, nothing is asked of GitHub', async () => {
    const github = scriptedGitHub({});
    await expect(readRange(github, { ...asked, running: null })).resolves.toEqual({
      running: null,
      baseline: null,
      status: 'first',
      commits: { complete: false, items: [] },
    });
    expect(github.asked).toEqual([]);
  });
});
