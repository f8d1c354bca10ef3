import type { PolicyChangeFacts, PolicyTrust } from '../domain/policy-trust.ts';
import { organisationPolicy } from './organisation-policy.ts';
import type { Policy } from './schema.ts';
import { traceCommits } from './trace-commits.ts';

/**
 * Whether a changed policy came by review: every commit that changed its file since the last reviewed version belongs to a
 * pull request that was approved as that version asks, and of which the branch has the end too: half way through a change its
 * rules may be such as nobody approved. So whoever can push past review can't bring their own rules along. The organisation's baseline is asked as well.
 * The policy's own branch is judged as guarded, whether or not the policy says so.
 */
export function judgePolicyChange(reviewed: Policy, facts: PolicyChangeFacts): PolicyTrust {
  const trust = judgedBy(reviewed, facts);
  const organisation = organisationPolicy(reviewed);
  const asks = organisation !== null && reviewed.baseline?.changes !== undefined;
  return trust.trusted && asks ? judgedBy(organisation, facts) : trust;
}

function judgedBy(reviewed: Policy, facts: PolicyChangeFacts): PolicyTrust {
  const { branch, since, connected, touching, commits, changes } = facts;
  if (!connected) return { trusted: false, since, commits: [] };
  const guarding = { ...reviewed, changes: { ...reviewed.changes, branches: [branch] } };
  const wanted = new Set(touching);
  const traced = traceCommits(guarding, { commits, changes, branches: [branch] });
  const ended = new Set(traced.flatMap(({ whole, pullRequest }) => (whole ? (pullRequest ?? []) : [])));
  const unreviewed = traced.filter(
    ({ sha, reasons, whole, pullRequest }) =>
      wanted.has(sha) && (reasons.length > 0 || !(whole || ended.has(pullRequest ?? -1))),
  );
  const seen = new Set(traced.map(({ sha }) => sha));
  const lost = touching.filter((sha) => !seen.has(sha));
  if (unreviewed.length === 0 && lost.length === 0) return { trusted: true };
  return { trusted: false, since, commits: [...unreviewed.map(({ sha }) => sha), ...lost] };
}
