import type { Actor } from '../../domain/actor.ts';
import type { DeploymentFacts, DeploymentReview, EnvironmentFacts } from '../../domain/deployment-facts.ts';
import type { Reason } from '../../domain/reason.ts';
import type { RoleFacts } from '../../domain/role-facts.ts';
import type { Authorship } from '../authorship.ts';
import { eligibility, isReviewer, namesOf, namesOfReviewers, type Eligibility } from '../eligibility.ts';
import { reason } from '../reasons.ts';
import type { EnvironmentPolicy } from '../schema.ts';
import { authorsOfDeployment } from './authors-of-deployment.ts';

type From = NonNullable<EnvironmentPolicy['approvals']>['from'];

/** One person's answer to a deployment. `disqualified` is null where it counts. */
export interface JudgedReview {
  readonly reviewer: Actor | null;
  readonly state: DeploymentReview['state'];
  /** The commit whose deployment it answers. */
  readonly commit: string;
  readonly at: string | null;
  readonly disqualified: Reason | null;
  /** Nobody can tell whether it should count: as a yes it doesn't, as a no it holds. */
  readonly unsure: boolean;
}

/** Who may answer, and what they are called; null where nobody may. */
export interface Reviewers {
  readonly asked: readonly string[];
  readonly includes: (actor: Actor, roles: RoleFacts) => Eligibility;
}

/** Those whom the policy names, or whom it leaves the GitHub environment to name. */
export function reviewersOf(from: From, { reviewers }: EnvironmentFacts): Reviewers | null {
  if (from !== 'environment') {
    return { asked: namesOf(from), includes: (actor, roles) => eligibility(actor, from, roles) };
  }
  if (reviewers === null || reviewers.users.length + reviewers.teams.length === 0) return null;
  return {
    asked: namesOfReviewers(reviewers),
    includes: (actor, roles) => isReviewer(actor, reviewers, roles),
  };
}

/**
 * Each person's answers, a yes and a no apart, and why they don't count where they don't. A no only needs the role: who
 * made the change may well stop it.
 */
export function judgeReviews(reviewers: Reviewers, facts: DeploymentFacts): readonly JudgedReview[] {
  const authors = authorsOfDeployment(facts);
  const answers = new Map<string, DeploymentReview>();
  for (const review of facts.reviews.items) {
    // An answer to this commit outranks the same person's answer to another one.
    const key = `${review.reviewer?.id ?? 'nobody'} ${review.state}`;
    const before = answers.get(key);
    if (before === undefined || rank(review, facts) < rank(before, facts)) answers.set(key, review);
  }
  return [...answers]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, review]) => judge(review, reviewers, facts, authors));
}

/** The sha decides between answers to other commits, so that the order of the list doesn't. */
const rank = ({ sha }: DeploymentReview, { request }: DeploymentFacts) => (sha === request.sha ? '' : sha);

function judge(
  review: DeploymentReview,
  reviewers: Reviewers,
  facts: DeploymentFacts,
  authors: Authorship,
): JudgedReview {
  const { reviewer, state, sha } = review;
  const { request, roles } = facts;
  const result = (disqualified: Reason | null, unsure = false): JudgedReview => ({
    reviewer,
    state,
    commit: sha,
    at: review.at,
    disqualified,
    unsure,
  });
  if (sha !== request.sha) {
    const login = reviewer?.login ?? '';
    return result(reason('deployment_approval_stale', { login, commit: sha, target: request.sha }));
  }
  if (reviewer === null) return result(reason('deployment_reviewer_unknown', { answer: state }), true);
  const { login } = reviewer;
  const eligible = reviewers.includes(reviewer, roles);
  if (eligible.is === 'no')
    return result(
      reason('deployment_approver_not_reviewer', { login, asked: reviewers.asked, ...eligible.although }),
    );
  if (state === 'approved') {
    if (reviewer.kind === 'bot') return result(reason('approver_is_bot', { login }));
    const contribution = authors.get(reviewer.id);
    if (contribution !== undefined) {
      const { as, commit } = contribution;
      return result(
        reason('deployment_approver_is_author', { login, as, ...(commit === null ? {} : { commit }) }),
      );
    }
    if (request.requester?.id === reviewer.id)
      return result(reason('deployment_approver_is_requester', { login }));
  }
  if (eligible.is === 'unknown')
    return result(reason('role_unknown', { login, role: eligible.role, why: eligible.why }), true);
  return result(null);
}
