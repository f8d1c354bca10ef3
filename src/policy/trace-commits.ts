/**
 * The proof of a range: each commit traced to a merged pull request whose approvals hold when judged again now. What
 * links a commit to a pull request is only what GitHub can't be made to say: it is one of the pull request's own commits, or
 * what GitHub made of them when somebody merged it there: a merge or a squash that it signed, or the commits of a rebase.
 */
import type { ChangeFacts, CommitFacts, MergeFacts } from '../domain/change-facts.ts';
import type { RangeCommit } from '../domain/deployment-facts.ts';
import type { Reason } from '../domain/reason.ts';
import { ancestors } from './ancestors.ts';
import { matchesBranch } from './branch-glob.ts';
import { unmappedIn } from './change/identity.ts';
import { objectionsToMerged } from './objections-to-merged.ts';
import { rebasedCommits } from './rebased-commits.ts';
import { reason } from './reasons.ts';
import type { Policy } from './schema.ts';

/** `merge`: GitHub's merge or squash. `commit`: one of the pull request's own. `accepted`: under the declared baseline. */
export type TracedBy = 'merge' | 'commit' | 'rebase' | 'accepted';

export interface CommitTrace {
  readonly sha: string;
  /** Null: it is linked to none. */
  readonly pullRequest: number | null;
  readonly by: TracedBy | null;
  /** It reached the branch without review and was reviewed afterwards. */
  readonly late: boolean;
  /** An approved change ends here: its reviewers saw what the tree is at this commit, not only what it was on the way. */
  readonly whole: boolean;
  /** Why it isn't traced; empty where it is. */
  readonly reasons: readonly Reason[];
}

export interface TraceInput {
  readonly commits: readonly RangeCommit[];
  readonly changes: readonly ChangeFacts[];
  /** Names or patterns of the branches that a pull request must have been merged into. */
  readonly branches: readonly string[];
  readonly baseline?: string | null;
  /** False: what their merges left is judged by itself, and not here. */
  readonly landings?: boolean;
}

/** Traces every commit, in the order given. Time grows with the commits of range and changes together, no faster. */
export function traceCommits(
  policy: Policy,
  { commits, changes, branches, baseline = null, landings = true }: TraceInput,
): readonly CommitTrace[] {
  const range = new Map(commits.map(({ commit }) => [commit.sha, commit]));
  const accepted = ancestors(baseline, range);
  const links = linksOf(changes, branches, range);
  const judged = new Map<ChangeFacts, readonly Reason[]>();
  const objectionsTo = (change: ChangeFacts) => {
    const objections = judged.get(change) ?? objectionsToMerged(policy, change, { landings });
    judged.set(change, objections);
    return objections;
  };
  return commits.map(({ commit, recordedUnreviewed }) => {
    const { sha } = commit;
    const found = (links.get(sha) ?? []).map((link) => ({
      ...link,
      reasons: problemsOf(commit, link, objectionsTo(link.change)),
    }));
    const sound = found.filter(({ reasons }) => reasons.length === 0);
    const whole = sound.some((link) => link.whole);
    if (accepted.has(sha))
      return {
        sha,
        pullRequest: null,
        by: 'accepted',
        late: false,
        whole: whole || sha === baseline,
        reasons: [],
      };
    const best = sound[0] ?? found[0];
    const late = recordedUnreviewed ? [reason('commit_unreviewed', { commit: sha })] : [];
    if (best === undefined) {
      const reasons = recordedUnreviewed ? late : [reason('commit_untraced', { commit: sha })];
      return { sha, pullRequest: null, by: null, late: false, whole, reasons };
    }
    const { by, reasons } = best;
    const pullRequest = best.change.pullRequest.number;
    if (reasons.length === 0) return { sha, pullRequest, by, late: recordedUnreviewed, whole, reasons };
    return { sha, pullRequest, by, late: false, whole, reasons: [...late, ...reasons] };
  });
}

interface Link {
  readonly change: ChangeFacts;
  readonly by: Exclude<TracedBy, 'accepted'>;
  /** Why it doesn't trace the commit, although GitHub calls the commit the pull request's merge. */
  readonly problem: Reason | null;
  /** It is where the change ends, not a step on its way. */
  readonly whole: boolean;
}

function problemsOf(
  commit: CommitFacts,
  { change, by, problem }: Link,
  objections: readonly Reason[],
): readonly Reason[] {
  const pullRequest = change.pullRequest.number;
  if (problem !== null) return [problem];
  if (objections.length > 0) {
    // It may well be approved, and something else have landed.
    const approved = objections.every(({ code }) => code === 'landing_differs' || code === 'landing_unknown');
    const unapproved = reason('change_not_approved', { pullRequest, commits: [commit.sha] });
    return approved ? objections : [unapproved, ...objections];
  }
  // A change's own commits were asked about with the change.
  return by === 'commit'
    ? []
    : unmappedIn(commit).map((each) => ({ ...each, about: { ...each.about, pullRequest } }));
}

/** By commit: the merged changes that it belongs to, lowest number first. */
function linksOf(
  changes: readonly ChangeFacts[],
  branches: readonly string[],
  range: ReadonlyMap<string, CommitFacts>,
): ReadonlyMap<string, readonly Link[]> {
  const links = new Map<string, Link[]>();
  const add = (sha: string, link: Link) => {
    const found = links.get(sha);
    if (found === undefined) links.set(sha, [link]);
    else found.push(link);
  };
  for (const change of changes.toSorted((a, b) => a.pullRequest.number - b.pullRequest.number)) {
    const { merged, state, baseRef, headSha } = change.pullRequest;
    if (state !== 'merged' || merged === null || !matchesBranch(branches, baseRef)) continue;
    const own = new Set(change.commits.items.map(({ sha }) => sha));
    const end = merged.commit.sha;
    for (const sha of own) add(sha, { change, by: 'commit', problem: null, whole: sha === headSha });
    if (own.has(end)) continue;
    const rebased = rebasedCommits(change, range);
    const problem = problemOfMerge(change, merged, rebased.length > 0, range);
    for (const sha of rebased) add(sha, { change, by: 'rebase', problem, whole: sha === end });
    if (rebased.length === 0) add(end, { change, by: 'merge', problem, whole: true });
  }
  return links;
}

/** Why what GitHub calls a change's merge isn't one that it made of what was approved. */
function problemOfMerge(
  { pullRequest: { number: pullRequest, headSha } }: ChangeFacts,
  { commit, onGitHub }: MergeFacts,
  rebased: boolean,
  range: ReadonlyMap<string, CommitFacts>,
): Reason | null {
  if (!onGitHub.known) return reason('merge_unknown', { commit: commit.sha, pullRequest, why: onGitHub.why });
  const [base, head, ...more] = commit.parents;
  const made =
    commit.signedByGitHub &&
    range.get(commit.sha)?.signedByGitHub === true &&
    more.length === 0 &&
    (head === undefined || head === headSha) &&
    base !== headSha &&
    // A squash stands on what the base was, which never has what is merged. Walked only where it could be.
    (head !== undefined || !range.has(headSha) || !ancestors(base ?? null, range).has(headSha));
  return onGitHub.value && (rebased || made)
    ? null
    : reason('merge_not_by_github', { commit: commit.sha, pullRequest });
}
