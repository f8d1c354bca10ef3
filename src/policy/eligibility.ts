/** Whether somebody is one of the people that a policy names. What could not be read is "unknown", never yes or no. */
import type { Actor } from '../domain/actor.ts';
import type { EnvironmentReviewers } from '../domain/deployment-facts.ts';
import { PERMISSIONS, type RoleFacts } from '../domain/role-facts.ts';
import type { Approvers, People, User } from './schema.ts';

export type Eligibility =
  | { readonly is: 'yes' }
  | { readonly is: 'no'; readonly although?: Although }
  | { readonly is: 'unknown'; readonly role: string; readonly why: string };

/** The policy has their login, and yet they aren't whom it means: they may not write to the repository, or `account`, which the policy names, is another one. */
export type Although = { readonly lacks: 'write' } | { readonly account: number };

const YES: Eligibility = { is: 'yes' };
const NO: Eligibility = { is: 'no' };

/** Any one of the ways is enough: a named user who may write here, a team, a permission. */
export function eligibility(actor: Actor, from: People, roles: RoleFacts): Eligibility {
  return either([
    ...(from.users ?? []).map((user) => isUser(actor, user, roles)),
    ...(from.teams ?? []).map((slug) => inTeam(actor, slug, roles)),
    ...(from.permission === undefined ? [] : [hasPermission(actor, from.permission, roles)]),
  ]);
}

/**
 * Whether somebody is a user whom the policy names. GitHub gives a login that was given up to whoever asks for it, so a login alone would be anybody's: it counts together with write
 * permission, which a stranger doesn't have. An App has no permission that GitHub tells; its bot acts only where it was installed.
 */
function isUser(actor: Actor, user: User, roles: RoleFacts): Eligibility {
  if (!hasLogin(actor, user)) return NO;
  const { id } = userOf(user);
  if (id !== undefined && id !== actor.id) return { is: 'no', although: { account: id } };
  if (roles.usersMustWrite !== true || actor.kind === 'bot') return YES;
  const may = hasPermission(actor, 'write', roles);
  return may.is === 'no' ? { is: 'no', although: { lacks: 'write' } } : may;
}

/** Whether somebody is in one of the teams, or has a login or is an account that is named: where that asks for more of a change, whoever has the login is meant. */
export function isAmong(
  actor: Actor,
  { teams, users }: Pick<People, 'teams' | 'users'>,
  roles: RoleFacts,
): Eligibility {
  const isNamed = users?.some((user) => hasLogin(actor, user) || userOf(user).id === actor.id) === true;
  return isNamed ? YES : either((teams ?? []).map((slug) => inTeam(actor, slug, roles)));
}

/** Case doesn't matter on GitHub. */
const hasLogin = ({ login }: Actor, user: User): boolean =>
  userOf(user).login.toLowerCase() === login.toLowerCase();

/** A user as the policy names them: by login, or by login and account. */
export const userOf = (user: User): { readonly login: string; readonly id?: number | undefined } =>
  typeof user === 'string' ? { login: user } : user;

/** The people whom a GitHub environment names. */
export function isReviewer(actor: Actor, reviewers: EnvironmentReviewers, roles: RoleFacts): Eligibility {
  if (reviewers.users.some((user) => user.id === actor.id)) return YES;
  return either(reviewers.teams.map((slug) => inTeam(actor, slug, roles)));
}

/** Who is named, as people read it. */
export function namesOf(from: People | Approvers): readonly string[] {
  return [
    ...(from.teams ?? []).map((slug) => `team ${slug}`),
    ...(from.users ?? []).map((user) => userOf(user).login),
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
  const of = (answer: Eligibility['is']) => ways.find(({ is }) => is === answer);
  return (
    of('yes') ?? of('unknown') ?? ways.find((way) => way.is === 'no' && way.although !== undefined) ?? NO
  );
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
