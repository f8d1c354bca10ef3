import { expect, test } from '@jest/globals';
import { descendedFrom } from '../../../src/facts/descended-from.ts';
import { makeCommit, sha } from '../../support/make-facts.ts';

const commit = (word: string, ...parents: readonly string[]) =>
  makeCommit(word, { parents: parents.map(sha) });

test('a merge names each parent by which the origin comes down to it, in whatever order both come', () => {
  const commits = [
    commit('merge', 'left', 'right'),
    commit('left', 'origin'),
    commit('right', 'origin'),
    commit('end', 'merge'),
  ];
  expect(descendedFrom(sha('origin'), commits)).toEqual([
    { sha: sha('merge'), from: [sha('left'), sha('right')] },
    { sha: sha('left'), from: [sha('origin')] },
    { sha: sha('right'), from: [sha('origin')] },
    { sha: sha('end'), from: [sha('merge')] },
  ]);
});

test('what was begun before the origin is no step from it', () => {
  const commits = [commit('old', 'root'), commit('merge', 'origin', 'old')];
  expect(descendedFrom(sha('origin'), commits)).toEqual([{ sha: sha('merge'), from: [sha('origin')] }]);
});

test('nothing descends from a commit that nobody has as a parent', () => {
  expect(descendedFrom(sha('elsewhere'), [commit('one', 'origin')])).toEqual([]);
});
