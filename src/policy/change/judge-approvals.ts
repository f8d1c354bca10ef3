import type { Actor } from '../../domain/actor.ts';
import type { ChangeFacts } from '../../domain/change-facts.ts';
import type { Reason } from '../../domain/reason.ts';
import { authorsOfChange, type Contribution } from '../authorship.ts';
import { either, namesOf } from '../eligibility.ts';
import { reason } from '../reasons.ts';
import type { Approvers, Policy } from '../schema.ts';
import { standingReviews, type StandingReview } from '../standing-reviews.ts';
import { openWorth, type Worth } from './may-approve.ts';
import { type StillSeen, stillSeen } from './still-seen.ts';

/** One person's approval of a change. `disqualified` is null where it counts. */
export interface JudgedApproval {
  /** Null: the account is deleted. */
  readonly actor: Actor | null;
  /** The commit that it was given on; null where that commit is gone. */
  readonly commit: string | null;
  readonly at: string | null;
  readonly disqualified: Reason | null;
  /** How many merges of the base came since, and nothing else. */
  readonly merges: number;
  /** Whether it is one of the required number; a code owner's may count for their files alone. */
  readonly isRequired: boolean;
}

/**
 * Each person's standing approval, and why it doesn't count where it doesn't. It binds to what was seen: only one given
 * on the head (of a merged change: on what was merged), or on what has had nothing but the base merged in since, against the
 * base of now, counts; once a person, and never from anyone who made any of it.
 */
export function judgeApprovals(policy: Policy, facts: ChangeFacts): readonly JudgedApproval[] {
  return approvalJudge(facts)(policy.changes.approvals.from);
}

/** The same for anybody whom a policy may ask: what doesn't depend on whom is worked out once. */
export function approvalJudge(
  facts: ChangeFacts,
): (from: Approvers, concerns?: (path: string) => boolean) => readonly JudgedApproval[] {
  const { people, nobodys } = standingReviews(facts.reviews.items, facts.pullRequest.headSha);
  const authors = authorsOfChange(facts);
  return (from, concerns) => {
    const worthOf = openWorth(from, facts, concerns);
    return [
      ...people
        .filter(({ review }) => review.state === 'approved')
        .map((standing) => {
          const { author, review } = standing;
          const worth = worthOf(author);
          const seen = stillSeen(facts, { login: author.login, commit: review.commit });
          const judged = { contribution: authors.get(author.id), seen, from, worth };
          return {
            actor: author,
            commit: review.commit,
            at: review.submittedAt,
            disqualified: disqualification(standing, judged, facts),
            merges: seen.is === 'yes' ? seen.merges : 0,
            isRequired: worth.required.is === 'yes',
          };
        }),
      ...nobodys
        .filter(({ state }) => state === 'approved')
        .map(({ id, commit, submittedAt }) => ({
          actor: null,
          commit,
          at: submittedAt,
          disqualified: reason('approver_unknown', { review: id }),
          merges: 0,
          isRequired: false,
        })),
    ];
  };
}

function disqualification(
  { author, review }: StandingReview,
  judged: {
    readonly contribution: Contribution | undefined;
    readonly seen: StillSeen;
    readonly from: Approvers;
    readonly worth: Worth;
  },
  { pullRequest }: ChangeFacts,
): Reason | null {
  const {
    contribution,
    seen,
    from,
    worth: { required, owner },
  } = judged;
  const { login } = author;
  if (author.kind === 'bot') return reason('approver_is_bot', { login });
  if (contribution !== undefined) {
    const { as, commit } = contribution;
    return reason('approver_is_author', { login, as, ...(commit === null ? {} : { commit }) });
  }
  if (seen.is === 'no') return seen.because;
  const { baseChangedAt, baseRef } = pullRequest;
  if (!baseChangedAt.known) {
    return reason('approval_before_base_change', { login, base: baseRef, why: baseChangedAt.why });
  }
  if (baseChangedAt.value !== null && !isAfter(review.submittedAt, baseChangedAt.value)) {
    return reason('approval_before_base_change', { login, base: baseRef });
  }
  const eligible = either([required, owner]);
  switch (eligible.is) {
    case 'yes':
      return null;
    case 'no':
      return reason('approver_not_eligible', { login, asked: namesOf(from), ...eligible.although });
    case 'unknown':
      return reason('role_unknown', { login, role: eligible.role, why: eligible.why });
  }
}

/** In one second anything may have come first. */
const isAfter = (at: string | null, than: string) => at !== null && Date.parse(at) > Date.parse(than);
