import { describe, expect, test } from '@jest/globals';
import { known, unknown } from '../../../src/domain/known.ts';
import { atMerge } from '../../../src/facts/at-merge.ts';
import {
  alice,
  bob,
  makeBaseMerge,
  makeChangeFacts,
  makeLanding,
  makeMerge,
  makeMergedFacts,
} from '../../support/make-facts.ts';

const merged = (over: object) => ({ pullRequest: { merged: { ...makeMerge(), ...over } } });

describe('what a record of a merge tells for good', () => {
  test('who pushed it, only where the moves of its head had no gap', () => {
    const pushers = known([alice, bob]);
    const { headSha } = makeMergedFacts().pullRequest;
    expect(atMerge(makeMergedFacts({ pushers, pushesWhole: true })).pushed).toEqual({
      head: headSha,
      pushers: [alice, bob],
    });
    expect(atMerge(makeMergedFacts({ pushers })).pushed).toBeNull();
    expect(atMerge(makeMergedFacts({ pushers: unknown('not told'), pushesWhole: true })).pushed).toBeNull();
  });

  test.each([
    [known(true), true],
    [known(false), false],
    [unknown('not yet'), false],
  ])('that GitHub merged it, only where that was seen: %j', (onGitHub, told) => {
    expect(atMerge(makeMergedFacts(merged({ onGitHub }))).onGitHub).toBe(told);
  });

  test('what was made anew, only to its end', () => {
    const landing = known(makeLanding());
    const baseMerges = [makeBaseMerge('update', 'head')];
    expect(atMerge(makeMergedFacts({ baseMerges, ...merged({ landing }) })).made).toEqual({
      baseMerges,
      landing,
    });
    const notMade = { ...makeBaseMerge('update', 'head'), expected: unknown('its parent is gone') };
    expect(atMerge(makeMergedFacts({ baseMerges: [notMade], ...merged({ landing }) })).made).toBeNull();
    expect(atMerge(makeMergedFacts(merged({ landing: unknown('gone') }))).made).toBeNull();
    const { landing: _, ...uncompared } = makeMerge();
    expect(atMerge(makeMergedFacts({ pullRequest: { merged: uncompared } })).made).toBeNull();
  });

  test('nothing of what isn’t merged', () => {
    expect(atMerge(makeChangeFacts())).toEqual({ made: null, onGitHub: false, pushed: null });
  });
});
