import { describe, expect, test } from '@jest/globals';
import { known, unknown } from '../../../src/domain/known.ts';
import { makeStepsAnew } from '../../../src/facts/make-steps-anew.ts';
import {
  all,
  cut,
  makeChangeFacts,
  makeCommit,
  makeGroupCommit,
  makeStep,
  repository,
  sha,
} from '../../support/make-facts.ts';
import { namingTrees } from './naming-trees.ts';
import { type Scripted, scriptedGitHub } from './scripted-github.ts';

const NOT_COMPARED = unknown('it was not compared');
const bare = (word: string, parents: readonly string[]) =>
  makeGroupCommit(word, { parents: parents.map(sha), tree: NOT_COMPARED, expected: NOT_COMPARED });

const forked: Scripted = { data: { status: 'diverged', merge_base_commit: { sha: sha('fork') } } };

const anew = (
  steps: Parameters<typeof makeStepsAnew>[2]['steps'],
  change = makeChangeFacts(),
  compared: Scripted = forked,
) =>
  makeStepsAnew(
    scriptedGitHub({ rest: { 'GET /repos/{owner}/{repo}/compare/{basehead}': () => compared } }),
    repository,
    { before: sha('base'), steps, changes: [change], trees: namingTrees },
  ).then((made) => made.flatMap(({ commits }) => commits.map(({ tree, expected }) => ({ tree, expected }))));

const merged = (theirs: string, ours: string, base: string) =>
  known(`${sha(theirs)} onto ${sha(ours)} since ${sha(base)}`);
const one = makeCommit('one');
const head = makeCommit('head', { parents: [sha('one')] });

describe('a step of a merge group is made anew', () => {
  test.each(['merge', 'squash'] as const)(
    'by %s, of the head and what both have in common',
    async (method) => {
      const step = makeStep({ method, commits: [bare('group', ['base'])] });
      expect(await anew([step])).toEqual([
        { tree: known(`tree of ${sha('group')}`), expected: merged('head', 'base', 'fork') },
      ]);
    },
  );

  test('by a rebase, commit for commit, each onto what the group has before it', async () => {
    const step = makeStep({ method: 'rebase', commits: [bare('copy', ['base']), bare('group', ['copy'])] });
    const found = await anew([step], makeChangeFacts({ commits: all(head, one) }));
    expect(found.map(({ expected }) => expected)).toEqual([
      merged('one', 'base', 'before one'),
      merged('head', 'copy', 'one'),
    ]);
  });

  test('the next step onto the one before it', async () => {
    const first = makeStep({ commits: [bare('first', ['base', 'head'])] });
    const second = makeStep({ commits: [bare('group', ['first', 'head'])] });
    const found = await anew([first, second]);
    expect(found[1]?.expected).toEqual(merged('head', 'first', 'fork'));
  });
});

describe('what a step should be is unknown', () => {
  const rebase = makeStep({ method: 'rebase', commits: [bare('group', ['base'])] });
  test.each([
    ['of no pull request', makeStep({ pullRequest: null, commits: [bare('group', ['base'])] }), undefined],
    ['of a rebase that has fewer commits', rebase, makeChangeFacts({ commits: all(one, head) })],
    [
      'of a rebase whose pull request has a merge in it',
      rebase,
      makeChangeFacts({ commits: all(makeCommit('head', { parents: [sha('one'), sha('x')] })) }),
    ],
    [
      'of a rebase whose commits are not one line',
      makeStep({ method: 'rebase', commits: [bare('copy', ['base']), bare('group', ['copy'])] }),
      makeChangeFacts({ commits: all(makeCommit('aside'), makeCommit('head')) }),
    ],
    [
      'of a rebase whose commits could not be read to the end',
      rebase,
      makeChangeFacts({ commits: cut(all(makeCommit('head'))) }),
    ],
  ])('%s', async (_, step, change) => {
    for (const { expected } of await anew([step], change)) expect(expected.known).toBe(false);
  });

  test('of a merge with which it has nothing in common', async () => {
    const found = await anew([makeStep({ commits: [bare('group', ['base', 'head'])] })], undefined, {
      fails: 404,
    });
    expect(found[0]?.expected.known).toBe(false);
  });

  test('of a commit before the merge', async () => {
    const step = makeStep({ commits: [bare('more', ['base']), bare('group', ['more', 'head'])] });
    expect((await anew([step])).map(({ expected }) => expected.known)).toEqual([false, true]);
  });
});
