import type { MergeGroupDecision, MergeGroupFacts } from '../../domain/merge-group-facts.ts';
import type { PolicySource } from '../../domain/policy-reading.ts';
import type { ExplainedDecision } from '../../effects/explained-decision.ts';
import { mendsOfGroup } from '../../policy/merge-group/mends-of-group.ts';
import type { PolicyReading } from '../../policy/policy-reading.ts';
import { explainDecision, type PolicyStanding } from '../explain-decision.ts';

/** A merge group's decision in people's words, with what stands in the way of each pull request in it. */
export function explainMergeGroup(
  decision: MergeGroupDecision,
  reading: PolicyReading,
  facts: MergeGroupFacts,
  { source, standing }: { readonly source: PolicySource; readonly standing: PolicyStanding },
): ExplainedDecision {
  const missing = mendsOfGroup(decision, facts).map(({ what, short, who }) => ({
    what,
    who,
    ...(short === undefined ? {} : { short }),
  }));
  return { ...explainDecision(decision, reading, facts, source, standing), missing };
}
