import { CodedError } from '../domain/coded-error.ts';
import { type Known, unknown } from '../domain/known.ts';
import type { TreeReader } from './tree-reader.ts';

/** What the copy of the repository fails with when git can't bring a commit, or can't read it. */
const WHY: ReadonlyMap<string, string> = new Map([
  ['commit_unavailable', 'git could not fetch a commit that it is made of'],
  ['mirror_failed', 'git failed on our copy of the repository; the log has more'],
  ['mirror_corrupt', 'our copy of the repository is damaged; the log has more'],
  ['tree_mismatch', 'our copy of the repository is damaged; the log has more'],
]);

/**
 * The same trees, where a commit that can't be had is unknown instead of an error: what is judged by it then holds, and says
 * so, while everything else about it is judged. `onError` is told of each.
 */
export function treesOrUnknown(trees: TreeReader, onError: (error: unknown) => void): TreeReader {
  const orUnknown = async <T>(read: Promise<Known<T>>): Promise<Known<T>> => {
    try {
      return await read;
    } catch (error) {
      const why = error instanceof CodedError ? WHY.get(error.code) : undefined;
      if (why === undefined) throw error;
      onError(error);
      return unknown(why);
    }
  };
  return {
    treeOf: (sha) => orUnknown(trees.treeOf(sha)),
    parentsOf: (sha) => orUnknown(trees.parentsOf(sha)),
    mergedTree: (merge) => orUnknown(trees.mergedTree(merge)),
  };
}
