import { POLICY_PATH } from '../../facts/wire-policy.ts';
import { evaluateDeployment } from '../../policy/evaluate-deployment.ts';
import { readingOf } from '../../policy/reading-of.ts';
import type { AssessedDeployment } from './assess-deployment.ts';
import type { StoredDeployment } from './deployment-row.ts';
import { ungatheredFacts } from './ungathered-facts.ts';

/** A deployment of which GitHub tells us nothing now: every fact unknown, and the decision an error that holds it. */
export function unreadDeployment(row: StoredDeployment, error: unknown, now: string): AssessedDeployment {
  const why = error instanceof Error ? error.message : 'an error of ours; the log has it';
  const source = { path: POLICY_PATH, ref: 'unknown', commit: null, text: null, unreadable: why };
  const reading = readingOf(source);
  const facts = { ...ungatheredFacts(row, { why, policy: { trusted: true }, now }), unreadable: why };
  return { source, reading, facts, decision: evaluateDeployment(reading, facts), policy: null };
}
