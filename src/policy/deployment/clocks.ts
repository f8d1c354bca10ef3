import type { DeploymentFacts } from '../../domain/deployment-facts.ts';
import { known } from '../../domain/known.ts';
import type { Reason } from '../../domain/reason.ts';
import { reason } from '../reasons.ts';

/** GitHub tells whole seconds, and an answer may be some seconds old; what is further off is a clock that is wrong. */
export const MOST_APART_MS = 60_000;

/** The moment for which the facts were gathered, in milliseconds since 1970: by our clock and GitHub's, whichever of them is which. */
export interface Clocks {
  readonly ours: number;
  readonly earlier: number;
  readonly later: number;
}

/**
 * What time it is by both clocks, or why nobody can tell: whoever sets ours must neither end what has to last nor make last what has to end. So
 * what has to last is judged by the earlier, and what has to end by the later.
 */
export function clocksOf({
  gatheredAt,
  githubAhead = known(0),
}: Pick<DeploymentFacts, 'gatheredAt' | 'githubAhead'>): Clocks | Reason {
  if (!githubAhead.known) return reason('clock_unknown', { why: githubAhead.why });
  const ours = Date.parse(gatheredAt);
  const githubs = ours + githubAhead.value;
  if (!(Math.abs(githubAhead.value) <= MOST_APART_MS))
    return reason('clock_differs', { ours: gatheredAt, githubs: new Date(githubs).toISOString() });
  return { ours, earlier: Math.min(ours, githubs), later: Math.max(ours, githubs) };
}

export const isReason = (found: Clocks | Reason): found is Reason => 'code' in found;
