/**
 * The proof of a range: each commit traced to a merged pull request whose approvals hold when judged again now. What
 * links a commit to a pull request is only what GitHub can't be made to say: it is the merge that GitHub signed, one of
 * the pull request's own commits, or one that GitHub's rebase made of them.
 */
import type { ChangeFacts, CommitFacts } from '../domain/change-facts.ts';
import type { RangeCommit } from '../domain/deployment-facts.ts';
import type { Reason } from '../domain/reason.ts';
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
}

/** Traces every commit, in the order given. Time grows with the commits of range and changes together, no faster. */
export function traceCommits(
  policy: Policy,
  { commits, changes, branches, baseline = null }: TraceInput,
): readonly CommitTrace[] {
  const range = new Map(commits.map(({ commit }) => [commit.sha, commit]));
  const accepted = ancestors(baseline, range);
  const links = linksOf(changes, branches, range);
  const judged = new Map<ChangeFacts, readonly Reason[]>();
  const objectionsTo = (change: ChangeFacts) => {
    const objections = judged.get(change) ?? objectionsToMerged(policy, change);
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
  /** Null: it is the pull request's merge, but GitHub didn't make it. */
  readonly by: Exclude<TracedBy, 'accepted'> | null;
  /** It is where the change ends, not a step on its way. */
  readonly whole: boolean;
}

function problemsOf(
  commit: CommitFacts,
  { change, by }: Link,
  objections: readonly Reason[],
): readonly Reason[] {
  const pullRequest = change.pullRequest.number;
  if (by === null) return [reason('merge_not_by_github', { commit: commit.sha, pullRequest })];
  if (objections.length > 0)
    return [reason('change_not_approved', { pullRequest, commits: [commit.sha] }), ...objections];
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
    const { merged, state, baseRef } = change.pullRequest;
    if (state !== 'merged' || merged === null || !matchesBranch(branches, baseRef)) continue;
    const own = new Set(change.commits.items.map(({ sha }) => sha));
    for (const sha of own) add(sha, { change, by: 'commit', whole: sha === change.pullRequest.headSha });
    const rebased = rebasedCommits(change, range);
    for (const sha of rebased) add(sha, { change, by: 'rebase', whole: sha === merged.commit.sha });
    if (own.has(merged.commit.sha) || rebased.length > 0) continue;
    const byGitHub = merged.commit.signedByGitHub && range.get(merged.commit.sha)?.signedByGitHub === true;
    add(merged.commit.sha, { change, by: byGitHub ? 'merge' : null, whole: true });
  }
  return links;
}

/** A commit and all of its ancestors, as far as the range has them. */
function ancestors(sha: string | null, range: ReadonlyMap<string, CommitFacts>): ReadonlySet<string> {
  const found = new Set<string>();
  const open = sha === null ? [] : [sha];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const commit = range.get(next);
    if (commit === undefined || found.has(next)) continue;
    found.add(next);
    open.push(...commit.parents);
  }
  return found;
}
