import { describe, expect, test } from '@jest/globals';
import { readPullRequests } from '../../../src/facts/read-pull-requests.ts';
import { failure, scriptedGitHub } from './scripted-github.ts';

const repository = { id: 5, owner: 'acme', name: 'shop', installationId: 9 };
const sha = (name: string) => name.padEnd(40, '0');
const alice = { name: 'alice', email: 'alice@acme.test', user: { login: 'alice', databaseId: 1 } };

const commit = (oid: string, over: object = {}) => ({
  oid,
  message: 'Fix',
  authoredDate: '2026-11-02T10:00:00Z',
  committedDate: '2026-11-02T10:00:00Z',
  author: alice,
  committer: alice,
  authors: { nodes: [alice] },
  parents: { totalCount: 0, nodes: [] },
  signature: null,
  ...over,
});
const NOT_ASKED = { paths: false };
const LAST = { hasNextPage: false, endCursor: null };
const commits = (...oids: string[]) => ({
  totalCount: oids.length,
  pageInfo: LAST,
  nodes: oids.map((oid) => ({ commit: commit(oid) })),
});
const checks = (names: readonly string[], pageInfo: object = LAST) => ({
  contexts: {
    pageInfo,
    nodes: names.map((context) => ({
      __typename: 'StatusContext',
      context,
      state: 'SUCCESS',
      createdAt: '2026-11-02T10:00:00Z',
    })),
  },
});
const pull = (over: object = {}) => ({
  number: 1,
  title: 'Fix',
  url: 'https://github.test/acme/shop/pull/1',
  state: 'OPEN',
  isDraft: false,
  headRefOid: sha('a2'),
  headRefName: 'fix',
  baseRefName: 'main',
  baseRefOid: sha('ba5e'),
  isCrossRepository: false,
  mergedAt: null,
  author: { __typename: 'User', login: 'alice', databaseId: 1 },
  mergedBy: null,
  mergeCommit: null,
  commits: commits(sha('a1'), sha('a2')),
  head: { nodes: [{ commit: { oid: sha('a2'), statusCheckRollup: null } }] },
  reviews: { totalCount: 0, pageInfo: LAST, nodes: [] },
  changedFiles: 0,
  files: { totalCount: 0, pageInfo: LAST, nodes: [] },
  labels: { totalCount: 0, pageInfo: LAST, nodes: [] },
  baseChanges: { nodes: [] },
  described: { nodes: [] },
  dismissals: { pageInfo: LAST, nodes: [] },
  queued: { nodes: [] },
  ...over,
});
const answer = (p0: unknown, databaseId = 5) => ({ repository: { databaseId, p0 } });

describe('a pull request', () => {
  test('whose list of commits lags behind its head is read again', async () => {
    let times = 0;
    const github = scriptedGitHub({
      graphql: () => answer((times += 1) === 1 ? pull({ commits: commits(sha('a1')) }) : pull()),
    });
    const [reading] = await readPullRequests(github, repository, [1], NOT_ASKED);
    expect(reading?.commits).toMatchObject({
      complete: true,
      items: [{ sha: sha('a1') }, { sha: sha('a2') }],
    });
    expect(times).toBe(2);
  });

  test('whose head moves between two pages is read again, and all of it is about the new head', async () => {
    const first = {
      totalCount: 2,
      pageInfo: { hasNextPage: true, endCursor: 'x' },
      nodes: [{ commit: commit(sha('a1')) }],
    };
    let times = 0;
    const github = scriptedGitHub({
      graphql: (operation) => {
        if (operation === 'MoreCommits') {
          return { repository: { pullRequest: { headRefOid: sha('a3'), commits: commits(sha('a2')) } } };
        }
        times += 1;
        const head = { nodes: [{ commit: { oid: sha('a3'), statusCheckRollup: null } }] };
        return answer(
          times === 1
            ? pull({ commits: first })
            : pull({ headRefOid: sha('a3'), commits: commits(sha('a3')), head }),
        );
      },
    });
    const [reading] = await readPullRequests(github, repository, [1], NOT_ASKED);
    expect(reading?.pullRequest.headSha).toBe(sha('a3'));
    expect(reading?.commits.items.map((each) => each.sha)).toEqual([sha('a3')]);
  });

  test.each([
    ['never', { nodes: [] }, { known: true, value: null }],
    ['at a time', { nodes: [{ createdAt: '2026-03-01T00:00:00Z' }] }, '2026-03-01T00:00:00.000Z'],
    ['no node', { nodes: [null] }, { known: false, why: 'GitHub hides when its base was changed' }],
    ['no list', { nodes: null }, { known: false, why: 'GitHub tells no timeline of it' }],
  ])('whose base was replaced: GitHub says %s', async (_, baseChanges, expected) => {
    const github = scriptedGitHub({ graphql: () => answer(pull({ baseChanges })) });
    const [reading] = await readPullRequests(github, repository, [1], NOT_ASKED);
    expect(reading?.pullRequest.baseChangedAt).toEqual(
      typeof expected === 'string' ? { known: true, value: expected } : expected,
    );
  });

  test('that is too much for GitHub together with others is asked for by itself', async () => {
    const github = scriptedGitHub({
      graphql: (_, variables) => {
        if ('n1' in variables) throw failure(502, 'Bad Gateway');
        return answer(pull({ number: variables['n0'] }));
      },
    });
    const readings = await readPullRequests(github, repository, [3, 1, 2], NOT_ASKED);
    expect(readings.map((reading) => reading.pullRequest.number)).toEqual([3, 1, 2]);
    expect(github.asked).toHaveLength(5);
  });

  test('that never holds still is given up, with a code', async () => {
    const github = scriptedGitHub({ graphql: () => answer(pull({ commits: commits(sha('a1')) })) });
    await expect(readPullRequests(github, repository, [1], NOT_ASKED)).rejects.toMatchObject({
      code: 'facts_moved',
    });
    expect(github.asked).toHaveLength(3);
  });

  test('that is merged, but whose merge commit is not told yet, is read again', async () => {
    const merged = { state: 'MERGED', mergedAt: '2026-11-02T11:00:00Z', mergedBy: null };
    const github = scriptedGitHub({ graphql: () => answer(pull(merged)) });
    await expect(readPullRequests(github, repository, [1], NOT_ASKED)).rejects.toMatchObject({
      code: 'facts_moved',
    });
  });

  test('that is open has a merge commit only as a try: it is not merged', async () => {
    const github = scriptedGitHub({ graphql: () => answer(pull({ mergeCommit: commit(sha('ff')) })) });
    const [reading] = await readPullRequests(github, repository, [1], NOT_ASKED);
    expect(reading?.pullRequest.merged).toBeNull();
  });

  test('with fewer commits than it says it has is incomplete', async () => {
    const short = { ...commits(sha('a1'), sha('a2')), totalCount: 3 };
    const github = scriptedGitHub({ graphql: () => answer(pull({ commits: short })) });
    const [reading] = await readPullRequests(github, repository, [1], NOT_ASKED);
    expect(reading?.commits.complete).toBe(false);
  });

  test.each([
    ['as many as git has', 250, true],
    ['fewer than git has', 251, false],
  ])('with 250 commits, %s', async (_, total, complete) => {
    const oids = Array.from({ length: 250 }, (_, index) => sha(index.toString(16).padStart(4, 'c')));
    const head = oids.at(-1) ?? '';
    const github = scriptedGitHub({
      graphql: () =>
        answer(
          pull({
            headRefOid: head,
            commits: commits(...oids),
            head: { nodes: [{ commit: { oid: head, statusCheckRollup: null } }] },
          }),
        ),
      rest: { 'GET /repos/{owner}/{repo}/compare/{basehead}': () => ({ data: { total_commits: total } }) },
    });
    const [reading] = await readPullRequests(github, repository, [1], NOT_ASKED);
    expect(reading?.commits).toMatchObject({ complete });
    expect(reading?.commits.items).toHaveLength(250);
  });

  test('with checks on several pages has them all, asked for by its head', async () => {
    const head = {
      nodes: [
        {
          commit: {
            oid: sha('a2'),
            statusCheckRollup: checks(['one'], { hasNextPage: true, endCursor: 'x' }),
          },
        },
      ],
    };
    const github = scriptedGitHub({
      graphql: (operation, variables) => {
        if (operation !== 'ChecksOfCommit') return answer(pull({ head }));
        expect(variables).toMatchObject({ oid: sha('a2'), after: 'x' });
        return { repository: { object: { statusCheckRollup: checks(['two']) } } };
      },
    });
    const [reading] = await readPullRequests(github, repository, [1], NOT_ASKED);
    expect(reading?.checks).toMatchObject({ complete: true, items: [{ name: 'one' }, { name: 'two' }] });
  });

  test("whose last commit isn't its head has its checks asked for by its head", async () => {
    const head = {
      nodes: [{ commit: { oid: sha('a1'), statusCheckRollup: checks(['of another commit']) } }],
    };
    const github = scriptedGitHub({
      graphql: (operation) =>
        operation === 'ChecksOfCommit'
          ? { repository: { object: { statusCheckRollup: checks(['its own']) } } }
          : answer(pull({ head })),
    });
    const [reading] = await readPullRequests(github, repository, [1], NOT_ASKED);
    expect(reading?.checks.items.map((check) => check.name)).toEqual(['its own']);
  });

  test.each([
    ['is not there', answer(null)],
    ['is in another repository that has the name by now', answer(pull(), 6)],
    ['is another one', answer(pull({ number: 2 }))],
  ])('that %s is refused', async (_, wire) => {
    const github = scriptedGitHub({ graphql: () => wire });
    await expect(readPullRequests(github, repository, [1], NOT_ASKED)).rejects.toMatchObject({
      code: 'github_refused',
    });
  });
});

describe('whose a commit is', () => {
  const COMMIT = 'GET /repos/{owner}/{repo}/commits/{ref}';
  const nobody = (email: string) => ({ name: 'x', email, user: null });
  const bot = { id: 7, login: 'renovate[bot]', type: 'Bot' };

  const readWith = async (over: object, accounts: object) => {
    const wire = { totalCount: 1, pageInfo: LAST, nodes: [{ commit: commit(sha('a2'), over) }] };
    const github = scriptedGitHub({
      graphql: () => answer(pull({ commits: wire })),
      rest: { [COMMIT]: () => ({ data: accounts }) },
    });
    const [reading] = await readPullRequests(github, repository, [1], NOT_ASKED);
    const [read] = reading?.commits.items ?? [];
    return {
      author: read?.author.actor?.login ?? null,
      committer: read?.committer.actor?.login ?? null,
      asked: github.asked,
    };
  };

  test('REST is asked for what GraphQL does not tell: a bot', async () => {
    const over = { author: nobody('renovate@bots.test'), committer: nobody('renovate@bots.test') };
    await expect(readWith(over, { author: bot, committer: bot })).resolves.toMatchObject({
      author: 'renovate[bot]',
      committer: 'renovate[bot]',
      asked: ['PullRequests', COMMIT],
    });
  });

  test('an e-mail that belongs to nobody stays nobody', async () => {
    const over = { author: nobody('who@nowhere.test') };
    await expect(readWith(over, { author: {}, committer: null })).resolves.toMatchObject({
      author: null,
      committer: 'alice',
    });
  });

  test('GitHub’s e-mail without GitHub’s signature is nobody, whatever REST says', async () => {
    const webFlow = { id: 19_864_447, login: 'web-flow', type: 'User' };
    const over = {
      committer: {
        name: 'GitHub',
        email: 'noreply@github.com',
        user: { login: 'web-flow', databaseId: 19_864_447 },
      },
    };
    await expect(readWith(over, { author: {}, committer: webFlow })).resolves.toMatchObject({
      committer: null,
    });
  });

  test('with GitHub’s signature nobody needs to be asked', async () => {
    const signature = { isValid: true, wasSignedByGitHub: true };
    const { asked } = await readWith({ committer: nobody('noreply@github.com'), signature }, {});
    expect(asked).toEqual(['PullRequests']);
  });
});

const LAST_OF = (...nodes: readonly object[]) => ({ totalCount: nodes.length, pageInfo: LAST, nodes });
const file = (path: string, changeType = 'MODIFIED') => ({ path, changeType, additions: 2, deletions: 1 });
const FILES = 'GET /repos/{owner}/{repo}/pulls/{pull_number}/files';

describe('the files of a pull request', () => {
  test('come with the pull request itself, in one request', async () => {
    const files = LAST_OF(file('a.ts'), file('b.ts', 'ADDED'), file('c.ts', 'DELETED'), file('d', 'RENAMED'));
    const github = scriptedGitHub({ graphql: () => answer(pull({ changedFiles: 4, files })) });
    const [reading] = await readPullRequests(github, repository, [1], NOT_ASKED);
    const counts = { additions: 2, deletions: 1, previousPath: null };
    expect(reading?.files).toEqual({
      complete: true,
      items: [
        { path: 'a.ts', status: 'modified', ...counts },
        { path: 'b.ts', status: 'added', ...counts },
        { path: 'c.ts', status: 'removed', ...counts },
        { path: 'd', status: 'renamed', ...counts },
      ],
    });
    expect(github.asked).toEqual(['PullRequests']);
  });

  test('are read to the end', async () => {
    const first = { totalCount: 2, pageInfo: { hasNextPage: true, endCursor: 'x' }, nodes: [file('a.ts')] };
    const second = { ...LAST_OF(file('b.ts')), totalCount: 2 };
    const github = scriptedGitHub({
      graphql: (operation) =>
        operation === 'MoreFiles'
          ? { repository: { pullRequest: { headRefOid: sha('a2'), files: second } } }
          : answer(pull({ changedFiles: 2, files: first })),
    });
    const [reading] = await readPullRequests(github, repository, [1], NOT_ASKED);
    expect(reading?.files.items.map(({ path }) => path)).toEqual(['a.ts', 'b.ts']);
    expect(reading?.files.complete).toBe(true);
  });

  test.each([
    ['fewer than GitHub counts', 2, LAST_OF(file('a.ts'))],
    ['none that GitHub could compare', 1, null],
  ])('are incomplete: %s', async (_, changedFiles, files) => {
    const github = scriptedGitHub({ graphql: () => answer(pull({ changedFiles, files })) });
    const [reading] = await readPullRequests(github, repository, [1], NOT_ASKED);
    expect(reading?.files.complete).toBe(false);
  });

  test('are incomplete from 3,000 on, where GitHub ends the list without saying so', async () => {
    const nodes = Array.from({ length: 3_000 }, (_, index) => file(`f${index}`));
    const pageOf = (start: number) => ({
      totalCount: 3_000,
      pageInfo: { hasNextPage: start + 100 < 3_000, endCursor: String(start + 100) },
      nodes: nodes.slice(start, start + 100),
    });
    const github = scriptedGitHub({
      graphql: (operation, { after }) =>
        operation === 'MoreFiles'
          ? { repository: { pullRequest: { headRefOid: sha('a2'), files: pageOf(Number(after)) } } }
          : answer(pull({ changedFiles: 3_000, files: pageOf(0) })),
    });
    const [reading] = await readPullRequests(github, repository, [1], NOT_ASKED);
    expect(reading?.files.items).toHaveLength(3_000);
    expect(reading?.files.complete).toBe(false);
  });

  const renamed = pull({ changedFiles: 1, files: LAST_OF(file('lib/invoice.ts', 'RENAMED')) });
  const onRest = (ref: string, over: object = {}) => ({
    filename: 'lib/invoice.ts',
    status: 'renamed',
    previous_filename: 'billing/invoice.ts',
    contents_url: `https://api.github.test/repos/acme/shop/contents/lib/invoice.ts?ref=${ref}`,
    ...over,
  });

  test('are told with where they were before, where a policy asks for paths', async () => {
    const github = scriptedGitHub({
      graphql: () => answer(renamed),
      rest: { [FILES]: () => ({ data: [onRest(sha('a2'))] }) },
    });
    const [reading] = await readPullRequests(github, repository, [1], { paths: true });
    expect(reading?.files.items).toMatchObject([
      { path: 'lib/invoice.ts', previousPath: 'billing/invoice.ts' },
    ]);
    expect(github.asked).toEqual(['PullRequests', FILES]);
  });

  test('cost no further request where nothing was renamed', async () => {
    const files = LAST_OF(file('a.ts'));
    const github = scriptedGitHub({ graphql: () => answer(pull({ changedFiles: 1, files })) });
    await readPullRequests(github, repository, [1], { paths: true });
    expect(github.asked).toEqual(['PullRequests']);
  });

  test('are read again where they are of another head by then', async () => {
    let times = 0;
    const github = scriptedGitHub({
      graphql: () => answer(renamed),
      rest: { [FILES]: () => ({ data: [onRest((times += 1) === 1 ? sha('a3') : sha('a2'))] }) },
    });
    const [reading] = await readPullRequests(github, repository, [1], { paths: true });
    expect(times).toBe(2);
    expect(reading?.files.items).toMatchObject([{ previousPath: 'billing/invoice.ts' }]);
  });

  test('of which REST says nothing keep an unknown former path', async () => {
    const github = scriptedGitHub({
      graphql: () => answer(renamed),
      rest: { [FILES]: () => ({ data: [] }) },
    });
    const [reading] = await readPullRequests(github, repository, [1], { paths: true });
    expect(reading?.files.items).toMatchObject([{ status: 'renamed', previousPath: null }]);
  });
});

describe('the labels of a pull request', () => {
  test('are read to the end', async () => {
    const first = {
      totalCount: 2,
      pageInfo: { hasNextPage: true, endCursor: 'x' },
      nodes: [{ name: 'urgent' }],
    };
    const github = scriptedGitHub({
      graphql: (operation) =>
        operation === 'MoreLabels'
          ? {
              repository: {
                pullRequest: {
                  headRefOid: sha('a2'),
                  labels: { ...LAST_OF({ name: 'billing' }), totalCount: 2 },
                },
              },
            }
          : answer(pull({ labels: first })),
    });
    const [reading] = await readPullRequests(github, repository, [1], NOT_ASKED);
    expect(reading?.labels).toEqual({ complete: true, items: ['urgent', 'billing'] });
  });

  test('are incomplete where GitHub tells none', async () => {
    const github = scriptedGitHub({ graphql: () => answer(pull({ labels: null })) });
    const [reading] = await readPullRequests(github, repository, [1], NOT_ASKED);
    expect(reading?.labels.complete).toBe(false);
  });
});

describe('reviews that were dismissed', () => {
  const dismissal = (over: object = {}) => ({
    previousReviewState: 'CHANGES_REQUESTED',
    actor: { __typename: 'User', login: 'alice', databaseId: 1 },
    review: { databaseId: 7, fullDatabaseId: '7' },
    ...over,
  });
  const reading = async (nodes: readonly unknown[], pageInfo: object = LAST) => {
    const github = scriptedGitHub({ graphql: () => answer(pull({ dismissals: { pageInfo, nodes } })) });
    const [found] = await readPullRequests(github, repository, [1], NOT_ASKED);
    return found?.dismissals;
  };

  test('say what they said until then, and who dismissed them', async () => {
    expect(await reading([dismissal(), dismissal({ actor: null, review: { databaseId: 8 } })])).toEqual({
      complete: true,
      items: [
        { review: 7, was: 'changes_requested', by: { id: 1, login: 'alice', kind: 'user' } },
        { review: 8, was: 'changes_requested', by: null },
      ],
    });
  });

  test.each([
    ['one that GitHub hides', [dismissal(), null], LAST],
    ['one of a review that is gone', [dismissal({ review: null })], LAST],
    ['more than GitHub tells at once', [dismissal()], { hasNextPage: true, endCursor: 'x' }],
  ])('are incomplete: %s', async (_, nodes, page) => {
    expect(await reading(nodes, page)).toMatchObject({ complete: false });
  });
});

test.each([
  ['never', [], { known: true, value: null }],
  ['at a time', [{ createdAt: '2026-03-01T00:00:00Z' }], { known: true, value: '2026-03-01T00:00:00.000Z' }],
  ['hidden', [null], { known: false, why: 'GitHub hides when its title or labels were changed' }],
])('when title or labels were changed last: %s', async (_, nodes, expected) => {
  const github = scriptedGitHub({ graphql: () => answer(pull({ described: { nodes } })) });
  const [reading] = await readPullRequests(github, repository, [1], NOT_ASKED);
  expect(reading?.pullRequest.describedAt).toEqual(expected);
});
