/** The form of what a policy says of emergencies: who declares and confirms, what is lifted, for how long, and the review. */
import { z } from 'zod';
import { durationProblem } from './duration.ts';
import { checked, NOTHING } from './timing-schema.ts';

/**
 * What a confirmed emergency can lift, by the policy's own keys. Never among them: the lock, who may ask, identity, the
 * branch, an explicit no of a reviewer, overdue reviews, and whatever isn't known; nor, ever, the second person.
 */
export const LIFTABLE = ['approvals', 'after', 'freeze', 'changes'] as const;
export type Liftable = (typeof LIFTABLE)[number];

/** What is lifted where nothing is said: not the review of the changes themselves. */
const USUALLY: readonly Liftable[] = ['approvals', 'after', 'freeze'];

/** Minutes are meant; and a review that may wait for longer is none. */
const LONGEST_VALID = '24h';
const LONGEST_WITHIN = '7d';

/** What one policy says of emergencies, and what an organisation's baseline may say. `people` is how either names somebody. */
export function emergencySchemas<People extends z.ZodType>(people: People) {
  const valid = checked((text) => durationProblem(text, LONGEST_VALID)).describe(
    'How long it lasts from when it is declared, as 30m or 1h; 24h at most.',
  );
  const lifts = z
    .array(z.enum(LIFTABLE))
    .min(1)
    .max(LIFTABLE.length)
    .describe(
      'What it lifts: approvals of the deployment, after (order and soak), freeze, changes (the approval of the changes in it).',
    );
  const review = z.strictObject({
    within: checked((text) => durationProblem(text, LONGEST_WITHIN)).describe(
      'How soon after its use somebody has to have reviewed it, as 24h; 7d at most. What is overdue holds the repository’s next deployments.',
    ),
    by: people.describe('Who may review it afterwards: nobody who took part in it.'),
  });
  const asked = {
    by: people.describe('Who may declare it.'),
    confirm: people.describe(
      'Who may confirm it: a second person, who made no part of what is deployed and didn’t ask for it.',
    ),
    valid,
    review: review.describe('The review that closes it afterwards.'),
  };
  const emergency = z
    .strictObject({ ...asked, lifts: lifts.default([...USUALLY]) })
    .describe('Somebody may declare an emergency for one commit here, and somebody else confirm it.');
  const baselineEmergency = z
    .union([
      z.literal('forbidden'),
      z
        .strictObject({ ...asked, review: review.partial().refine(hasAny, `${NOTHING}remove it`), lifts })
        .partial()
        .refine(hasAny, `${NOTHING}remove it`),
    ])
    .describe(
      'forbidden: none may be declared. Otherwise what has to be met beside the repository’s own; what the baseline asks for is lifted only where lifts names it.',
    );
  return { emergency, baselineEmergency };
}

const hasAny = (asked: object): boolean => Object.keys(asked).length > 0;
