import type { ChangeFacts } from '../../../src/domain/change-facts.ts';
import type { GateOutcome, Verdict } from '../../../src/domain/decision.ts';
import type { DeploymentFacts } from '../../../src/domain/deployment-facts.ts';
import type { MergeGroupFacts } from '../../../src/domain/merge-group-facts.ts';
import type { ReasonCode } from '../../../src/domain/reason.ts';
import type { PolicyReading } from '../../../src/policy/policy-reading.ts';
import type { Policy } from '../../../src/policy/schema.ts';

/** One row of a gate's table: what is different from an approved case, and what one gate then says. */
export interface Case<Facts extends ChangeFacts | DeploymentFacts | MergeGroupFacts> {
  readonly name: string;
  /** The tests' policy where it is left out. */
  readonly policy?: Policy;
  /** Instead of a policy. */
  readonly reading?: Exclude<PolicyReading, { kind: 'valid' }>;
  readonly facts: Facts;
  readonly verdict: Verdict;
  readonly gate: string;
  /** The gate is the one that the organisation asks for besides the repository's own. */
  readonly askedBy?: 'organisation';
  readonly outcome: GateOutcome;
  /** Every reason of that gate, in order. */
  readonly codes: readonly ReasonCode[];
}
