/** People, organisations and teams: made, joined, left. */
import { announceInOrganization } from '../announce.ts';
import { findAccount, needTeam } from '../find.ts';
import { fullTeam, simpleUser } from '../shapes/accounts.ts';
import type { Organization, Team, User } from '../state.ts';
import type { World } from '../world.ts';

export interface NewUser {
  readonly login: string;
  readonly name?: string;
  /** Default: LOGIN@example.com. */
  readonly email?: string;
  /** Further e-mails whose commits are this person's. */
  readonly emails?: readonly string[];
  readonly twoFactor?: boolean;
}

function refuseTaken(world: World, login: string): void {
  if (findAccount(world, login) !== null) throw new Error(`The login ${login} is taken`);
}

export function createUser(world: World, wanted: NewUser): User {
  const { login } = wanted;
  refuseTaken(world, login);
  const email = wanted.email ?? `${login}@example.com`;
  const user: User = {
    kind: 'User',
    id: world.id(),
    login,
    name: wanted.name ?? login,
    email,
    emails: new Set([email, ...(wanted.emails ?? [])].map((one) => one.toLowerCase())),
    token: `ghp_${world.secret(`user:${login}`, 36)}`,
    createdAt: world.timestamp(),
    twoFactor: wanted.twoFactor ?? true,
  };
  world.state.accounts.set(user.id, user);
  return user;
}

export function createOrganization(
  world: World,
  login: string,
  owner: User,
  members: readonly User[],
): Organization {
  refuseTaken(world, login);
  const organization: Organization = {
    kind: 'Organization',
    id: world.id(),
    login,
    createdAt: world.timestamp(),
    members: new Map<number, 'admin' | 'member'>(members.map((user) => [user.id, 'member'])),
    teams: [],
    rulesets: new Map(),
    twoFactorRequired: true,
    samlIdentities: null,
  };
  organization.members.set(owner.id, 'admin');
  world.state.accounts.set(organization.id, organization);
  return organization;
}

/** An owner of the organisation, or the person themselves. */
export function personOf(world: World, account: User | Organization): User {
  if (account.kind === 'User') return account;
  const [id] = [...account.members].find(([, role]) => role === 'admin') ?? [];
  const owner = id === undefined ? undefined : world.state.accounts.get(id);
  if (owner?.kind !== 'User') throw new Error(`${account.login} has no owner`);
  return owner;
}

function join(organization: Organization, team: Team, user: User): void {
  if (!organization.members.has(user.id)) organization.members.set(user.id, 'member');
  team.members.set(user.id, 'member');
}

export function createTeam(
  world: World,
  organization: Organization,
  slug: string,
  members: readonly User[],
): Team {
  const team: Team = { id: world.id(), slug, organization, members: new Map() };
  organization.teams.push(team);
  for (const user of members) join(organization, team, user);
  return team;
}

/** Into a team, or out of it. */
export function changeTeam(
  world: World,
  organization: Organization,
  slug: string,
  user: User,
  action: 'added' | 'removed',
  by: User,
): void {
  const team = needTeam(organization, slug);
  if (action === 'added') join(organization, team, user);
  else if (!team.members.delete(user.id)) throw new Error(`${user.login} is not in ${slug}`);
  announceInOrganization(world, organization, {
    event: 'membership',
    action,
    sender: by,
    payload: { scope: 'team', member: simpleUser(world, user), team: fullTeam(world, team) },
  });
}

/** Into the organisation, or out of it and of whatever came with it. */
export function changeMember(
  world: World,
  organization: Organization,
  user: User,
  action: 'member_added' | 'member_removed',
  by: User,
): void {
  if (action === 'member_added') organization.members.set(user.id, 'member');
  else {
    organization.members.delete(user.id);
    for (const team of organization.teams) team.members.delete(user.id);
    for (const repository of world.state.repositories.values())
      if (repository.owner.id === organization.id) repository.collaborators.delete(user.id);
  }
  const api = `${world.apiUrl}/orgs/${organization.login}`;
  announceInOrganization(world, organization, {
    event: 'organization',
    action,
    sender: by,
    payload: {
      membership: {
        url: `${api}/memberships/${user.login}`,
        state: 'active',
        role: 'member',
        organization_url: api,
        user: simpleUser(world, user),
      },
    },
  });
}
