import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { groupSteps } from '../../../src/facts/group-steps.ts';
import { sha } from '../../support/make-facts.ts';

const commit = (word: string, parents: number, signedByGitHub: boolean) => ({
  sha: sha(word),
  parents: Array.from({ length: parents }, (_, index) => sha(`${word}^${index}`)),
  signedByGitHub,
});
const merge = (word: string) => commit(word, 2, true);
const squash = (word: string) => commit(word, 1, true);
const copy = (word: string) => commit(word, 1, false);
const ends = (word: string, pullRequest: number) => ({ sha: sha(word), pullRequest });

const shown = (...asked: Parameters<typeof groupSteps>) =>
  groupSteps(...asked).map(({ pullRequest, method, commits }) => [
    pullRequest,
    method,
    commits.map((each) => each.sha.slice(0, 7)),
  ]);
const ids = (...words: readonly string[]) => words.map((word) => sha(word).slice(0, 7));

describe('a merge group’s line is cut', () => {
  test.each([
    ['at a merge', [merge('a')], [ends('a', 1)], [[1, 'merge', ids('a')]]],
    ['at a squash', [squash('a')], [ends('a', 1)], [[1, 'squash', ids('a')]]],
    [
      'at the last commit of a rebase',
      [copy('a'), copy('b'), copy('c')],
      [ends('b', 1), ends('c', 2)],
      [
        [1, 'rebase', ids('a', 'b')],
        [2, 'rebase', ids('c')],
      ],
    ],
    [
      'where both the queue and a webhook name the same',
      [merge('a')],
      [ends('a', 1), ends('a', 1)],
      [[1, 'merge', ids('a')]],
    ],
    [
      'at nobody’s where they name two',
      [merge('a')],
      [ends('a', 1), ends('a', 2)],
      [[null, 'merge', ids('a')]],
    ],
    [
      'with what nobody names before the next that somebody does',
      [copy('a'), merge('b')],
      [ends('b', 1)],
      [[1, 'merge', ids('a', 'b')]],
    ],
    [
      'with what is left at its end as nobody’s',
      [merge('a'), copy('b')],
      [ends('a', 1)],
      [
        [1, 'merge', ids('a')],
        [null, 'rebase', ids('b')],
      ],
    ],
    ['not at all where it is empty', [], [ends('a', 1)], []],
  ] as const)('%s', (_, line, named, expected) => {
    expect(shown(line, named)).toEqual(expected);
  });
});

test('no commit is lost, whatever is named in whatever order', () => {
  const words = ['a', 'b', 'c', 'd', 'e'];
  const line = words.map(copy);
  const named = fc.array(
    fc.record({ sha: fc.constantFrom(...words, 'x').map(sha), pullRequest: fc.integer({ min: 1, max: 3 }) }),
  );
  fc.assert(
    fc.property(named, (some) => {
      const steps = groupSteps(line, some);
      expect(steps.flatMap(({ commits }) => commits.map((each) => each.sha))).toEqual(words.map(sha));
      expect(groupSteps(line, some.toReversed())).toEqual(steps);
    }),
  );
});
