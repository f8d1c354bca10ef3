import { environmentOf } from './environment-of.ts';
import { organisationPolicy } from './organisation-policy.ts';
import type { Policy } from './schema.ts';

/**
 * The environments that a commit goes to next, once it runs in one: those that somebody has to ask for and that come after it,
 * by the policy or the organisation's baseline. By name: their order is what a button's number counts in.
 */
export function promotionsOf(policy: Policy, environment: string): readonly string[] {
  const organisation = organisationPolicy(policy);
  return Object.entries(policy.environments)
    .filter(([name, { deploy, after }]) => {
      const theirs = organisation === null ? undefined : environmentOf(organisation, name)?.after;
      return (
        deploy.on === 'request' && [after, theirs].some((each) => Object.hasOwn(each ?? {}, environment))
      );
    })
    .map(([name]) => name)
    .toSorted();
}
