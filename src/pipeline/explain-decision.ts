import type { ChangeFacts } from '../domain/change-facts.ts';
import type { Decision } from '../domain/decision.ts';
import type { DeploymentFacts } from '../domain/deployment-facts.ts';
import type { MergeGroupFacts } from '../domain/merge-group-facts.ts';
import type { PolicySource } from '../domain/policy-reading.ts';
import type { PolicyTrust } from '../domain/policy-trust.ts';
import type { ExplainedDecision } from '../effects/explained-decision.ts';
import { explain } from '../policy/explain.ts';
import { lookAgainOf } from '../policy/look-again.ts';
import { promotionsOf } from '../policy/promotions-of.ts';
import type { PolicyReading } from '../policy/policy-reading.ts';
import { shownApprovals } from '../policy/shown-approvals.ts';
import { shownReviews } from '../policy/shown-reviews.ts';
import { whoCanMend } from '../policy/who-can-mend.ts';

/** How the default branch's policy stands, where another version than that one judged. */
export interface PolicyStanding {
  readonly trust: PolicyTrust;
  readonly unusableNow: string | null;
}

/** A decision in people's words: what the policy room knows, in the form that the effects room shows. */
export function explainDecision(
  decision: Decision,
  reading: PolicyReading,
  facts: ChangeFacts | DeploymentFacts | MergeGroupFacts,
  source: PolicySource,
  { trust, unusableNow }: PolicyStanding = { trust: { trusted: true }, unusableNow: null },
): ExplainedDecision {
  const again = decision.lookAgainAt === undefined ? null : lookAgainOf(decision.gates);
  return {
    gates: decision.gates.map(({ gate, outcome, reasons, askedBy }) => ({
      gate,
      outcome,
      sentences: reasons.map(explain),
      byOrganisation: askedBy === 'organisation',
    })),
    ...emergencyShown(decision),
    ...(again === null ? {} : { lookAgain: again.shown }),
    ...(reading.kind === 'valid' && 'request' in facts
      ? { promotesTo: promotionsOf(reading.policy, facts.request.environment) }
      : {}),
    missing: whoCanMend(decision, facts).map(({ what, short, who }) => ({
      what,
      who,
      ...(short === undefined ? {} : { short }),
    })),
    approvals: approvalsShown(reading, facts),
    changeApprovals: changeApprovals(reading, facts),
    policy: {
      path: source.path,
      ref: source.ref,
      commit: source.commit,
      changedSince: trust.trusted ? null : trust.commits,
      unusableNow,
      baseline:
        source.baseline === undefined || source.baseline.text === null
          ? null
          : { path: source.baseline.path, commit: source.baseline.commit },
      problems:
        reading.kind === 'invalid' ? reading.problems : reading.kind === 'unreadable' ? [reading.why] : [],
    },
  };
}

function changeApprovals(
  reading: PolicyReading,
  facts: ChangeFacts | DeploymentFacts | MergeGroupFacts,
): ExplainedDecision['changeApprovals'] {
  if (reading.kind !== 'valid' || !('changes' in facts)) return {};
  const { policy } = reading;
  return Object.fromEntries(
    facts.changes.map((change) => [change.pullRequest.number, shownApprovals(policy, change)]),
  );
}

function approvalsShown(
  reading: PolicyReading,
  facts: ChangeFacts | DeploymentFacts | MergeGroupFacts,
): ExplainedDecision['approvals'] {
  if (reading.kind !== 'valid') return [];
  if ('range' in facts) return shownReviews(reading.policy, facts);
  // Those of a merge group stand with its pull requests.
  return 'changes' in facts ? [] : shownApprovals(reading.policy, facts);
}

/** Only of what it lets through: where something else holds, it lifted nothing that happened. */
function emergencyShown({ verdict, gates }: Decision): Pick<ExplainedDecision, 'emergency'> {
  const says = gates.flatMap(({ reasons }) => reasons).find(({ code }) => code === 'emergency_lifts');
  if (verdict !== 'approved' || says === undefined) return {};
  const { gates: lifted, declaredBy, confirmedBy } = says.about;
  const named = [lifted ?? []].flat().map(String).join(', ');
  const short = `in an emergency by ${String(declaredBy)} and ${String(confirmedBy)}: ${named} lifted`;
  return { emergency: { sentence: explain(says), short } };
}
