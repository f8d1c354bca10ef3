import { isDeepStrictEqual } from 'node:util';
import type { CommandAnswer } from '../domain/command-answer.ts';
import type { Decision } from '../domain/decision.ts';
import { judgeCommand } from '../policy/commands/judge-command.ts';
import { evaluateChange } from '../policy/evaluate-change.ts';
import { evaluateDeployment } from '../policy/evaluate-deployment.ts';
import { evaluateMergeGroup } from '../policy/evaluate-merge-group.ts';
import type { PolicyReading } from '../policy/policy-reading.ts';
import { readingOf } from '../policy/reading-of.ts';
import type { RecordedAnswer, RecordedDecision } from './recorded-decisions.ts';

/** The decision that these facts make under a policy. */
export function decide(reading: PolicyReading, facts: RecordedDecision['facts']): Decision {
  if (facts.schema === 'merge-group-facts/v1') return evaluateMergeGroup(reading, facts);
  return 'pullRequest' in facts ? evaluateChange(reading, facts) : evaluateDeployment(reading, facts);
}

/** A decision that comes out otherwise when it is made again, by one gate or by the whole. */
export interface Difference {
  readonly recorded: Decision;
  readonly again: Decision;
  /** Names of the gates that say something else, each once. */
  readonly gates: readonly string[];
}

/** Makes a recorded decision again, from the facts and the policy that its entry holds; null where it comes out the same. */
export function reperform({ decision, facts, source }: RecordedDecision): Difference | null {
  const again = decide(readingOf(source), facts);
  // What was recorded went through JSON, which leaves out what is undefined.
  const recorded = decision;
  const plain = JSON.parse(JSON.stringify(again)) as Decision;
  if (isDeepStrictEqual(plain, recorded)) return null;
  return { recorded, again: plain, gates: differingGates(recorded, plain) };
}

/** Makes a recorded answer to a command again; null where it comes out the same, else what comes out now. */
export function reperformAnswer({ answer, facts, source }: RecordedAnswer): CommandAnswer | null {
  const again = JSON.parse(JSON.stringify(judgeCommand(readingOf(source), facts))) as CommandAnswer;
  return isDeepStrictEqual(again, answer) ? null : again;
}

function differingGates(one: Decision, other: Decision): readonly string[] {
  const length = Math.max(one.gates.length, other.gates.length);
  const differing = Array.from(
    { length },
    (_, index) => [one.gates[index], other.gates[index]] as const,
  ).filter(([a, b]) => !isDeepStrictEqual(a, b));
  return [...new Set(differing.flatMap(([a, b]) => [a?.gate, b?.gate].flatMap((gate) => gate ?? [])))];
}
