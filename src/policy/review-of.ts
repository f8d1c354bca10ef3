import type { EmergencyPolicy, People, Policy } from './schema.ts';
import { environmentOf } from './environment-of.ts';

/** What is asked where the policy says nothing of emergencies, and somebody went past the gates all the same. */
export const STRICT = '24h';

/** Until when, and by whom, it has to be reviewed that something went past an environment's gates. */
export function reviewOf(policy: Policy, environment: string): EmergencyPolicy['review'] {
  const named = environmentOf(policy, environment);
  return named?.emergency?.review ?? { within: STRICT, by: approversOfChanges(policy) };
}

/** Whoever may approve changes; code owners own files, and no file is looked at here. */
function approversOfChanges({ changes }: Policy): People {
  const { codeowners: _, ...people } = changes.approvals.from;
  return Object.values(people).some((each) => each !== undefined) ? people : { permission: 'maintain' };
}
