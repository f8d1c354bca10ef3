import type { ChangeFacts } from '../domain/change-facts.ts';

/**
 * What was said of a change by the time it was merged. Whether a merge was compliant is a fact of that moment: an approval
 * that comes later can still let the commit be deployed, and changes nothing about how it was merged.
 */
export function factsAtMerge(facts: ChangeFacts): ChangeFacts {
  const { merged } = facts.pullRequest;
  if (merged === null) return facts;
  const until = Date.parse(merged.at);
  const items = facts.reviews.items.filter(({ submittedAt, state }) =>
    // Without a time, only what takes an approval away is believed to have been there.
    submittedAt === null ? state !== 'approved' : Date.parse(submittedAt) <= until,
  );
  return { ...facts, reviews: { ...facts.reviews, items } };
}
