import type { Actor } from '../domain/actor.ts';
import type { ChangeFacts } from '../domain/change-facts.ts';
import type { MadeAnew } from './made-anew.ts';

/**
 * What was found out of a pull request when its merge was recorded, and can't become another: which commits its head and its merge
 * are made of, and by whom and how they came there. Whatever can still change (reviews, labels, roles) is not in it.
 */
export interface AtMerge {
  /** Null: nothing was made anew, or not to its end. */
  readonly made: MadeAnew | null;
  /** The base's activity had its merge, by GitHub's own doing. */
  readonly onGitHub: boolean;
  /** Everyone who pushed what this head holds; null: somebody may still become known. */
  readonly pushed: { readonly head: string; readonly pushers: readonly Actor[] } | null;
}

/** It, of the facts that were recorded with the merge. */
export function atMerge({ pullRequest, baseMerges = [], pushers, pushesWhole }: ChangeFacts): AtMerge {
  const { merged, headSha: head } = pullRequest;
  return {
    made: madeOf(baseMerges, merged?.landing),
    onGitHub: merged !== null && merged.onGitHub.known && merged.onGitHub.value,
    pushed: pushesWhole === true && pushers.known ? { head, pushers: pushers.value } : null,
  };
}

function madeOf(
  baseMerges: MadeAnew['baseMerges'],
  landing: MadeAnew['landing'] | undefined,
): MadeAnew | null {
  if (landing?.known !== true) return null;
  const steps = [...baseMerges, ...landing.value.commits].flatMap(({ tree, expected }) => [tree, expected]);
  return steps.every((each) => each.known) ? { baseMerges, landing } : null;
}
