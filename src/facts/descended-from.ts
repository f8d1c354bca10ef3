import type { CommitFacts } from '../domain/change-facts.ts';

/**
 * The commits that descend from one, in the order given, each with those of its parents that do too, the one itself among
 * them. A branch that went from there to here without being pushed by force went along these steps and no others,
 * whichever parent a merge on it names first.
 */
export function descendedFrom(
  origin: string,
  commits: readonly CommitFacts[],
): readonly { readonly sha: string; readonly from: readonly string[] }[] {
  const children = new Map<string, string[]>();
  for (const { sha, parents } of commits) {
    for (const parent of parents) {
      const known = children.get(parent);
      if (known === undefined) children.set(parent, [sha]);
      else known.push(sha);
    }
  }
  const found = new Set([origin]);
  const open = [origin];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const child of children.get(next) ?? []) {
      if (found.has(child)) continue;
      found.add(child);
      open.push(child);
    }
  }
  return commits.flatMap(({ sha, parents }) =>
    found.has(sha) && sha !== origin ? [{ sha, from: parents.filter((parent) => found.has(parent)) }] : [],
  );
}
