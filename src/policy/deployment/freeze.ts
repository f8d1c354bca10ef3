import type { GateResult } from '../../domain/decision.ts';
import type { DeploymentFacts } from '../../domain/deployment-facts.ts';
import { known } from '../../domain/known.ts';
import { freezeEnd } from '../freeze-window.ts';
import { notApplicable, passedUnless, pending } from '../gate-result.ts';
import { reason } from '../reasons.ts';
import type { EnvironmentPolicy } from '../schema.ts';

const GATE = 'freeze';

/** GitHub tells whole seconds, and an answer may be some seconds old; what is further off is a clock that is wrong. */
const MOST_APART_MS = 60_000;

/**
 * Whether no freeze lasts at the moment for which the facts were gathered, by our clock and by GitHub's: whoever sets ours must not end
 * a freeze by it. Where they are too far apart, nobody can tell what time it is, and it holds. Of several that last, each says when it ends.
 */
export function freezeGate(
  { freeze }: EnvironmentPolicy,
  { gatheredAt, githubAhead = known(0) }: DeploymentFacts,
): GateResult {
  if (freeze === undefined) return notApplicable(GATE);
  if (!githubAhead.known) return pending(GATE, reason('clock_unknown', { why: githubAhead.why }));
  const ours = Date.parse(gatheredAt);
  const githubs = new Date(ours + githubAhead.value).toISOString();
  if (!(Math.abs(githubAhead.value) <= MOST_APART_MS))
    return pending(GATE, reason('clock_differs', { ours: gatheredAt, githubs }));
  const lasting = freeze
    .flatMap((each) => {
      const end = freezeEnd(each, gatheredAt) ?? freezeEnd(each, githubs);
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
