import type { ManifestDifference, ManifestEntry } from '../domain/deploy.ts';

/** What `next` adds, changes and removes against what runs. Nothing runs, or it isn't known: all of it is added. */
export function difference(
  running: readonly ManifestEntry[] | null,
  next: readonly ManifestEntry[],
): ManifestDifference {
  const before = new Map((running ?? []).map((entry) => [entry.path, entry]));
  const added: ManifestEntry[] = [];
  const changed: ManifestEntry[] = [];
  for (const entry of next) {
    const old = before.get(entry.path);
    if (old === undefined) added.push(entry);
    else if (!sameFile(old, entry)) changed.push(entry);
  }
  const kept = new Set(next.map((entry) => entry.path));
  const removed = (running ?? []).filter((entry) => !kept.has(entry.path));
  return { added, changed, removed, total: next.length };
}

/** The files that both have, byte for byte and in mode. */
export function unchanged(
  running: readonly ManifestEntry[],
  next: readonly ManifestEntry[],
): readonly ManifestEntry[] {
  const before = new Map(running.map((entry) => [entry.path, entry]));
  return next.filter((entry) => {
    const old = before.get(entry.path);
    return old !== undefined && sameFile(old, entry);
  });
}

function sameFile(a: ManifestEntry, b: ManifestEntry): boolean {
  return a.oid === b.oid && a.sha256 === b.sha256 && a.mode === b.mode;
}
