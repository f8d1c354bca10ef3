import type { GateResult } from '../../domain/decision.ts';
import type { DeploymentFacts } from '../../domain/deployment-facts.ts';
import { freezeEnd } from '../freeze-window.ts';
import { notApplicable, passedUnless } from '../gate-result.ts';
import { reason } from '../reasons.ts';
import type { EnvironmentPolicy } from '../schema.ts';

const GATE = 'freeze';

/** Whether no freeze lasts at the moment for which the facts were gathered. Of several that do, each says when it ends. */
export function freezeGate({ freeze }: EnvironmentPolicy, { gatheredAt }: DeploymentFacts): GateResult {
  if (freeze === undefined) return notApplicable(GATE);
  const lasting = freeze
    .flatMap((each) => {
      const end = freezeEnd(each, gatheredAt);
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
