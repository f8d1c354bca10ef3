import { unknown } from '../domain/known.ts';
import { POLICY_PATH } from '../facts/read-policy.ts';
import { withoutFacts } from '../policy/without-policy.ts';
import type { AssessedDeployment } from './assess-deployment.ts';
import { type StoredDeployment, repositoryOf, requestOf } from './deployment-row.ts';

/** A deployment of which GitHub tells us nothing now: every fact unknown, and the decision an error that holds it. */
export function unreadDeployment(row: StoredDeployment, error: unknown, now: string): AssessedDeployment {
  const why = error instanceof Error ? error.message : 'an error of ours; the log has it';
  return {
    source: { path: POLICY_PATH, ref: 'unknown', commit: null, text: null },
    reading: { kind: 'unreadable', why },
    facts: {
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
      policy: { trusted: true },
    },
    decision: withoutFacts('deployment', why),
    policy: null,
  };
}
