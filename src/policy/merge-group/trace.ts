import type { GateResult } from '../../domain/decision.ts';
import type { GroupStep, MergeGroupFacts } from '../../domain/merge-group-facts.ts';
import type { Reason } from '../../domain/reason.ts';
import { passed, pending } from '../gate-result.ts';
import { reason } from '../reasons.ts';

const GATE = 'merge_group';

/**
 * Whether everything that the group would land was made of one pull request each, which the queue names and which is for
 * this branch. A merge or a squash is one commit; a step that has more before it has something that nobody queued.
 */
export function groupTraceGate(facts: MergeGroupFacts): GateResult {
  const { group, tip, status, steps } = facts;
  if (status === 'diverged') {
    const about = { head: group.headSha, branch: group.baseRef, tip };
    return pending(GATE, reason('group_not_on_base', about));
  }
  if (!steps.complete)
    return pending(GATE, reason('facts_incomplete', { list: 'commits of the merge group' }));
  const commits = steps.items.flatMap((step) => step.commits);
  if (status !== 'ahead' || commits.at(-1)?.sha !== group.headSha || !isOneLine(tip, facts)) {
    const why =
      status === 'behind' || status === 'identical'
        ? 'the branch already has all of it'
        : 'GitHub shows no line of commits from the branch to the group’s head';
    return pending(GATE, reason('group_range_unknown', { why }));
  }
  const numbers = steps.items.map(({ pullRequest }) => pullRequest);
  const against = steps.items.flatMap((step) =>
    problemsOf(step, facts, numbers.filter((number) => number === step.pullRequest).length > 1),
  );
  if (against.length > 0) return pending(GATE, ...against);
  const pullRequests = numbers.map((number) => `#${number ?? ''}`);
  return passed(GATE, reason('group_traced', { commits: commits.length, pullRequests }));
}

/** Each commit stands on the one before it, and the first on the branch. */
function isOneLine(tip: string, { steps }: MergeGroupFacts): boolean {
  let before = tip;
  for (const { sha, parents } of steps.items.flatMap(({ commits }) => commits)) {
    if (parents[0] !== before) return false;
    before = sha;
  }
  return true;
}

function problemsOf(step: GroupStep, facts: MergeGroupFacts, twice: boolean): readonly Reason[] {
  const { pullRequest, method, commits } = step;
  const untraced = (some: GroupStep['commits']) =>
    some.map(({ sha }) => reason('group_commit_untraced', { commit: sha }));
  const change = facts.changes.find((each) => each.pullRequest.number === pullRequest);
  if (pullRequest === null || twice || change === undefined) return untraced(commits);
  const { baseRef, headSha } = change.pullRequest;
  const branch = facts.group.baseRef;
  const last = commits.at(-1);
  const against: Reason[] = [];
  if (baseRef !== branch)
    against.push(reason('group_change_elsewhere', { pullRequest, base: baseRef, branch }));
  if (method !== 'rebase') against.push(...untraced(commits.slice(0, -1)));
  if (method === 'rebase') {
    // Its copies have one parent each; a merge among them is something else.
    against.push(...untraced(commits.filter(({ parents }) => parents.length !== 1)));
  } else if (method === 'merge' && last !== undefined) {
    const [, queued, ...more] = last.parents;
    if (queued === undefined || more.length > 0 || !last.signedByGitHub) against.push(...untraced([last]));
    else if (queued !== headSha)
      against.push(reason('group_head_differs', { pullRequest, commit: last.sha, queued, head: headSha }));
  }
  return against;
}
