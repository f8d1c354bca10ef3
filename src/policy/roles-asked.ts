import type { RolesAsked } from '../domain/role-facts.ts';
import { environmentOf } from './environment-of.ts';
import { organisationPolicy } from './organisation-policy.ts';
import { codeOwnersAsked } from './paths-asked.ts';
import { ownersAmong } from './owners-among.ts';
import type { People, Policy } from './schema.ts';

type Asking = Partial<Pick<People, 'teams' | 'users' | 'permission'>>;

/**
 * The roles to resolve before judging. For an environment these are the change's as well, since every change in the
 * deployed range is judged again. The teams among a GitHub environment's own reviewers are not here: GitHub names them.
 */
export function rolesAsked(policy: Policy, scope: Scope): RolesAsked {
  const organisation = organisationPolicy(policy);
  const sides = [asked(policy, scope), ...(organisation === null ? [] : [asked(organisation, scope)])];
  const codeOwners = sides.find((side) => side.codeOwners !== undefined)?.codeOwners;
  return {
    teams: [...new Set(sides.flatMap(({ teams }) => teams))].toSorted(),
    permissions: sides.some(({ permissions }) => permissions),
    ...(codeOwners === undefined ? {} : { codeOwners }),
  };
}

/** `rollback`: who may go back is asked as well. `emergency`: who may declare and confirm one is. */
type Scope =
  'change' | { readonly environment: string; readonly rollback?: boolean; readonly emergency?: boolean };

function asked(policy: Policy, scope: Scope): RolesAsked {
  const environment = scope === 'change' ? null : environmentOf(policy, scope.environment);
  const from = environment?.approvals?.from;
  const asking: readonly Asking[] = [
    policy.changes.approvals.from,
    ...(policy.changes.rules ?? []).flatMap(({ approvals, when }) => [
      ...(approvals === undefined ? [] : [approvals.from]),
      ...(when?.authors === undefined ? [] : [{ teams: when.authors.teams }]),
    ]),
    ...(policy.changes.block?.by === undefined ? [] : [policy.changes.block.by]),
    ...(environment === null ? [] : [environment.deploy.by]),
    ...(scope !== 'change' && scope.rollback === true ? [environment?.rollback?.by ?? {}] : []),
    ...(scope !== 'change' && scope.emergency === true
      ? [environment?.emergency?.by ?? {}, environment?.emergency?.confirm ?? {}]
      : []),
    ...(from === undefined || from === 'environment' ? [] : [from]),
  ];
  return {
    teams: [...new Set(asking.flatMap(({ teams }) => teams ?? []))].toSorted(),
    permissions: asking.some(countsPermission),
    ...(codeOwnersAsked(policy) ? { codeOwners: ownersAmong } : {}),
  };
}

/** Whether somebody's permission on the repository may decide: a named login counts only with it. */
export const countsPermission = ({ users, permission }: Asking): boolean =>
  users !== undefined || permission !== undefined;
