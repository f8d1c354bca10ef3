import { describe, expect, test } from '@jest/globals';
import { known, unknown } from '../../../src/domain/known.ts';
import { makeLandingAnew } from '../../../src/facts/make-landing-anew.ts';
import {
  all,
  cut,
  makeChangeFacts,
  makeCommit,
  makeMerge,
  makeMergedFacts,
  repository,
  sha,
} from '../../support/make-facts.ts';
import { agreeingTrees } from '../../support/agreeing-trees.ts';
import { namingTrees } from './naming-trees.ts';
import { scriptedGitHub } from './scripted-github.ts';

const COMPARE = 'GET /repos/{owner}/{repo}/compare/{basehead}';
const asking = () =>
  scriptedGitHub({
    rest: { [COMPARE]: () => ({ data: { status: 'diverged', merge_base_commit: { sha: sha('fork') } } }) },
  });
const landed = (over: Parameters<typeof makeMerge>[0], commits = all(makeCommit('head'))) =>
  makeMergedFacts({ commits, pullRequest: { merged: makeMerge(over) } });
const squash = { parents: [sha('base')] };
const rebase = { parents: [sha('copy')], signedByGitHub: false };
const two = all(makeCommit('one'), makeCommit('head', { parents: [sha('one')] }));

describe('there is nothing to compare', () => {
  test.each([
    ['while it is open', makeChangeFacts()],
    ['where the head itself landed', makeMergedFacts({ pullRequest: { headSha: sha('merge') } })],
  ])('%s', async (_, facts) => {
    expect(await makeLandingAnew(asking(), repository, facts, agreeingTrees)).toBeNull();
  });
});

describe('what landed is compared with the head merged onto what the base was', () => {
  test.each([
    ['merge', {}],
    ['squash', squash],
  ] as const)('by %s, and GitHub isn’t asked where it is what it should be', async (method, over) => {
    const github = asking();
    const facts = landed(over);
    const made: unknown[] = [];
    const trees = {
      ...agreeingTrees,
      mergedTree: (merge: object) => {
        made.push(merge);
        return Promise.resolve(known('tree'));
      },
    };
    const found = await makeLandingAnew(github, repository, facts, trees);
    expect(found).toMatchObject({
      known: true,
      value: {
        method,
        base: sha('base'),
        commits: [{ sha: sha('merge'), tree: known('tree'), expected: known('tree') }],
      },
    });
    expect(made).toEqual([{ base: sha('before head'), ours: sha('base'), theirs: sha('head') }]);
    expect(github.asked).toEqual([]);
  });

  test('and GitHub is asked what both have in common where it isn’t', async () => {
    const github = asking();
    const found = await makeLandingAnew(github, repository, landed(squash), namingTrees);
    expect(found).toMatchObject({
      value: { commits: [{ expected: known(`${sha('head')} onto ${sha('base')} since ${sha('fork')}`) }] },
    });
    expect(github.asked).toEqual([COMPARE]);
  });

  test('and where the base was merged in before', async () => {
    const github = asking();
    const commits = all(makeCommit('one'), makeCommit('head', { parents: [sha('one'), sha('main')] }));
    await makeLandingAnew(github, repository, landed({}, commits), agreeingTrees);
    expect(github.asked).toEqual([COMPARE]);
  });

  test('by rebase, copy for copy, each found by the one after it', async () => {
    const trees = { ...namingTrees, parentsOf: () => Promise.resolve(known([sha('base')])) };
    const found = await makeLandingAnew(asking(), repository, landed(rebase, two), trees);
    expect(found).toMatchObject({
      value: {
        method: 'rebase',
        base: sha('base'),
        commits: [
          {
            sha: sha('copy'),
            expected: known(`${sha('one')} onto ${sha('base')} since ${sha('before one')}`),
          },
          { sha: sha('merge'), expected: known(`${sha('head')} onto ${sha('copy')} since ${sha('one')}`) },
        ],
      },
    });
  });
});

describe('it is unknown', () => {
  test.each([
    ['where GitHub calls it merged by the merge of another', landed({ parents: [sha('base'), sha('x')] })],
    ['where it is a merge of three', landed({ parents: [sha('base'), sha('head'), sha('x')] })],
    ['where it stands on nothing', landed({ parents: [] })],
    [
      'where one of its own commits is called its merge',
      landed({ sha: sha('one'), parents: [sha('before one')] }, two),
    ],
    ['where the commits of a rebase could not be read to the end', landed(rebase, cut(two))],
  ])('%s', async (_, facts) => {
    expect(await makeLandingAnew(asking(), repository, facts, agreeingTrees)).toMatchObject({ known: false });
  });

  test('where a copy can’t be read', async () => {
    const trees = { ...agreeingTrees, parentsOf: () => Promise.resolve(unknown('not told')) };
    expect(await makeLandingAnew(asking(), repository, landed(rebase, two), trees)).toEqual(
      unknown('not told'),
    );
  });

  test('what it holds, where git can’t bring it', async () => {
    const trees = { ...agreeingTrees, treeOf: () => Promise.resolve(unknown('not told')) };
    const found = await makeLandingAnew(asking(), repository, landed(squash), trees);
    expect(found).toMatchObject({ value: { commits: [{ tree: unknown('not told') }] } });
  });
});
