import type { ChangeFacts } from '../domain/change-facts.ts';
import type { Listed } from '../domain/listed.ts';

/**
 * The paths of all files that a change touches, each once, in order: of one that moved, where it was as well. Incomplete
 * where GitHub ended the list early, or where it wasn't read where a file was that moved.
 */
export function changedPaths({ files }: ChangeFacts): Listed<string> {
  const paths = files.items.flatMap(({ path, previousPath }) =>
    previousPath === null ? [path] : [path, previousPath],
  );
  const isRead = files.items.every(
    ({ status, previousPath }) => status !== 'renamed' || previousPath !== null,
  );
  return { complete: files.complete && isRead, items: [...new Set(paths)].toSorted() };
}
