/** People, organisations and teams. */
import { findAccount, needOrganization, needTeam, needUser } from '../find.ts';
import { HttpError, invalid, notFound, ok, paged, type Call } from '../http.ts';
import { permits } from '../rules/roles.ts';
import { fullOrganization, fullTeam, fullUser, simpleOrganization, simpleUser } from '../shapes/accounts.ts';
import type { Organization } from '../state.ts';
import type { World } from '../world.ts';
import { route, type Route } from './route.ts';

/** Members and teams are seen by members, and by Apps that may read members of the organisation they are installed in. */
function needMembersRead(call: Call, organization: Organization): void {
  const { caller } = call;
  if (caller.kind === 'installation') {
    if (
      caller.installation.account.id !== organization.id ||
      !permits(caller.token.permissions, 'members:read')
    )
      throw new HttpError(403, 'Resource not accessible by integration');
    return;
  }
  if (caller.kind !== 'user' || !organization.members.has(caller.user.id)) throw notFound();
}

const isOwner = ({ caller }: Call, organization: Organization): boolean =>
  caller.kind === 'user' && organization.members.get(caller.user.id) === 'admin';

function organizationOf(world: World, call: Call): Organization {
  const organization = needOrganization(world, call.params['org'] ?? '');
  needMembersRead(call, organization);
  return organization;
}

function peopleOf(world: World, ids: Iterable<number>): ReturnType<typeof needUser>[] {
  return [...ids].map((id) => world.state.accounts.get(id)).filter((account) => account?.kind === 'User');
}

export const organizationRoutes: readonly Route[] = [
  route('GET /user', (world, call) => {
    if (call.caller.kind === 'installation')
      throw new HttpError(403, 'Resource not accessible by integration');
    if (call.caller.kind !== 'user') throw new HttpError(401, 'Requires authentication');
    return ok(fullUser(world, call.caller.user, true));
  }),
  route('GET /users/{username}', (world, call) => {
    const account = findAccount(world, call.params['username'] ?? '');
    if (account === null) throw notFound();
    return ok(fullUser(world, account, false));
  }),
  route('GET /orgs/{org}', (world, call) => {
    const organization = needOrganization(world, call.params['org'] ?? '');
    const app =
      call.caller.kind === 'installation' &&
      call.caller.installation.account.id === organization.id &&
      permits(call.caller.token.permissions, 'organization_administration:read');
    return ok(fullOrganization(world, organization, isOwner(call, organization) || app));
  }),
  route('GET /orgs/{org}/members', (world, call) => {
    const organization = organizationOf(world, call);
    const unsafe = call.query.get('filter') === '2fa_disabled';
    // Who goes without a second factor is told to owners, and to no App.
    if (unsafe && !isOwner(call, organization)) throw invalid('Only owners can use this filter.');
    const ids = [...organization.members].filter(([id]) => {
      const account = world.state.accounts.get(id);
      return !unsafe || (account?.kind === 'User' && !account.twoFactor);
    });
    return paged(
      call,
      peopleOf(
        world,
        ids.map(([id]) => id),
      ),
      (user) => simpleUser(world, user),
    );
  }),
  route('GET /orgs/{org}/memberships/{username}', (world, call) => {
    const organization = organizationOf(world, call);
    const user = needUser(world, call.params['username'] ?? '');
    const role = organization.members.get(user.id);
    if (role === undefined) throw notFound();
    const api = simpleOrganization(world, organization)['url'];
    return ok({
      url: `${String(api)}/memberships/${user.login}`,
      state: 'active',
      role,
      organization_url: api,
      organization: simpleOrganization(world, organization),
      user: simpleUser(world, user),
    });
  }),
  route('GET /orgs/{org}/teams/{team_slug}', (world, call) => {
    const organization = organizationOf(world, call);
    const team = needTeam(organization, call.params['team_slug'] ?? '');
    return ok({
      ...fullTeam(world, team),
      created_at: organization.createdAt,
      updated_at: organization.createdAt,
      members_count: team.members.size,
      repos_count: 0,
      organization: fullOrganization(world, organization, false),
    });
  }),
  route('GET /orgs/{org}/teams/{team_slug}/members', (world, call) => {
    const team = needTeam(organizationOf(world, call), call.params['team_slug'] ?? '');
    const role = call.query.get('role') ?? 'all';
    const ids = [...team.members].filter(([, held]) => role === 'all' || held === role).map(([id]) => id);
    return paged(call, peopleOf(world, ids), (user) => simpleUser(world, user));
  }),
  route('GET /orgs/{org}/teams/{team_slug}/memberships/{username}', (world, call) => {
    const team = needTeam(organizationOf(world, call), call.params['team_slug'] ?? '');
    const user = needUser(world, call.params['username'] ?? '');
    const role = team.members.get(user.id);
    if (role === undefined) throw notFound();
    return ok({
      url: `${String(fullTeam(world, team)['url'])}/memberships/${user.login}`,
      role,
      state: 'active',
    });
  }),
];
