/** Accounts, teams and organisations as GraphQL objects. */
import { findTeam } from '../find.ts';
import type { Actor, Organization, Team, User } from '../state.ts';
import { permits } from '../rules/roles.ts';
import { nodeId } from '../shapes/accounts.ts';
import { connection, GraphqlRefusal, type ConnectionArguments } from './connection.ts';
import type { Asking } from './context.ts';

type Fields = Record<string, unknown>;

/** An account as `Actor`: a bot's login comes without the `[bot]` that REST puts behind it. */
export function actorObject({ world }: Asking, actor: Actor): Fields {
  const user = actor.kind === 'User' || actor.login === 'web-flow';
  return {
    __typename: user ? 'User' : 'Bot',
    id: nodeId(actor.kind, actor.id),
    databaseId: actor.id,
    login: user ? actor.login : actor.login.replace('[bot]', ''),
    url: `${world.url}/${actor.login}`,
    resourcePath: `/${actor.login}`,
    avatarUrl: () => `${world.url}/avatars/u/${actor.id}`,
    ...(actor.kind === 'User' ? { name: actor.name, email: '' } : {}),
  };
}

/** The account behind a commit's e-mail, as a `User`; null for a bot, which is none. REST tells those. */
export function gitUserObject(asking: Asking, actor: Actor): Fields | null {
  if (actor.kind === 'Bot' && actor.login !== 'web-flow') return null;
  return {
    ...actorObject(asking, actor),
    __typename: 'User',
    login: actor.login,
    name: actor.kind === 'User' ? actor.name : actor.login,
    email: '',
  };
}

function needMembers({ caller }: Asking, organization: Organization): void {
  const allowed =
    caller.kind === 'installation'
      ? caller.installation.account.id === organization.id &&
        permits(caller.token.permissions, 'members:read')
      : caller.kind === 'user' && organization.members.has(caller.user.id);
  if (!allowed) throw new GraphqlRefusal('FORBIDDEN', 'Resource not accessible by integration');
}

export function teamObject(asking: Asking, team: Team): Fields {
  const { world } = asking;
  return {
    __typename: 'Team',
    id: nodeId('Team', team.id),
    databaseId: team.id,
    slug: team.slug,
    name: team.slug,
    combinedSlug: `${team.organization.login}/${team.slug}`,
    organization: () => organizationObject(asking, team.organization),
    members: (
      args: ConnectionArguments & { readonly query?: string | null; readonly role?: string | null },
    ) => {
      needMembers(asking, team.organization);
      const wanted = args.query?.toLowerCase();
      const people = [...team.members].flatMap(([id, role]) => {
        const account = world.state.accounts.get(id);
        const matches =
          account?.kind === 'User' && (wanted === undefined || account.login.toLowerCase().includes(wanted));
        return matches && (args.role === null || args.role === undefined || args.role.toLowerCase() === role)
          ? [{ account, role }]
          : [];
      });
      return connection(
        people,
        args,
        ({ account }) => actorObject(asking, account),
        ({ role }) => ({ role: role.toUpperCase() }),
      );
    },
  };
}

/**
 * Null where the organisation has none, and as well for whoever isn't shown it: an owner is, and an App that may read the organisation's
 * members and its administration. An App that may not even read members is refused.
 */
function identityProviderObject(asking: Asking, organization: Organization): Fields | null {
  const { caller, world } = asking;
  needMembers(asking, organization);
  const shown =
    caller.kind === 'installation'
      ? permits(caller.token.permissions, 'organization_administration:read')
      : caller.kind === 'user' && organization.members.get(caller.user.id) === 'admin';
  const { samlIdentities } = organization;
  if (!shown || samlIdentities === null) return null;
  return {
    __typename: 'OrganizationIdentityProvider',
    id: nodeId('OrganizationIdentityProvider', organization.id),
    externalIdentities: (args: ConnectionArguments & { readonly login?: string | null }) => {
      const people = [...samlIdentities].flatMap((id) => {
        const account = world.state.accounts.get(id);
        const login = args.login ?? null;
        return account?.kind === 'User' &&
          (login === null || account.login.toLowerCase() === login.toLowerCase())
          ? [account]
          : [];
      });
      return connection(people, args, (user) => ({
        __typename: 'ExternalIdentity',
        id: nodeId('ExternalIdentity', user.id),
        user: actorObject(asking, user),
      }));
    },
  };
}

export function organizationObject(asking: Asking, organization: Organization): Fields {
  const { world } = asking;
  const people = (): User[] =>
    [...organization.members.keys()]
      .map((id) => world.state.accounts.get(id))
      .filter((account) => account?.kind === 'User');
  return {
    __typename: 'Organization',
    id: nodeId('Organization', organization.id),
    databaseId: organization.id,
    login: organization.login,
    name: organization.login,
    url: `${world.url}/${organization.login}`,
    team: ({ slug }: { readonly slug: string }) => {
      needMembers(asking, organization);
      const team = organization.teams.find((one) => one.slug === slug);
      return team === undefined ? null : teamObject(asking, team);
    },
    teams: (args: ConnectionArguments & { readonly userLogins?: readonly string[] | null }) => {
      needMembers(asking, organization);
      const logins = args.userLogins?.map((login) => login.toLowerCase());
      const ids =
        logins === undefined
          ? null
          : people()
              .filter((user) => logins.includes(user.login.toLowerCase()))
              .map((user) => user.id);
      const chosen = organization.teams.filter(
        (team) => ids === null || ids.some((id) => team.members.has(id)),
      );
      return connection(chosen, args, (team) => teamObject(asking, team));
    },
    membersWithRole: (args: ConnectionArguments) => {
      needMembers(asking, organization);
      return connection(
        people(),
        args,
        (user) => actorObject(asking, user),
        (user) => ({
          role: organization.members.get(user.id) === 'admin' ? 'ADMIN' : 'MEMBER',
          hasTwoFactorEnabled: user.twoFactor,
        }),
      );
    },
    requiresTwoFactorAuthentication: () => organization.twoFactorRequired,
    samlIdentityProvider: () => identityProviderObject(asking, organization),
  };
}

/** Teams a review speaks for: those of the reviewer that the repository names. */
export function teamsOf(asking: Asking, ids: Iterable<number>, member: number): Team[] {
  return [...ids]
    .map((id) => findTeam(asking.world, id))
    .filter((team) => team?.members.has(member) === true)
    .filter((team) => team !== null);
}
