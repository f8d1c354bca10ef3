import type { Reason } from './reason.ts';

/**
 * - `passed`: the gate has nothing against it.
 * - `pending`: time or a person can mend it; held.
 * - `failed`: it can't be mended for this commit; rejected.
 * - `lifted`: it would have been pending, and a confirmed emergency lifts it for this deployment.
 * - `not_applicable`: the policy doesn't ask for this gate here.
 */
export type GateOutcome = 'passed' | 'pending' | 'failed' | 'lifted' | 'not_applicable';

export interface GateResult {
  readonly gate: string;
  readonly outcome: GateOutcome;
  readonly reasons: readonly Reason[];
  /** Whose policy asks for it, where it isn't the repository's own. */
  readonly askedBy?: 'organisation';
}

/**
 * `approved`: all gates passed, or what would have held is lifted. `held`: at least one is pending, none failed. `rejected`: at least one failed.
 * `error`: policy or facts could not be read; it holds like `held`, and says what to mend. `not_guarded`: the policy can
 * be read and asks nothing of this branch or environment.
 */
export type Verdict = 'approved' | 'held' | 'rejected' | 'error' | 'not_guarded';

export interface Decision {
  readonly schema: 'decision/v1';
  readonly subject: 'change' | 'deployment' | 'merge_group';
  readonly verdict: Verdict;
  /** `observe`: decided, recorded and shown, but it blocks nothing. */
  readonly mode: 'enforce' | 'observe';
  /** When time alone changes it, of a held one: the end of a freeze or of a soak. RFC 3339 in UTC. */
  readonly lookAgainAt?: string;
  readonly gates: readonly GateResult[];
}

/** In `observe` what would be held goes on, and its entry says what was decided; what the policy doesn't know never does. */
export function mayProceed({ verdict, mode }: Pick<Decision, 'verdict' | 'mode'>): boolean {
  return verdict === 'approved' || (mode === 'observe' && verdict !== 'not_guarded' && verdict !== 'error');
}

/** Rejected outranks error outranks held: what can't be mended must not look as if waiting helped. */
export function verdictOf(gates: readonly GateResult[]): 'approved' | 'held' | 'rejected' {
  if (gates.some((gate) => gate.outcome === 'failed')) return 'rejected';
  if (gates.length === 0 || gates.some((gate) => gate.outcome === 'pending')) return 'held';
  return 'approved';
}
