import type { GateResult } from '../../domain/decision.ts';
import type { DeploymentFacts } from '../../domain/deployment-facts.ts';
import type { Reason } from '../../domain/reason.ts';
import { failed, passed, pending } from '../gate-result.ts';
import { reason } from '../reasons.ts';
import type { EnvironmentPolicy, Policy } from '../schema.ts';
import { traceCommits, type CommitTrace } from '../trace-commits.ts';

const GATE = 'range';

/**
 * Whether every commit that would become new there came from an approved pull request, and whether what they make together
 * is what somebody approved: a step inside of a change may do what a later step undoes before anybody looks.
 */
export function rangeGate(
  policy: Policy,
  environment: EnvironmentPolicy,
  facts: DeploymentFacts,
): GateResult {
  const { range, request } = facts;
  const target = request.sha;
  const baseline = environment.baseline ?? null;
  const unknown = (why: string) => pending(GATE, reason('range_unknown', { why }));
  switch (range.status) {
    case 'unknown':
      return unknown('how the commit relates to what runs there could not be found out');
    case 'behind':
    case 'diverged':
      return failed(
        GATE,
        reason('range_not_descendant', {
          // Where nothing of ours runs yet, it was compared with the baseline.
          ...(range.running === null ? { baseline: range.baseline ?? '' } : { running: range.running }),
          target,
          status: range.status,
        }),
      );
    case 'identical':
      return range.running === target
        ? passed(GATE, reason('nothing_to_deploy', { target }))
        : unknown('it was read for another commit than the one that is to be deployed');
    case 'first':
      if (baseline === null) {
        return pending(GATE, reason('range_first_without_baseline', { environment: request.environment }));
      }
      if (range.baseline !== baseline)
        return unknown('it was read from another baseline than the policy declares');
      break;
    case 'ahead':
      break;
  }
  if (!range.commits.complete) return pending(GATE, reason('facts_incomplete', { list: 'commits in range' }));
  if (target !== baseline && !range.commits.items.some(({ commit }) => commit.sha === target)) {
    return unknown('the commit that is to be deployed is not among those that were read');
  }
  const traces = traceCommits(policy, {
    commits: range.commits.items.toSorted(byTime),
    changes: facts.changes,
    branches: environment.branches,
    baseline,
  });
  const against = [
    ...merged(traces.flatMap(({ reasons }) => reasons)),
    ...insideChange(traces, facts, baseline),
  ];
  return against.length > 0 ? pending(GATE, ...against) : passed(GATE, ...tracedReasons(traces, baseline));
}

/** Nothing to say of a commit that isn't traced at all: that is said already. */
function insideChange(
  traces: readonly CommitTrace[],
  { request: { sha: target }, changes }: DeploymentFacts,
  baseline: string | null,
): readonly Reason[] {
  const trace = traces.find(({ sha }) => sha === target);
  if (trace === undefined || trace.whole || trace.reasons.length > 0) return [];
  const change = changes.find(({ pullRequest }) => pullRequest.number === trace.pullRequest)?.pullRequest;
  const instead = change?.merged?.commit.sha ?? baseline ?? '';
  return [
    reason('target_inside_change', {
      target,
      instead,
      ...(change === undefined ? {} : { pullRequest: change.number }),
    }),
  ];
}

type Item = DeploymentFacts['range']['commits']['items'][number];

/** Oldest first, whatever order they were read in. */
function byTime({ commit: a }: Item, { commit: b }: Item): number {
  return Date.parse(a.committedAt) - Date.parse(b.committedAt) || (a.sha < b.sha ? -1 : 1);
}

/** One reason a change, with all of its commits, where each of them brought its own. */
function merged(reasons: readonly Reason[]): readonly Reason[] {
  const found = new Map<string, Reason>();
  const commits = new Map<string, string[]>();
  for (const each of reasons) {
    if (each.code !== 'change_not_approved') {
      found.set(JSON.stringify(each), each);
      continue;
    }
    const key = String(each.about['pullRequest']);
    const all = commits.get(key) ?? [];
    all.push(...[each.about['commits'] ?? []].flat().map(String));
    commits.set(key, all);
    found.set(`change ${key}`, { ...each, about: { ...each.about, commits: all } });
  }
  return [...found.values()];
}

function tracedReasons(traces: readonly CommitTrace[], baseline: string | null): readonly Reason[] {
  const numbers = new Set(traces.flatMap(({ pullRequest }) => pullRequest ?? []));
  const pullRequests = [...numbers].toSorted((a, b) => a - b).map((number) => `#${number}`);
  const accepted = traces.filter(({ by }) => by === 'accepted').length;
  return [
    reason('range_traced', { commits: traces.length - accepted, pullRequests }),
    ...(accepted > 0 && baseline !== null
      ? [reason('commit_accepted', { baseline, commits: accepted })]
      : []),
    ...traces.flatMap(({ sha, pullRequest, late }) =>
      late && pullRequest !== null ? [reason('commit_reviewed_late', { commit: sha, pullRequest })] : [],
    ),
  ];
}
