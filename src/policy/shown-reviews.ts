import type { DeploymentFacts } from '../domain/deployment-facts.ts';
import type { Reason } from '../domain/reason.ts';
import { judgeReviews, reviewersOf } from './deployment/judge-reviews.ts';
import { environmentOf } from './environment-of.ts';
import { disqualifiedBecause } from './disqualified-because.ts';
import type { Policy } from './schema.ts';
import { although } from './sentence-parts.ts';
import type { ShownApproval } from './shown-approvals.ts';

/** Who approved a deployment, and whether it counted; nobody where the policy asks for no approvals. */
export function shownReviews(policy: Policy, facts: DeploymentFacts): readonly ShownApproval[] {
  const asked = environmentOf(policy, facts.request.environment)?.approvals;
  if (asked === undefined || !facts.environment.known) return [];
  const reviewers = reviewersOf(asked.from, facts.environment.value);
  if (reviewers === null) return [];
  return judgeReviews(reviewers, facts)
    .filter(({ state }) => state === 'approved')
    .map(({ reviewer, commit, at, disqualified }) => ({
      login: reviewer?.login ?? null,
      commit,
      at,
      counted: disqualified === null,
      why: disqualified === null ? 'given by a reviewer, for this commit' : whyNot(disqualified),
    }));
}

function whyNot({ code, about }: Reason): string {
  const commit = typeof about['commit'] === 'string' ? about['commit'].slice(0, 7) : '';
  if (code === 'deployment_approver_is_author') return disqualifiedBecause(about);
  if (code === 'deployment_approver_is_requester') return 'disqualified because they asked for it';
  if (code === 'deployment_approver_not_reviewer') {
    const instead = although(about['login'], about);
    if (instead !== null) return instead;
    return `not one of the reviewers: ${[about['asked'] ?? []].flat().join(', ')}`;
  }
  if (code === 'deployment_approval_stale') return `given for ${commit}, which is another commit`;
  if (code === 'role_unknown')
    return `whether they have the role could not be found out: ${String(about['role'])}`;
  return code === 'approver_is_bot' ? 'given by a bot, not by a person' : 'its account is deleted';
}
