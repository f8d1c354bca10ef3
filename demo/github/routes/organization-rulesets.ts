/** Rulesets of an organisation, which hold in those of its repositories that they name: read and set by its owners. */
import { announceInOrganization } from '../announce.ts';
import { needOrganization } from '../find.ts';
import { created, HttpError, notFound, ok, paged, type Call } from '../http.ts';
import { actorOf, permits } from '../rules/roles.ts';
import { organizationRulesetShape } from '../shapes/protection.ts';
import type { Organization, Ruleset } from '../state.ts';
import type { World } from '../world.ts';
import { rulesetFrom } from './protection.ts';
import { route, type Route } from './route.ts';

/** Its owners, and Apps that were given its administration. */
function organizationOf(world: World, call: Call, level: 'read' | 'write'): Organization {
  const organization = needOrganization(world, call.params['org'] ?? '');
  const { caller } = call;
  if (caller.kind === 'installation') {
    const isThere = caller.installation.account.id === organization.id;
    if (isThere && permits(caller.token.permissions, `organization_administration:${level}`))
      return organization;
    throw new HttpError(403, 'Resource not accessible by integration');
  }
  if (caller.kind !== 'user' || organization.members.get(caller.user.id) !== 'admin') throw notFound();
  return organization;
}

function rulesetOf(organization: Organization, call: Call): Ruleset {
  const found = organization.rulesets.get(Number(call.params['ruleset_id']));
  if (found === undefined) throw notFound();
  return found;
}

/** Told to who is installed on the organisation, and of no repository. */
function announce(world: World, call: Call, organization: Organization, what: [string, Ruleset]): void {
  const [action, ruleset] = what;
  announceInOrganization(world, organization, {
    event: 'repository_ruleset',
    action,
    sender: actorOf(world, call.caller),
    payload: {
      repository_ruleset: organizationRulesetShape(world, organization, ruleset, {
        whole: true,
        bypass: false,
      }),
    },
  });
}

const WHOLE = { whole: true, bypass: true } as const;

export const organizationRulesetRoutes: readonly Route[] = [
  route('GET /orgs/{org}/rulesets', (world, call) => {
    const organization = organizationOf(world, call, 'read');
    return paged(call, [...organization.rulesets.values()], (ruleset) =>
      organizationRulesetShape(world, organization, ruleset, { whole: false, bypass: false }),
    );
  }),
  route('POST /orgs/{org}/rulesets', (world, call) => {
    const organization = organizationOf(world, call, 'write');
    const ruleset = rulesetFrom(world, call.body, null);
    organization.rulesets.set(ruleset.id, ruleset);
    announce(world, call, organization, ['created', ruleset]);
    return created(organizationRulesetShape(world, organization, ruleset, WHOLE));
  }),
  route('GET /orgs/{org}/rulesets/{ruleset_id}', (world, call) => {
    const organization = organizationOf(world, call, 'read');
    return ok(organizationRulesetShape(world, organization, rulesetOf(organization, call), WHOLE));
  }),
  route('PUT /orgs/{org}/rulesets/{ruleset_id}', (world, call) => {
    const organization = organizationOf(world, call, 'write');
    const ruleset = rulesetFrom(world, call.body, rulesetOf(organization, call));
    organization.rulesets.set(ruleset.id, ruleset);
    announce(world, call, organization, ['edited', ruleset]);
    return ok(organizationRulesetShape(world, organization, ruleset, WHOLE));
  }),
  route('DELETE /orgs/{org}/rulesets/{ruleset_id}', (world, call) => {
    const organization = organizationOf(world, call, 'write');
    const ruleset = rulesetOf(organization, call);
    organization.rulesets.delete(ruleset.id);
    announce(world, call, organization, ['deleted', ruleset]);
    return { status: 204 };
  }),
];
