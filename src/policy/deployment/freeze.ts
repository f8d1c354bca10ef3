import type { GateResult } from '../../domain/decision.ts';
import type { DeploymentFacts } from '../../domain/deployment-facts.ts';
import { freezeEnd } from '../freeze-window.ts';
import { notApplicable, passedUnless, pending } from '../gate-result.ts';
import { reason } from '../reasons.ts';
import type { EnvironmentPolicy } from '../schema.ts';
import { clocksOf, isReason } from './clocks.ts';

const GATE = 'freeze';

/**
 * Whether no freeze lasts at the moment for which the facts were gathered, by our clock and by GitHub's: whoever sets ours must not end
 * a freeze by it. Where they are too far apart, nobody can tell what time it is, and it holds. Of several that last, each says when it ends.
 */
export function freezeGate({ freeze }: EnvironmentPolicy, facts: DeploymentFacts): GateResult {
  if (freeze === undefined) return notApplicable(GATE);
  const clocks = clocksOf(facts);
  if (isReason(clocks)) return pending(GATE, clocks);
  const earlier = new Date(clocks.earlier).toISOString();
  const later = new Date(clocks.later).toISOString();
  const lasting = freeze
    .flatMap((each) => {
      const end = freezeEnd(each, earlier) ?? freezeEnd(each, later);
      return end === null ? [] : [{ name: each.name, ...end }];
    })
    // By its end: the order in the file makes no difference.
    .toSorted((a, b) => compare(a.until, b.until) || compare(a.name, b.name) || compare(a.shown, b.shown));
  return passedUnless(
    GATE,
    lasting.map((each) => reason('freeze_lasting', each)),
    reason('no_freeze', {}),
  );
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
