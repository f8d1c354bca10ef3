import type { GateOutcome } from '../../domain/decision.ts';
import { keyOfGate } from './lift.ts';

/** As much of a gate's result as an entry has to say of it. */
export interface RecordedGate {
  readonly gate: string;
  readonly outcome: GateOutcome;
}

/**
 * What an emergency lifted that says something of the commit, by the policy's keys: that nobody approved it (`changes`, `approvals`),
 * or that it wasn't tried where it had to be (`after`). It was let through without that once, so its run proves nothing
 * for a second time. A freeze is about the day alone, and what was approved stays so. A gate that nobody thought of here counts, by its own name.
 */
export function liftedOfCommit(gates: readonly RecordedGate[]): readonly string[] {
  const keys = gates.flatMap(({ gate, outcome }) =>
    outcome === 'lifted' && gate !== 'freeze' ? [keyOfGate(gate) ?? gate] : [],
  );
  return [...new Set(keys)].toSorted();
}
