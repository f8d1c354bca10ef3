import type { GateResult } from '../../domain/decision.ts';
import type { DeploymentFacts } from '../../domain/deployment-facts.ts';
import type { Reason } from '../../domain/reason.ts';
import type { EnvironmentRun } from '../../domain/timing-facts.ts';
import { millisecondsOf } from '../duration.ts';
import { shownIn } from '../freeze-window.ts';
import { notApplicable, passed, pending } from '../gate-result.ts';
import { reason } from '../reasons.ts';
import type { EnvironmentPolicy, Policy } from '../schema.ts';
import { clocksOf, isReason } from './clocks.ts';

const GATE = 'order';

/**
 * Whether this very commit ran where it has to run before, for as long as the policy asks. It need not run there still (the
 * next merge takes its place), but it must have run undisturbed for the whole soak. If its newest deployment there didn't
 * succeed, or it was taken back for what ran there before it, the soak is worth nothing. A soak is over once it is by our clock and GitHub's.
 */
export function orderGate(policy: Policy, { after }: EnvironmentPolicy, facts: DeploymentFacts): GateResult {
  if (after === undefined) return notApplicable(GATE);
  const judged = Object.entries(after)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([environment, { soak }]) => judge(policy, environment, { soak, facts }));
  const against = judged.filter(({ code }) => code !== 'order_kept');
  return against.length === 0 ? passed(GATE, ...judged) : pending(GATE, ...against);
}

function judge(
  policy: Policy,
  environment: string,
  { soak, facts }: { readonly soak: string | undefined; readonly facts: DeploymentFacts },
): Reason {
  const target = facts.request.sha;
  const runs = facts.before?.find((each) => each.environment === environment)?.runs;
  if (runs === undefined)
    return reason('order_unknown', { environment, target, why: 'it was not looked up' });
  if (!runs.known) return reason('order_unknown', { environment, target, why: runs.why });
  const ordered = runs.value.toSorted((a, b) => a.order - b.order);
  const own = ordered.findLast(({ sha }) => sha === target);
  if (own === undefined) {
    // A policy names every environment of its own order; what the organisation asks for may be one that the repository doesn't have.
    const isNamed = policy.fromOrganisation !== true || Object.hasOwn(policy.environments, environment);
    return reason(isNamed ? 'order_missing' : 'order_not_named', { environment, target });
  }
  if (own.state === 'running') return reason('order_running', { environment, target });
  if (own.state !== 'success' || own.endedAt === null)
    return reason('order_failed', { environment, target, outcome: own.state });
  const next = ordered.find((run) => run.order > own.order && took(run));
  if (next?.state === 'success' && next.ranBefore)
    return reason('order_rolled_back', { environment, target, instead: next.sha });
  const kept = { environment, target, since: own.endedAt };
  if (soak === undefined) return reason('order_kept', kept);
  const over = Date.parse(own.endedAt) + millisecondsOf(soak);
  if (next !== undefined) {
    if (Date.parse(next.startedAt) >= over) return reason('order_kept', { ...kept, soak });
    return reason('order_replaced', { environment, target, soak, instead: next.sha });
  }
  const clocks = clocksOf(facts);
  if (isReason(clocks)) return clocks;
  if (clocks.earlier >= over) return reason('order_kept', { ...kept, soak });
  // On our clock, by which it is looked at again.
  const until = new Date(over + clocks.ours - clocks.earlier).toISOString();
  return reason('soak_running', { environment, target, soak, until, shown: shownIn(until, 'UTC') });
}

/** What failed there was switched back, and left what ran there running. */
const took = ({ state }: EnvironmentRun) => state !== 'failure';
