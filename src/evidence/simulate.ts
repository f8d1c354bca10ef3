import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import type { Decision, Verdict } from '../domain/decision.ts';
import type { ReadEntry } from '../ledger/store/read.ts';
import type { Policy } from '../policy/schema.ts';
import { type RecordedDecision, recordedDecisions } from './recorded-decisions.ts';
import { decide } from './reperform.ts';

/** Newer decisions than so many aren't looked at: whoever waits for a check run shouldn't wait for a year's deployments. */
const MOST = 2_000;

/** What a policy would have made of what was decided before it. */
export interface Simulation {
  /** Of each change, merge and deployment the last decision in the time. */
  readonly decisions: number;
  /** Those that would have come out otherwise, newest first. */
  readonly otherwise: readonly Otherwise[];
  /**
   * Those of which that can't be said, since the policy asks for something (a team's members, say) that nobody looked up
   * when they were made, or what they rest on was erased.
   */
  readonly unknown: number;
  /** There were more decisions than are looked at: the older ones were left out. */
  readonly cut: boolean;
}

export interface Otherwise {
  readonly entry: ReadEntry;
  readonly was: Verdict;
  readonly wouldBe: Verdict;
  /** The gates that say something else than they did and now stand in the way; empty where it would have passed. */
  readonly gates: readonly string[];
}

/**
 * Judges again, by `policy`, the last decision on each change and deployment since a moment. The facts are those of then;
 * whatever the policy asks for that wasn't among them makes the outcome unknown, never an approval.
 */
export async function simulate(
  db: Kysely<Database>,
  policy: Policy,
  { repositoryId, since }: { readonly repositoryId: number; readonly since: string },
): Promise<Simulation> {
  const last = new Map<string, RecordedDecision | null>();
  let cut = false;
  for await (const found of recordedDecisions(db, { repositoryId, since })) {
    const subject = subjectOf(found.entry);
    last.delete(subject);
    last.set(subject, 'erased' in found ? null : found);
    const [oldest] = last.keys();
    if (last.size > MOST && oldest !== undefined) {
      last.delete(oldest);
      cut = true;
    }
  }
  const judged = [...last.values()].map((each) => (each === null ? null : judgedAgain(each, policy)));
  return {
    decisions: judged.length,
    otherwise: judged.flatMap((each) => (each !== null && each !== 'same' ? [each] : [])).reverse(),
    unknown: judged.filter((each) => each === null).length,
    cut,
  };
}

/** A deployment's decisions are of one commit in one environment; a change's of one pull request, whatever was pushed to it. */
function subjectOf({ id, content }: ReadEntry): string {
  const { kind, pullRequest, environment, commit } = content;
  if (kind === 'change.merged') return `merge ${pullRequest}`;
  if (pullRequest !== undefined && environment === undefined) return `change ${pullRequest}`;
  return `deployment ${environment} ${commit ?? id}`;
}

function judgedAgain(found: RecordedDecision, policy: Policy): Otherwise | 'same' | null {
  const { entry, decision: was, facts } = found;
  if (facts.unreadable !== undefined) return 'same';
  const again = decide({ kind: 'valid', policy }, facts);
  if (again.verdict === was.verdict) return 'same';
  const gates = again.gates.filter(({ outcome }) => outcome === 'pending' || outcome === 'failed');
  if (gates.some(notLookedUp)) return null;
  const before = new Set(was.gates.map((gate) => JSON.stringify(gate)));
  const changed = gates.filter((gate) => !before.has(JSON.stringify(gate)));
  return {
    entry,
    was: was.verdict,
    wouldBe: again.verdict,
    gates: [...new Set(changed.map(({ gate }) => gate))],
  };
}

/** What a gate says where the facts don't have what it asks for. */
const notLookedUp = ({ reasons }: Decision['gates'][number]): boolean =>
  reasons.some(({ code, about }) => code === 'role_unknown' && about['why'] === 'it was not looked up');
