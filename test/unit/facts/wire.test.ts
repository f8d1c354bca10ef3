import { describe, expect, test } from '@jest/globals';
import { nextPosition } from '../../../src/facts/ask-github.ts';
import { graphqlActor, restActor } from '../../../src/facts/wire-actor.ts';
import { type WireCheck, checksOf } from '../../../src/facts/wire-check.ts';
import { graphqlCommit } from '../../../src/facts/wire-commit.ts';

describe('who an actor is', () => {
  test.each([
    [
      'a person',
      { __typename: 'User', login: 'alice', databaseId: 1 },
      { id: 1, login: 'alice', kind: 'user' },
    ],
    [
      'a bot, which GraphQL names without its suffix',
      { __typename: 'Bot', login: 'renovate', databaseId: 2 },
      { id: 2, login: 'renovate[bot]', kind: 'bot' },
    ],
    [
      'an account of an enterprise',
      { __typename: 'EnterpriseUserAccount', login: 'x', user: { login: 'alice', databaseId: 1 } },
      { id: 1, login: 'alice', kind: 'user' },
    ],
    [
      'an account of an enterprise that is nobody here',
      { __typename: 'EnterpriseUserAccount', login: 'x', user: null },
      null,
    ],
    ['a placeholder of an import', { __typename: 'Mannequin', login: 'm' }, null],
    ['an organisation', { __typename: 'Organization', login: 'acme' }, null],
    ['a deleted account', null, null],
    ['the ghost', { __typename: 'User', login: 'ghost', databaseId: 10137 }, null],
    ['somebody without an id', { __typename: 'User', login: 'alice', databaseId: null }, null],
  ])('GraphQL: %s', (_, wire, expected) => {
    expect(graphqlActor.parse(wire)).toEqual(expected);
  });

  test.each([
    ['a person', { id: 1, login: 'alice', type: 'User' }, { id: 1, login: 'alice', kind: 'user' }],
    ['a bot', { id: 2, login: 'renovate[bot]', type: 'Bot' }, { id: 2, login: 'renovate[bot]', kind: 'bot' }],
    ['an organisation', { id: 3, login: 'acme', type: 'Organization' }, null],
    ['nobody, as commits have it', {}, null],
    ['nobody', null, null],
    ['the ghost', { id: 10137, login: 'ghost', type: 'User' }, null],
  ])('REST: %s', (_, wire, expected) => {
    expect(restActor.parse(wire)).toEqual(expected);
  });
});

describe('what a check says', () => {
  const run = (over: object): WireCheck => ({
    __typename: 'CheckRun',
    databaseId: 1,
    name: 'ci/test',
    status: 'COMPLETED',
    conclusion: 'SUCCESS',
    checkSuite: suite({}),
    ...over,
  });
  const suite = (over: object) => ({ databaseId: 50, app: { databaseId: 7 }, workflowRun: null, ...over });
  const runOf = (workflow: number, event = 'pull_request') => ({
    event,
    workflow: { databaseId: workflow },
  });
  const status = (state: string): WireCheck => ({
    __typename: 'StatusContext',
    context: 'ci/test',
    state,
    createdAt: '2026-11-02T10:00:00Z',
  });

  test.each([
    [run({}), 'success'],
    [run({ conclusion: 'NEUTRAL' }), 'neutral'],
    [run({ conclusion: 'SKIPPED' }), 'skipped'],
    [run({ conclusion: 'FAILURE' }), 'failure'],
    [run({ conclusion: 'CANCELLED' }), 'failure'],
    [run({ conclusion: 'TIMED_OUT' }), 'failure'],
    [run({ conclusion: 'ACTION_REQUIRED' }), 'failure'],
    [run({ conclusion: 'STALE' }), 'failure'],
    [run({ conclusion: null }), 'failure'],
    [run({ conclusion: 'OF_TOMORROW' }), 'failure'],
    [run({ status: 'QUEUED', conclusion: null }), 'pending'],
    [run({ status: 'IN_PROGRESS', conclusion: 'SUCCESS' }), 'pending'],
    [status('SUCCESS'), 'success'],
    [status('PENDING'), 'pending'],
    [status('EXPECTED'), 'pending'],
    [status('FAILURE'), 'failure'],
    [status('ERROR'), 'failure'],
  ])('%j is %s', (report, expected) => {
    expect(checksOf([report]).map((check) => check.state)).toEqual([expected]);
  });

  test('the newest of a name counts, in whatever order they come', () => {
    const failed = run({ databaseId: 1, conclusion: 'FAILURE' });
    const again = run({ databaseId: 2 });
    const queued = run({ databaseId: 3, status: 'QUEUED', conclusion: null });
    expect(checksOf([failed, again])).toEqual(checksOf([again, failed]));
    expect(checksOf([failed, again])[0]?.state).toBe('success');
    expect(checksOf([queued, failed, again])[0]?.state).toBe('pending');
  });

  test('a green run of another workflow, or for another event, hides no red one', () => {
    const failed = run({ conclusion: 'FAILURE', checkSuite: suite({ workflowRun: runOf(1) }) });
    const other = (over: object) => run({ databaseId: 2, checkSuite: suite({ databaseId: 51, ...over }) });
    for (const workflowRun of [runOf(2), runOf(1, 'workflow_dispatch'), null]) {
      for (const reports of [
        [failed, other({ workflowRun })],
        [other({ workflowRun }), failed],
      ])
        expect(
          checksOf(reports)
            .map(({ state }) => state)
            .toSorted(),
        ).toEqual(['failure', 'success']);
    }
  });

  test('a new run of the same workflow replaces the red one, in whatever suite', () => {
    const failed = run({ conclusion: 'FAILURE', checkSuite: suite({ workflowRun: runOf(1) }) });
    const again = run({ databaseId: 2, checkSuite: suite({ databaseId: 51, workflowRun: runOf(1) }) });
    expect(checksOf([again, failed]).map(({ state }) => state)).toEqual(['success']);
  });

  test('what another App reports in two suites of its own counts twice', () => {
    const failed = run({ conclusion: 'FAILURE' });
    const other = run({ databaseId: 2, checkSuite: suite({ databaseId: 51 }) });
    expect(checksOf([failed, other])).toHaveLength(2);
  });

  test('a workflow that GitHub gives no number is known by its suite', () => {
    const unnumbered = { event: 'push', workflow: { databaseId: null } };
    const failed = run({ conclusion: 'FAILURE', checkSuite: suite({ workflowRun: unnumbered }) });
    const other = run({ databaseId: 2, checkSuite: suite({ databaseId: 51, workflowRun: unnumbered }) });
    expect(checksOf([failed, other])).toHaveLength(2);
  });

  test('a reporter can’t make an older success the newest by saying that it starts later', () => {
    const success = run({ databaseId: 1, startedAt: '2099-01-01T00:00:00Z' });
    const failed = run({ databaseId: 2, conclusion: 'FAILURE', startedAt: '2026-11-02T10:00:00Z' });
    expect(checksOf([failed, success])[0]?.state).toBe('failure');
  });

  test('of two without a number, the one that has not passed counts', () => {
    const [success, failed] = [run({ databaseId: null }), run({ databaseId: null, conclusion: 'FAILURE' })];
    expect(checksOf([success, failed])[0]?.state).toBe('failure');
    expect(checksOf([failed, success])[0]?.state).toBe('failure');
  });

  test('the same name by another App is another check', () => {
    const other = run({ conclusion: 'FAILURE', checkSuite: suite({ app: { databaseId: 8 } }) });
    expect(checksOf([run({}), other, status('PENDING')]).map(({ appId, state }) => [appId, state])).toEqual([
      [7, 'success'],
      [8, 'failure'],
      [null, 'pending'],
    ]);
  });
});

describe('a commit', () => {
  const who = (login: string, email = `${login}@acme.test`, id: number | null = 1) => ({
    name: login,
    email,
    user: id === null ? null : { login, databaseId: id },
  });
  const wire = {
    oid: 'a'.repeat(40),
    message: 'Fix\n\nCo-authored-by: Bob <BOB@acme.test>\nCo-authored-by: Dave <dave@elsewhere.test>',
    authoredDate: '2026-11-02T10:00:00+02:00',
    committedDate: '2026-11-02T10:00:00Z',
    author: who('alice'),
    committer: who('GitHub', 'noreply@github.com', null),
    authors: { nodes: [who('alice'), who('bob', 'bob@acme.test', 2)] },
    parents: { totalCount: 1, nodes: [{ oid: 'b'.repeat(40) }] },
    signature: { isValid: true, wasSignedByGitHub: true },
  };

  test('names co-authors by our reading and by GitHub’s, each with its account or none', () => {
    const { coAuthors } = graphqlCommit.parse({
      ...wire,
      authors: { nodes: [...wire.authors.nodes, who('erin', 'erin@acme.test', 3)] },
    });
    expect(coAuthors.map(({ email, actor }) => [email, actor?.login ?? null])).toEqual([
      ['BOB@acme.test', 'bob'],
      ['dave@elsewhere.test', null],
      ['erin@acme.test', 'erin'],
    ]);
  });

  test('made for somebody names them as a co-author where it is a bot’s, and not where it is a person’s', () => {
    const message = 'Bump\n\non-behalf-of: @bob <bob@acme.test>';
    const bots = graphqlCommit.parse({
      ...wire,
      message,
      author: who('robot', 'robot@acme.test', null),
      authors: { nodes: [] },
    });
    const told = graphqlCommit.parse({
      ...wire,
      message,
      author: who('robot[bot]', 'robot@acme.test', 90),
      authors: { nodes: [] },
    });
    for (const { coAuthors } of [bots, told])
      expect(coAuthors).toEqual([{ name: '@bob', email: 'bob@acme.test', actor: null }]);
    expect(told.author.actor).toEqual({ id: 90, login: 'robot[bot]', kind: 'bot' });
    // There it names the organisation that the person works for.
    expect(graphqlCommit.parse({ ...wire, message, authors: { nodes: [] } }).coAuthors).toEqual([]);
  });

  test('its times are in UTC', () => {
    expect(graphqlCommit.parse(wire)).toMatchObject({
      authoredAt: '2026-11-02T08:00:00.000Z',
      committedAt: '2026-11-02T10:00:00.000Z',
    });
  });

  test.each([
    ['signed, committed by GitHub', {}, true],
    [
      'signed with GitHub’s key, but committed by a person (as in a codespace)',
      { committer: who('alice') },
      false,
    ],
    ['an invalid signature', { signature: { isValid: false, wasSignedByGitHub: true } }, false],
    ['signed by somebody else', { signature: { isValid: true, wasSignedByGitHub: false } }, false],
    ['no signature', { signature: null }, false],
  ])('made by GitHub itself? %s: %s', (_, over, expected) => {
    expect(graphqlCommit.parse({ ...wire, ...over }).signedByGitHub).toBe(expected);
  });

  test('with parents that are not told can not be read', () => {
    expect(graphqlCommit.safeParse({ ...wire, parents: { totalCount: 21, nodes: [] } }).success).toBe(false);
  });
});

describe('where the next page begins', () => {
  test.each([
    ['no header', undefined, null],
    ['the last page', '<https://api.github.test/x?page=1>; rel="prev"', null],
    [
      'by number',
      '<https://api.github.test/x?per_page=100&page=3>; rel="next", <https://api.github.test/x?page=9>; rel="last"',
      { page: '3' },
    ],
    ['by cursor', '<https://api.github.test/x?after=abc%3D>; rel="next"', { after: 'abc=' }],
    [
      'the next after the previous',
      '<https://api.github.test/x?page=1>; rel="prev", <https://api.github.test/x?page=3>; rel="next"',
      { page: '3' },
    ],
    ['no position in it', '<https://elsewhere.test/steal>; rel="next"', {}],
    ['no address', '<nonsense>; rel="next"', {}],
  ])('%s', (_, link, expected) => {
    expect(nextPosition(link)).toEqual(expected);
  });
});
