import { describe, expect, test } from '@jest/globals';
import type { ChangeFacts, MergeFacts } from '../../../src/domain/change-facts.ts';
import { known, unknown } from '../../../src/domain/known.ts';
import { ownersAt } from '../../../src/facts/owners-at.ts';
import { LANDING_NOT_READ, type PullRequestReading } from '../../../src/facts/read-pull-requests.ts';
import {
  all,
  makeChangeFacts,
  makeCommit,
  makeMerge,
  makeMergedFacts,
  sha,
} from '../../support/make-facts.ts';

const reading = ({ pullRequest, commits, reviews, checks }: ChangeFacts): PullRequestReading => ({
  pullRequest,
  commits,
  reviews,
  checks,
  dismissals: all(),
  files: all(),
  labels: all(),
});

/** A change that was merged so, onto a commit which its base had not when GitHub listed it. */
const merged = (
  over: Partial<MergeFacts>,
  { commit, commits = all(makeCommit('head')) }: { commit?: object; commits?: ChangeFacts['commits'] } = {},
): PullRequestReading => {
  const merge = makeMerge({ parents: [sha('onto'), sha('head')], ...commit });
  const facts = makeMergedFacts({ commits, pullRequest: { baseSha: sha('listed') } });
  return reading({
    ...facts,
    pullRequest: { ...facts.pullRequest, merged: { ...merge, ...over } },
  });
};

describe('the owners of a pull request’s files stand', () => {
  test('at the tip of its base, while it is open', () => {
    expect(ownersAt(reading(makeChangeFacts({ pullRequest: { baseRef: 'release/2' } })))).toEqual({
      branch: 'release/2',
    });
  });

  const squashed = { parents: [sha('onto')] };
  test.each<[string, PullRequestReading, string]>([
    ['at what GitHub merged it onto', merged({}), 'onto'],
    ['at what GitHub squashed its one commit onto', merged({}, { commit: squashed }), 'onto'],
    [
      'at its base, of a squash that doesn’t show what it is of',
      merged({}, { commit: squashed, commits: all(makeCommit('first'), makeCommit('head')) }),
      'listed',
    ],
    [
      'at its base, of a merge that GitHub didn’t sign',
      merged({}, { commit: { signedByGitHub: false } }),
      'listed',
    ],
    [
      'at its base, of a merge of another commit than its head',
      merged({}, { commit: { parents: [sha('onto'), sha('another')] } }),
      'listed',
    ],
    // Whoever pushed it chose the parent, and with it who owns the files; an App's commits are signed by GitHub as well.
    ['at its base, of a merge that was pushed', merged({ onGitHub: known(false) }), 'listed'],
    [
      'at its base, where nobody can tell whether it was pushed',
      merged({ onGitHub: unknown('GitHub shows no activity') }),
      'listed',
    ],
    [
      'at what GitHub merged it onto, where it wasn’t asked how it landed',
      merged({ onGitHub: unknown(LANDING_NOT_READ) }),
      'onto',
    ],
  ])('%s', (_, given, commit) => {
    expect(ownersAt(given)).toEqual({ commit: sha(commit) });
  });
});
