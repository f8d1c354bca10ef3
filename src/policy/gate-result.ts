import type { GateOutcome, GateResult } from '../domain/decision.ts';
import type { Reason } from '../domain/reason.ts';

/** A gate that has nothing against it; further reasons only tell what was seen. */
export const passed = (gate: string, ...reasons: readonly Reason[]): GateResult =>
  result(gate, 'passed', reasons);

/** A gate that time or a person can open. */
export const pending = (gate: string, ...reasons: readonly Reason[]): GateResult =>
  result(gate, 'pending', reasons);

/** A gate that can't be opened for this commit. */
export const failed = (gate: string, ...reasons: readonly Reason[]): GateResult =>
  result(gate, 'failed', reasons);

/** A gate that the policy doesn't ask for. */
export const notApplicable = (gate: string, ...reasons: readonly Reason[]): GateResult =>
  result(gate, 'not_applicable', reasons);

/** Passes with the one reason where there is nothing against it, and waits with all of them where there is. */
export const passedUnless = (gate: string, against: readonly Reason[], otherwise: Reason): GateResult =>
  against.length === 0 ? passed(gate, otherwise) : pending(gate, ...against);

const result = (gate: string, outcome: GateOutcome, reasons: readonly Reason[]): GateResult => ({
  gate,
  outcome,
  reasons,
});
