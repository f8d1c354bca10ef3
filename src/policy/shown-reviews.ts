import type { DeploymentFacts } from '../domain/deployment-facts.ts';
import { judgeReviews, reviewersOf } from './deployment/judge-reviews.ts';
import { environmentOf } from './environment-of.ts';
import { explain } from './explain.ts';
import type { Policy } from './schema.ts';
import type { ShownApproval } from './shown-approvals.ts';

/** Who said yes to a deployment, and whether it counted. */
export function shownReviews(policy: Policy, facts: DeploymentFacts): readonly ShownApproval[] {
  const approvals = environmentOf(policy, facts.request.environment)?.approvals;
  if (approvals === undefined || !facts.environment.known) return [];
  const reviewers = reviewersOf(approvals.from, facts.environment.value);
  if (reviewers === null) return [];
  return judgeReviews(reviewers, facts)
    .filter(({ state }) => state === 'approved')
    .map(({ reviewer, disqualified }) => ({
      login: reviewer?.login ?? null,
      commit: facts.request.sha,
      at: null,
      counted: disqualified === null,
      why: disqualified === null ? 'one of the environment’s reviewers' : explain(disqualified),
    }));
}
