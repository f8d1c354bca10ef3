import { describe, expect, test } from '@jest/globals';
import { CodedError } from '../../../src/domain/coded-error.ts';
import { known, unknown } from '../../../src/domain/known.ts';
import { readBaseMerges } from '../../../src/facts/read-base-merges.ts';
import type { TreeReader } from '../../../src/facts/tree-reader.ts';
import { treesOrUnknown } from '../../../src/facts/trees-or-unknown.ts';
import {
  all,
  makeChangeFacts,
  makeCommit,
  makeMerge,
  makeMergedFacts,
  makeReview,
  repository,
  sha,
} from '../../support/make-facts.ts';
import { agreeingTrees } from '../../support/agreeing-trees.ts';
import { namingTrees } from './naming-trees.ts';
import { type Scripted, scriptedGitHub } from './scripted-github.ts';

const merge = (word: string, onto: string, other = `main at ${word}`) =>
  makeCommit(word, { parents: [sha(onto), sha(other)] });
const approvedOn = (...words: readonly string[]) =>
  all(...words.map((word) => makeReview({ commit: sha(word) })));

/** Main is at `tip`, and has every commit that is merged in but those of `elsewhere`. */
const asking = (script: { readonly elsewhere?: string; readonly branch?: Scripted } = {}) =>
  scriptedGitHub({
    rest: {
      'GET /repos/{owner}/{repo}/branches/{branch}': () =>
        script.branch ?? { data: { commit: { sha: sha('tip') } } },
      'GET /repos/{owner}/{repo}/compare/{basehead}': ({ basehead }) => {
        const [from, to] = String(basehead).split('...');
        const onBase = from !== sha('tip') || to !== sha(script.elsewhere ?? '');
        return {
          data: {
            status: from === sha('tip') && onBase ? 'behind' : 'diverged',
            merge_base_commit: { sha: sha('fork') },
          },
        };
      },
    },
  });

const updated = makeChangeFacts({
  commits: all(makeCommit('seen'), merge('first', 'seen'), merge('head', 'first')),
  reviews: approvedOn('seen'),
});

test('each merge since an approval is made anew, newest first, with whether the base had what it merged', async () => {
  const found = await readBaseMerges(
    asking({ elsewhere: 'main at first' }),
    repository,
    updated,
    namingTrees,
  );
  const anew = (word: string, onto: string, fromBase: boolean) => ({
    sha: sha(word),
    onto: sha(onto),
    merged: sha(`main at ${word}`),
    fromBase: known(fromBase),
    tree: known(`tree of ${sha(word)}`),
    expected: known(`${sha(`main at ${word}`)} onto ${sha(onto)} since ${sha('fork')}`),
  });
  expect(found).toEqual([anew('head', 'first', true), anew('first', 'seen', false)]);
});

describe('nothing is asked or made', () => {
  test.each([
    ['where the approval is of the head', { ...updated, reviews: approvedOn('head') }],
    [
      'where nobody approved',
      { ...updated, reviews: all(makeReview({ state: 'commented', commit: sha('seen') })) },
    ],
    [
      'where the approval was dismissed',
      { ...updated, reviews: all(makeReview({ state: 'dismissed', commit: sha('seen') })) },
    ],
    ['where the approval lies behind a commit', { ...updated, reviews: approvedOn('before seen') }],
    [
      'where the head is no merge',
      { ...updated, commits: all(makeCommit('seen'), makeCommit('head', { parents: [sha('seen')] })) },
    ],
    [
      'where it is a merge of three',
      { ...updated, commits: all(makeCommit('head', { parents: [sha('seen'), sha('x'), sha('y')] })) },
    ],
  ])('%s', async (_, facts) => {
    const github = asking();
    expect(await readBaseMerges(github, repository, facts, agreeingTrees)).toEqual([]);
    expect(github.asked).toEqual([]);
  });
});

test('only as far as the oldest approval, and no further', async () => {
  const found = await readBaseMerges(
    asking(),
    repository,
    { ...updated, reviews: approvedOn('first') },
    agreeingTrees,
  );
  expect(found.map((each) => each.sha)).toEqual([sha('head')]);
});

test('of a merged change, what the base was before the merge is what it had', async () => {
  const merged = makeMergedFacts({ commits: updated.commits, reviews: updated.reviews });
  const github = asking();
  const found = await readBaseMerges(github, repository, merged, agreeingTrees);
  expect(found).toHaveLength(2);
  expect(github.asked).not.toContain('GET /repos/{owner}/{repo}/branches/{branch}');
});

test('of one whose merge somebody pushed, nothing is told from the parents that they gave it', async () => {
  const { onGitHub: _, ...merge } = makeMerge();
  const pushed = { ...merge, onGitHub: known(false) };
  const merged = makeChangeFacts({ ...updated, pullRequest: { state: 'merged', merged: pushed } });
  const found = await readBaseMerges(asking(), repository, merged, agreeingTrees);
  const why = unknown('it was not merged on GitHub');
  expect(found.map(({ fromBase }) => fromBase)).toEqual([why, why]);
});

test('a base that is gone leaves it unknown', async () => {
  const found = await readBaseMerges(asking({ branch: { fails: 404 } }), repository, updated, agreeingTrees);
  expect(found.map(({ fromBase }) => fromBase)).toEqual([
    unknown('GitHub shows no branch main'),
    unknown('GitHub shows no branch main'),
  ]);
});

describe('a commit that git can’t bring', () => {
  const failing = (thrown: Error): TreeReader => {
    const treeOf = (): Promise<never> => Promise.reject(thrown);
    return { ...agreeingTrees, treeOf };
  };

  test('is an error, to be tried again', async () => {
    const gone = new CodedError('commit_unavailable', 'it could not be reached');
    await expect(readBaseMerges(asking(), repository, updated, failing(gone))).rejects.toBe(gone);
  });

  test('is unknown once nobody tries again, and somebody is told', async () => {
    const gone = new CodedError('commit_unavailable', 'git said: fatal: secret');
    const told: unknown[] = [];
    const trees = treesOrUnknown(failing(gone), (error) => told.push(error));
    const found = await readBaseMerges(asking(), repository, updated, trees);
    const why = 'git could not fetch a commit that it is made of';
    expect(found.map(({ tree }) => tree)).toEqual([unknown(why), unknown(why)]);
    expect(told).toEqual([gone, gone]);
  });

  test('and an error of ours stays one', async () => {
    const bug = new TypeError('undefined is not a function');
    await expect(
      readBaseMerges(
        asking(),
        repository,
        updated,
        treesOrUnknown(failing(bug), () => {}),
      ),
    ).rejects.toBe(bug);
  });
});
