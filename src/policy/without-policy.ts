import type { Decision } from '../domain/decision.ts';
import type { PolicyTrust } from '../domain/policy-trust.ts';
import type { Reason } from '../domain/reason.ts';
import { pending } from './gate-result.ts';
import type { PolicyReading } from './policy-reading.ts';
import { reason } from './reasons.ts';

/** The decision where there is no policy that could be used: it holds, and says what to mend. */
export function withoutPolicy(
  subject: Decision['subject'],
  reading: Exclude<PolicyReading, { kind: 'valid' }>,
  branch: string | null,
): Decision {
  return error(subject, 'policy', reasonFor(reading, branch));
}

/**
 * The decision on a deployment while the policy stands changed without review. It is held whatever either version would say,
 * also where one of them only observes: somebody has to look first.
 */
export function withUnreviewedPolicy(trust: Extract<PolicyTrust, { trusted: false }>): Decision {
  const { commits, since } = trust;
  const gates = [pending('policy', reason('policy_unreviewed', { commits, since }))];
  return { schema: 'decision/v1', subject: 'deployment', verdict: 'held', mode: 'enforce', gates };
}

/** The decision where GitHub didn't give the facts. */
export function withoutFacts(subject: Decision['subject'], why: string): Decision {
  return error(subject, 'facts', reason('facts_unreadable', { why }));
}

function error(subject: Decision['subject'], gate: string, because: Reason): Decision {
  // Nobody could read whether the policy only observes, so it enforces.
  return {
    schema: 'decision/v1',
    subject,
    verdict: 'error',
    mode: 'enforce',
    gates: [pending(gate, because)],
  };
}

function reasonFor(reading: Exclude<PolicyReading, { kind: 'valid' }>, branch: string | null): Reason {
  switch (reading.kind) {
    case 'absent':
      return reason('policy_absent', branch === null ? {} : { branch });
    case 'invalid':
      return reason('policy_invalid', { problems: reading.problems });
    case 'unreadable':
      return reason('policy_unreadable', { why: reading.why });
  }
}
