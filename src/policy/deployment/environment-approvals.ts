import type { GateResult } from '../../domain/decision.ts';
import type { DeploymentFacts } from '../../domain/deployment-facts.ts';
import { failed, notApplicable, passed, pending } from '../gate-result.ts';
import { reason } from '../reasons.ts';
import type { EnvironmentPolicy } from '../schema.ts';
import { judgeReviews, reviewersOf } from './judge-reviews.ts';

const GATE = 'environment_approvals';

/**
 * Whether enough of the environment's reviewers approved this deployment of this commit: none of them made any part of
 * what is in range, and none asked for it. One reviewer's no ends it.
 */
export function environmentApprovalsGate(
  { approvals }: EnvironmentPolicy,
  facts: DeploymentFacts,
): GateResult {
  if (approvals === undefined) return notApplicable(GATE);
  const { sha: target, environment, requester, runId } = facts.request;
  if (facts.runAttempt !== undefined && facts.runAttempt > 1) {
    return pending(GATE, reason('run_is_rerun', { run: runId ?? 0, attempt: facts.runAttempt }));
  }
  if (!facts.environment.known) {
    return pending(GATE, reason('environment_unknown', { environment, why: facts.environment.why }));
  }
  const reviewers = reviewersOf(approvals.from, facts.environment.value);
  if (reviewers === null) return pending(GATE, reason('environment_without_reviewers', { environment }));

  const judged = judgeReviews(reviewers, facts);
  const refused = judged.filter(({ state, disqualified }) => state === 'rejected' && disqualified === null);
  if (refused.length > 0) {
    return failed(
      GATE,
      ...refused.map(({ reviewer }) =>
        reason('deployment_rejected', { login: reviewer?.login ?? '', target }),
      ),
    );
  }
  const by = judged.flatMap(({ reviewer, disqualified }) =>
    reviewer !== null && disqualified === null ? [reviewer.login] : [],
  );
  const others = judged.flatMap(({ disqualified }) => disqualified ?? []);
  // Whoever asked is unknown: any of the approvers may be the one.
  const anonymous = requester === null ? [reason('requester_unknown', { environment })] : [];
  const doubtful = judged.some(({ state, unsure }) => state === 'rejected' && unsure);
  const { required } = approvals;
  if (by.length < required) {
    const missing = { required, given: by.length, target, environment, asked: reviewers.asked };
    return pending(GATE, reason('deployment_approvals_missing', missing), ...anonymous, ...others);
  }
  if (doubtful || anonymous.length > 0) return pending(GATE, ...anonymous, ...others);
  return passed(GATE, reason('deployment_approvals_given', { required, by, target }), ...others);
}
