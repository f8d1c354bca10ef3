import type { Decision, Verdict } from '../domain/decision.ts';

/** Strictest first. What is not guarded says nothing against a merge, so anything that is judged goes before it. */
export const STRICTNESS: readonly Verdict[] = ['rejected', 'error', 'held', 'approved', 'not_guarded'];

/** The one that must be shown: what blocks goes before what doesn't, then the stricter; of equals the first. */
export function strictest<T extends { readonly decision: Decision }>(first: T, ...others: readonly T[]): T {
  return others.reduce((found, each) => (goesBefore(each.decision, found.decision) ? each : found), first);
}

/** Whether it stands in the way of a merge. */
export const blocks = ({ verdict, mode }: Pick<Decision, 'verdict' | 'mode'>): boolean =>
  mode === 'enforce' && verdict !== 'approved' && verdict !== 'not_guarded';

function goesBefore(a: Decision, b: Decision): boolean {
  if (blocks(a) !== blocks(b)) return blocks(a);
  return STRICTNESS.indexOf(a.verdict) < STRICTNESS.indexOf(b.verdict);
}
