import { type Decision, type GateResult, verdictOf } from '../domain/decision.ts';
import { organisationPolicy } from './organisation-policy.ts';
import type { Policy } from './schema.ts';
import { blocks } from './strictest.ts';

/**
 * The repository's policy and the organisation's baseline, each judged for itself: only what passes both passes. Of the
 * baseline's gates those are kept that say something else than the repository's own, and each is marked as the organisation's.
 * A baseline always enforces: a repository that only observes is held by it all the same.
 */
export function judgedByBoth(policy: Policy, judge: (policy: Policy) => Decision): Decision {
  const own = judge(policy);
  const organisation = organisationPolicy(policy);
  if (organisation === null) return own;
  const theirs = judge(organisation);
  if (theirs.verdict === 'not_guarded') return own;
  const marked: readonly GateResult[] = theirs.gates.map((gate) => ({ ...gate, askedBy: 'organisation' }));
  if (own.verdict === 'not_guarded') return { ...theirs, gates: marked };
  const said = new Set(own.gates.map((gate) => JSON.stringify(gate)));
  const more = marked.filter(
    ({ outcome }, index) => outcome !== 'not_applicable' && !said.has(JSON.stringify(theirs.gates[index])),
  );
  const gates = [...own.gates, ...more];
  if (own.mode === 'enforce') return { ...own, gates, verdict: verdictOf(gates) };
  // What the repository only observes stands in nobody's way; what the organisation asks for does.
  if (!blocks(theirs)) return { ...own, gates };
  return { ...theirs, gates: marked };
}
