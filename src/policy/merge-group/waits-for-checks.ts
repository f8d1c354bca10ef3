import type { Decision } from '../../domain/decision.ts';

/**
 * Whether nothing stands in the group's way but checks that have still to finish on it. Whatever else holds it fails it at
 * once: a queue that waited for people would hold up everyone behind them, and whoever mends it can queue it again.
 */
export function waitsForChecks({ verdict, gates }: Pick<Decision, 'verdict' | 'gates'>): boolean {
  if (verdict !== 'held') return false;
  return gates
    .filter(({ outcome }) => outcome === 'pending')
    .every(({ gate, reasons }) => gate === 'checks' && reasons.every(({ code }) => UNFINISHED.has(code)));
}

const UNFINISHED: ReadonlySet<string> = new Set(['check_pending', 'check_missing']);
