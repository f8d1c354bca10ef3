/** One after the other: whatever moves a repository's branches takes its turn, as GitHub's own locks see to. */
import type { Repository } from './state.ts';

const turns = new WeakMap<Repository, Promise<unknown>>();

/** Runs `work` when everything before it in this repository is done. Must not be nested. */
export function exclusive<T>(repository: Repository, work: () => Promise<T>): Promise<T> {
  const before = turns.get(repository) ?? Promise.resolve();
  const mine = before.then(work, work);
  turns.set(
    repository,
    mine.catch(() => undefined),
  );
  return mine;
}
