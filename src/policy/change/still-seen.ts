import type { ChangeFacts } from '../../domain/change-facts.ts';
import type { BaseMergeFacts } from '../../domain/landing-facts.ts';
import type { Reason } from '../../domain/reason.ts';
import { ancestors } from '../ancestors.ts';
import { reason } from '../reasons.ts';

/** Whether the head is still what was approved: `merges` of the base came since, which brought nothing else. */
export type StillSeen =
  { readonly is: 'yes'; readonly merges: number } | { readonly is: 'no'; readonly because: Reason };

/**
 * An approval was given on what its commit holds. The head is still that if it is the same commit, or if only merges of the
 * base stand between both, each of which holds exactly what merging makes: then what they brought was reviewed on the base.
 * Whoever made such a merge has still pushed.
 */
export function stillSeen(
  { pullRequest: { headSha: head }, commits, baseMerges = [] }: ChangeFacts,
  { login, commit }: { readonly login: string; readonly commit: string | null },
): StillSeen {
  if (commit === head) return { is: 'yes', merges: 0 };
  const left = new Map(baseMerges.map((merge) => [merge.sha, merge]));
  const merges: BaseMergeFacts[] = [];
  let at = head;
  for (let merge = left.get(at); merge !== undefined && at !== commit; merge = left.get(at)) {
    merges.push(merge);
    left.delete(at);
    at = merge.onto;
  }
  const about = { login, commit: commit ?? '', head };
  if (at !== commit) return { is: 'no', because: reason('approval_stale', about) };
  const against = merges.flatMap((merge) => problemOf(merge, about) ?? []);
  // The oldest says where it began.
  const because = against.at(-1) ?? otherCommits(commits, merges, about);
  return because === null ? { is: 'yes', merges: merges.length } : { is: 'no', because };
}

/**
 * What is the pull request's own was there when it was approved, or is one of these merges. A commit that came in by a merge's
 * other side was brought by nobody else, whatever the base is moved to afterwards: GitHub lists it as the pull request's.
 */
function otherCommits(
  { items }: ChangeFacts['commits'],
  merges: readonly BaseMergeFacts[],
  about: { readonly login: string; readonly commit: string; readonly head: string },
): Reason | null {
  if (merges.length === 0) return null;
  const own = new Map(items.map((commit) => [commit.sha, commit]));
  const seen = ancestors(about.commit, own);
  const made = new Set(merges.map(({ sha }) => sha));
  const isOther = items.some(({ sha }) => !seen.has(sha) && !made.has(sha));
  const merge = merges.at(-1)?.sha ?? about.head;
  return isOther ? reason('approval_before_other_merge', { ...about, merge }) : null;
}

function problemOf(
  { sha: merge, fromBase, tree, expected }: BaseMergeFacts,
  about: { readonly login: string; readonly commit: string; readonly head: string },
): Reason | null {
  for (const each of [fromBase, tree, expected])
    if (!each.known) return reason('approval_before_merge_unknown', { ...about, merge, why: each.why });
  if (fromBase.known && !fromBase.value) return reason('approval_before_other_merge', { ...about, merge });
  const same = tree.known && expected.known && tree.value === expected.value;
  return same ? null : reason('approval_before_altered_merge', { ...about, merge });
}
