/** Every route, in one list. */
import type { Deliveries } from '../deliveries.ts';
import { ok } from '../http.ts';
import type { RateLimiter } from '../rate-limit.ts';
import { appRoutes } from './apps.ts';
import { checkRoutes } from './checks.ts';
import { commentRoutes } from './comments.ts';
import { deploymentRoutes } from './deployments.ts';
import { organizationRulesetRoutes } from './organization-rulesets.ts';
import { organizationRoutes } from './organizations.ts';
import { protectionRoutes } from './protection.ts';
import { pullRequestRoutes } from './pull-requests.ts';
import { repositoryRoutes } from './repositories.ts';
import { route, type Route } from './route.ts';
import { runRoutes } from './runs.ts';

export function allRoutes(deliveries: () => Deliveries, limiter: RateLimiter): readonly Route[] {
  return [
    ...appRoutes(deliveries),
    ...organizationRoutes,
    ...organizationRulesetRoutes,
    ...repositoryRoutes,
    ...protectionRoutes,
    ...pullRequestRoutes,
    ...commentRoutes,
    ...checkRoutes,
    ...deploymentRoutes,
    ...runRoutes,
    route('GET /rate_limit', (_world, call) => {
      const core = limiter.take(call.caller, 'core', 0);
      return ok({
        resources: {
          core,
          graphql: limiter.take(call.caller, 'graphql', 0),
          search: { ...core, limit: 30, remaining: 30, used: 0 },
        },
        rate: core,
      });
    }),
  ];
}
