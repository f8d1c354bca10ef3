import type { PolicyReading } from '../../policy/policy-reading.ts';
import { sidesOf } from '../../policy/commands/may-they.ts';
import { millisecondsOf } from '../../policy/duration.ts';
import { namesOf } from '../../policy/eligibility.ts';
import { reviewOf, STRICT } from '../../policy/review-of.ts';
import { asked } from '../../policy/sentence-parts.ts';

/** Until when something that went past the gates at this moment has to be reviewed, and by whom, as Markdown. */
export function reviewDue(
  reading: PolicyReading,
  environment: string,
  at: string,
): { readonly dueAt: string; readonly asked: string } {
  const reviews =
    reading.kind === 'valid' ? sidesOf(reading.policy).map((side) => reviewOf(side, environment)) : [];
  // Whichever side gives less time; and where no policy could be read, no more than where one says nothing.
  const shortest = Math.min(
    ...(reviews.length === 0 ? [STRICT] : reviews.map(({ within }) => within)).map(millisecondsOf),
  );
  const people = [...new Set(reviews.map(({ by }) => asked(namesOf(by))))];
  return {
    dueAt: new Date(Date.parse(at) + shortest).toISOString(),
    asked: people.length === 0 ? 'whoever the policy names' : people.join(', and at once '),
  };
}
