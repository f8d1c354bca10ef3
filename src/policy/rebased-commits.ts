import type { ChangeFacts, CommitFacts } from '../domain/change-facts.ts';
import { ancestors } from './ancestors.ts';

/**
 * The commits that GitHub made when it merged a change by rebasing it. Their ids are new and unsigned, and only the last
 * one carries the pull request. GitHub says which one that is, and its ancestors can't be chosen by anybody; walking both
 * lines back from their ends, each pair must have the same message, author and author's time. Empty where any differs, and
 * where the copies stand on an original: GitHub's never do. What the commits do to files is compared where the landing is
 * (`change/landing.ts`); that nobody else put them there is known from the base's activity (`MergeFacts`).
 * Where the line leaves the range, what lies behind already runs.
 */
export function rebasedCommits(
  change: ChangeFacts,
  range: ReadonlyMap<string, CommitFacts>,
): readonly string[] {
  const last = change.pullRequest.merged?.commit;
  const own = new Map(change.commits.items.map((commit) => [commit.sha, commit]));
  if (last === undefined || last.parents.length !== 1 || last.signedByGitHub || own.has(last.sha)) return [];

  if (standsOn(last, own, range)) return [];
  const rebased: string[] = [];
  let original = own.get(change.pullRequest.headSha);
  let copy = range.get(last.sha);
  let paired = 0;
  while (original !== undefined && copy !== undefined) {
    if (!isCopy(original, copy)) return [];
    rebased.push(copy.sha);
    paired += 1;
    original = own.get(original.parents[0] ?? '');
    copy = paired === own.size ? undefined : range.get(copy.parents[0] ?? '');
  }
  // The pull request's line broke off before all of its commits were met: it isn't one line.
  if (original === undefined && paired !== own.size) return [];
  return rebased;
}

/** Walked only where the range has an original, as it never does after GitHub's own rebase. */
function standsOn(
  last: CommitFacts,
  own: ReadonlyMap<string, CommitFacts>,
  range: ReadonlyMap<string, CommitFacts>,
): boolean {
  if (own.has(last.parents[0] ?? '')) return true;
  const originals = [...own.keys()].filter((sha) => range.has(sha));
  if (originals.length === 0) return false;
  const beneath = ancestors(last.sha, range);
  return originals.some((sha) => beneath.has(sha));
}

function isCopy(original: CommitFacts, copy: CommitFacts): boolean {
  return (
    original.parents.length === 1 &&
    copy.parents.length === 1 &&
    original.message.trimEnd() === copy.message.trimEnd() &&
    original.author.name === copy.author.name &&
    original.author.email === copy.author.email &&
    Date.parse(original.authoredAt) === Date.parse(copy.authoredAt)
  );
}
