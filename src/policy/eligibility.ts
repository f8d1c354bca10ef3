/** Whether somebody is one of the people that a policy names. What could not be read is "unknown", never yes or no. */
import type { Actor } from '../domain/actor.ts';
import type { EnvironmentReviewers } from '../domain/deployment-facts.ts';
import { PERMISSIONS, type RoleFacts } from '../domain/role-facts.ts';
import type { Approvers, People } from './schema.ts';

export type Eligibility =
  | { readonly is: 'yes' }
  | { readonly is: 'no' }
  | { readonly is: 'unknown'; readonly role: string; readonly why: string };

const YES: Eligibility = { is: 'yes' };
const NO: Eligibility = { is: 'no' };

/** Any one of the ways is enough: a named user, a team, a permission. */
export function eligibility(actor: Actor, from: People, roles: RoleFacts): Eligibility {
  // The policy can only name logins; case doesn't matter on GitHub.
  if (from.users?.some((login) => login.toLowerCase() === actor.login.toLowerCase()) === true) return YES;
  return either([
    ...(from.teams ?? []).map((slug) => inTeam(actor, slug, roles)),
    ...(from.permission === undefined ? [] : [hasPermission(actor, from.permission, roles)]),
  ]);
}

/** The people whom a GitHub environment names. */
export function isReviewer(actor: Actor, reviewers: EnvironmentReviewers, roles: RoleFacts): Eligibility {
  if (reviewers.users.some((user) => user.id === actor.id)) return YES;
  return either(reviewers.teams.map((slug) => inTeam(actor, slug, roles)));
}

/** Who is named, as people read it. */
export function namesOf(from: People | Approvers): readonly string[] {
  return [
    ...(from.teams ?? []).map((slug) => `team ${slug}`),
    ...(from.users ?? []),
    ...(from.permission === undefined ? [] : [`${from.permission} permission`]),
    ...('codeowners' in from && from.codeowners === true ? [CODE_OWNERS] : []),
  ];
}

/** How code owners stand among the names of those who are asked. */
export const CODE_OWNERS = 'the code owners';

/** Whom a GitHub environment names, as people read it. */
export function namesOfReviewers(reviewers: EnvironmentReviewers): readonly string[] {
  return [
    ...reviewers.teams.map((slug) => `team ${slug}`).toSorted(),
    ...reviewers.users.map(({ login }) => login).toSorted(),
  ];
}

/** Any one of the ways is enough; what isn't known is worth more than no. */
export function either(ways: readonly Eligibility[]): Eligibility {
  return ways.find(({ is }) => is === 'yes') ?? ways.find(({ is }) => is === 'unknown') ?? NO;
}

/** Whether somebody is an active member of a team of the organisation. */
export function inTeam(actor: Actor, slug: string, { teams }: RoleFacts): Eligibility {
  const role = `team ${slug}`;
  const members = Object.hasOwn(teams, slug) ? teams[slug] : undefined;
  if (members === undefined) return { is: 'unknown', role, why: 'it was not looked up' };
  if (!members.known) return { is: 'unknown', role, why: members.why };
  return members.value.includes(actor.id) ? YES : NO;
}

/** Whether somebody has at least this permission on the repository. */
export function hasPermission(
  actor: Actor,
  least: NonNullable<People['permission']>,
  { permissions }: RoleFacts,
): Eligibility {
  const role = `${least} permission`;
  const key = String(actor.id);
  const held = Object.hasOwn(permissions, key) ? permissions[key] : undefined;
  if (held === undefined) return { is: 'unknown', role, why: 'it was not looked up' };
  if (!held.known) return { is: 'unknown', role, why: held.why };
  return PERMISSIONS.indexOf(held.value) >= PERMISSIONS.indexOf(least) ? YES : NO;
}
