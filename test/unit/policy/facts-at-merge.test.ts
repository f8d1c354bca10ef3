import { describe, expect, test } from '@jest/globals';
import type { ReviewFacts } from '../../../src/domain/change-facts.ts';
import { factsAtMerge } from '../../../src/policy/facts-at-merge.ts';
import { all, makeChangeFacts, makeMergedFacts, makeReview } from '../../support/make-facts.ts';

const merged = makeMergedFacts();
const at = merged.pullRequest.merged?.at ?? '';
const shifted = (seconds: number) => new Date(Date.parse(at) + seconds * 1_000).toISOString();

describe('what was said by the time of a merge', () => {
  test.each<[string, Partial<ReviewFacts>, boolean]>([
    ['an approval before it', { submittedAt: shifted(-1) }, true],
    ['an approval in the same second', { submittedAt: at }, true],
    ['an approval after it', { submittedAt: shifted(1) }, false],
    ['an objection after it', { state: 'changes_requested', submittedAt: shifted(1) }, false],
    ['an approval without a time', { submittedAt: null }, false],
    ['an objection without a time', { state: 'changes_requested', submittedAt: null }, true],
  ])('%s', (_, over, counts) => {
    const review = makeReview(over);
    const facts = factsAtMerge({ ...merged, reviews: all(review) });
    expect(facts.reviews).toEqual({ complete: true, items: counts ? [review] : [] });
  });

  test('nothing is left out of an open change', () => {
    const facts = makeChangeFacts({ reviews: all(makeReview({ submittedAt: '2099-01-01T00:00:00Z' })) });
    expect(factsAtMerge(facts)).toBe(facts);
  });
});
