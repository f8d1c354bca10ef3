import type { ChangeFacts } from '../../domain/change-facts.ts';
import type { BaseMergeFacts } from '../../domain/landing-facts.ts';
import type { Reason } from '../../domain/reason.ts';
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
  { pullRequest: { headSha: head }, baseMerges = [] }: ChangeFacts,
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
  const because = against.at(-1);
  return because === undefined ? { is: 'yes', merges: merges.length } : { is: 'no', because };
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
