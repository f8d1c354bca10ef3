/** Users, organisations and teams as GitHub's REST API writes them. */
import type { Account, Organization, Team } from '../state.ts';
import type { World } from '../world.ts';

/** A GraphQL-style node id: opaque, and the same each time. */
export const nodeId = (type: string, id: number | string): string =>
  Buffer.from(`${type}:${id}`).toString('base64url');

export function simpleUser(world: World, account: Account): Record<string, unknown> {
  const api = `${world.apiUrl}/users/${encodeURIComponent(account.login)}`;
  return {
    login: account.login,
    id: account.id,
    node_id: nodeId(account.kind, account.id),
    avatar_url: `${world.url}/avatars/u/${account.id}`,
    gravatar_id: '',
    url: api,
    html_url:
      account.kind === 'Bot'
        ? `${world.url}/apps/${account.login.replace('[bot]', '')}`
        : `${world.url}/${account.login}`,
    followers_url: `${api}/followers`,
    following_url: `${api}/following{/other_user}`,
    gists_url: `${api}/gists{/gist_id}`,
    starred_url: `${api}/starred{/owner}{/repo}`,
    subscriptions_url: `${api}/subscriptions`,
    organizations_url: `${api}/orgs`,
    repos_url: `${api}/repos`,
    events_url: `${api}/events{/privacy}`,
    received_events_url: `${api}/received_events`,
    type: account.login === 'web-flow' ? 'User' : account.kind,
    user_view_type: 'public',
    site_admin: false,
  };
}

export const maybeUser = (world: World, account: Account | null): unknown =>
  account === null ? null : simpleUser(world, account);

export function fullUser(world: World, account: Account, own: boolean): Record<string, unknown> {
  return {
    ...simpleUser(world, account),
    name: account.kind === 'User' ? account.name : null,
    company: null,
    blog: '',
    location: null,
    email: account.kind === 'User' ? account.email : null,
    hireable: null,
    bio: null,
    public_repos: 0,
    public_gists: 0,
    followers: 0,
    following: 0,
    created_at: account.createdAt,
    updated_at: account.createdAt,
    ...(own
      ? {
          private_gists: 0,
          total_private_repos: 0,
          owned_private_repos: 0,
          disk_usage: 0,
          collaborators: 0,
          two_factor_authentication: account.kind === 'User' && account.twoFactor,
        }
      : {}),
  };
}

export function simpleOrganization(world: World, organization: Organization): Record<string, unknown> {
  const api = `${world.apiUrl}/orgs/${organization.login}`;
  return {
    login: organization.login,
    id: organization.id,
    node_id: nodeId('Organization', organization.id),
    url: api,
    repos_url: `${api}/repos`,
    events_url: `${api}/events`,
    hooks_url: `${api}/hooks`,
    issues_url: `${api}/issues`,
    members_url: `${api}/members{/member}`,
    public_members_url: `${api}/public_members{/member}`,
    avatar_url: `${world.url}/avatars/u/${organization.id}`,
    description: null,
  };
}

export function fullOrganization(
  world: World,
  organization: Organization,
  asOwner: boolean,
): Record<string, unknown> {
  return {
    ...simpleOrganization(world, organization),
    name: organization.login,
    has_organization_projects: false,
    has_repository_projects: false,
    public_repos: 0,
    public_gists: 0,
    followers: 0,
    following: 0,
    html_url: `${world.url}/${organization.login}`,
    type: 'Organization',
    created_at: organization.createdAt,
    updated_at: organization.createdAt,
    archived_at: null,
    ...(asOwner ? { two_factor_requirement_enabled: organization.twoFactorRequired } : {}),
  };
}

export function fullTeam(world: World, team: Team): Record<string, unknown> {
  const api = `${world.apiUrl}/organizations/${team.organization.id}/team/${team.id}`;
  return {
    id: team.id,
    node_id: nodeId('Team', team.id),
    name: team.slug,
    slug: team.slug,
    description: null,
    privacy: 'closed',
    notification_setting: 'notifications_enabled',
    permission: 'pull',
    url: api,
    html_url: `${world.url}/orgs/${team.organization.login}/teams/${team.slug}`,
    members_url: `${api}/members{/member}`,
    repositories_url: `${api}/repos`,
    type: 'organization',
    organization_id: team.organization.id,
    parent: null,
  };
}
