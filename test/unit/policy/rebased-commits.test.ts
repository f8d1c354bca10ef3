import { describe, expect, test } from '@jest/globals';
import type { CommitFacts } from '../../../src/domain/change-facts.ts';
import { evaluateDeployment } from '../../../src/policy/evaluate-deployment.ts';
import { rebasedCommits } from '../../../src/policy/rebased-commits.ts';
import {
  all,
  bob,
  identity,
  inRange,
  makeCommit,
  makeDeploymentFacts,
  makeDeploymentReview,
  makeMerge,
  makeMergedFacts,
  policyOf,
  sha,
} from '../../support/make-facts.ts';

/** A pull request of three commits, and what GitHub's rebase made of them: bob pressed the button, nothing is signed. */
const words = ['one', 'two', 'head'];
const originals = words.map((word, index) =>
  makeCommit(word, {
    parents: [sha(words[index - 1] ?? 'base')],
    authoredAt: `2026-03-01T0${index + 1}:00:00Z`,
  }),
);
const copies = originals.map((commit, index) =>
  copyOf(commit, `copy ${words[index - 1] ?? 'base'}`, words[index] ?? ''),
);

function copyOf(commit: CommitFacts, parent: string, word: string): CommitFacts {
  return {
    ...commit,
    sha: sha(`copy ${word}`),
    parents: [sha(parent)],
    committer: identity(bob),
    committedAt: '2026-03-03T08:00:00Z',
  };
}

const last = copies[2]!;
const rangeOf = (commits: readonly CommitFacts[]) => new Map(commits.map((commit) => [commit.sha, commit]));
const change = (commits: readonly CommitFacts[] = originals, merge: CommitFacts = last) =>
  makeMergedFacts({
    commits: all(...commits),
    pullRequest: { merged: makeMerge(merge) },
  });

describe('which commits of a range a rebase made', () => {
  test('all of them, whatever order either list has', () => {
    expect(rebasedCommits(change(), rangeOf(copies)).toSorted()).toEqual(
      copies.map((copy) => copy.sha).toSorted(),
    );
    expect(rebasedCommits(change(originals.toReversed()), rangeOf(copies.toReversed()))).toHaveLength(3);
  });

  test('where the range begins between them, those that are new', () => {
    expect(rebasedCommits(change(), rangeOf(copies.slice(1)))).toEqual([last.sha, copies[1]!.sha]);
  });

  test.each<[string, Partial<CommitFacts>]>([
    ['message', { message: 'Something else' }],
    ['author’s name', { author: { ...identity(bob), email: 'alice@example.com' } }],
    ['author’s e-mail', { author: { ...originals[1]!.author, email: 'mallory@example.com' } }],
    ['author’s time', { authoredAt: '2026-03-01T02:00:01Z' }],
    ['number of parents', { parents: [copies[0]!.sha, sha('elsewhere')] }],
  ])('none where one differs in its %s', (_, over) => {
    const forged = copies.map((copy, index) => (index === 1 ? { ...copy, ...over } : copy));
    expect(rebasedCommits(change(), rangeOf(forged))).toEqual([]);
  });

  test('none where the pull request itself has a merge', () => {
    const [one, two, head] = originals;
    const merged = [one!, { ...two!, parents: [one!.sha, sha('main')] }, head!];
    expect(rebasedCommits(change(merged), rangeOf(copies))).toEqual([]);
  });

  test('none where its commits are not one line', () => {
    const broken = originals.map((commit, index) =>
      index === 1 ? { ...commit, parents: [sha('gone')] } : commit,
    );
    expect(rebasedCommits(change(broken), rangeOf(copies))).toEqual([]);
  });

  test('none where GitHub made one merge or squash of it', () => {
    expect(rebasedCommits(change(originals, { ...last, signedByGitHub: true }), rangeOf(copies))).toEqual([]);
    expect(
      rebasedCommits(change(originals, { ...last, parents: [sha('base'), sha('head')] }), rangeOf(copies)),
    ).toEqual([]);
  });

  test.each([
    ['directly', [originals[2]!.sha], []],
    ['further down', [sha('bridge')], [makeCommit('bridge', { parents: [originals[2]!.sha] })]],
  ])('none where they stand on the originals, %s', (_, parents, bridge) => {
    const head = copyOf(originals[2]!, 'unused', 'head');
    const forged = { ...head, parents };
    const one = [originals[2]!];
    expect(rebasedCommits(change(one, forged), rangeOf([forged, ...bridge, ...originals]))).toEqual([]);
    expect(
      rebasedCommits(
        change(one, { ...head, parents: [sha('base')] }),
        rangeOf([{ ...head, parents: [sha('base')] }]),
      ),
    ).toHaveLength(1);
  });

  test('none where the pull request’s own commits were taken as they are', () => {
    expect(rebasedCommits(change(originals, originals[2]), rangeOf(originals))).toEqual([]);
  });
});

describe('a deployment of a rebased change', () => {
  const facts = (commits: readonly CommitFacts[]) =>
    makeDeploymentFacts({
      request: { sha: last.sha },
      range: { commits: all(...commits.map((commit) => inRange(commit, { pullRequests: [] }))) },
      changes: [change()],
      reviews: all(makeDeploymentReview({ sha: last.sha })),
    });
  const verdict = (commits: readonly CommitFacts[]) =>
    evaluateDeployment({ kind: 'valid', policy: policyOf() }, facts(commits));

  test('is approved though GitHub names the pull request for none of the first commits', () => {
    expect(verdict(copies).verdict).toBe('approved');
  });

  test('is held where a commit was slipped in between', () => {
    const slipped = makeCommit('slipped', { parents: [copies[1]!.sha] });
    const { verdict: found, gates } = verdict([
      ...copies.slice(0, 2),
      slipped,
      { ...last, parents: [slipped.sha] },
    ]);
    expect(found).toBe('held');
    expect(gates.find(({ gate }) => gate === 'range')?.reasons.map(({ code }) => code)).toContain(
      'merge_not_by_github',
    );
  });
});
