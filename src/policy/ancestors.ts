import type { CommitFacts } from '../domain/change-facts.ts';

/** A commit and all of its ancestors, as far as the range has them. */
export function ancestors(sha: string | null, range: ReadonlyMap<string, CommitFacts>): ReadonlySet<string> {
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
