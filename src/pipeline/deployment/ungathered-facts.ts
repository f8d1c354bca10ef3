import type { DeploymentFacts } from '../../domain/deployment-facts.ts';
import { unknown } from '../../domain/known.ts';
import type { PolicyTrust } from '../../domain/policy-trust.ts';
import { type StoredDeployment, repositoryOf, requestOf } from './deployment-row.ts';

/** A deployment's facts where none were gathered: every one unknown, with why. They can approve nothing. */
export function ungatheredFacts(
  row: StoredDeployment,
  { why, policy, now }: { readonly why: string; readonly policy: PolicyTrust; readonly now: string },
): DeploymentFacts {
  return {
    schema: 'deployment-facts/v1',
    gatheredAt: now,
    repository: repositoryOf(row),
    request: requestOf(row),
    branches: unknown(why),
    range: { running: null, baseline: null, status: 'unknown', commits: { complete: false, items: [] } },
    changes: [],
    environment: unknown(why),
    reviews: { complete: false, items: [] },
    roles: { teams: {}, permissions: {} },
    policy,
  };
}
