import { known } from '../../src/domain/known.ts';
import type { TreeReader } from '../../src/facts/tree-reader.ts';

/** Where every merge holds what it should, for tests that are about something else. */
export const agreeingTrees: TreeReader = {
  treeOf: () => Promise.resolve(known('tree')),
  parentsOf: () => Promise.resolve(known([])),
  mergedTree: () => Promise.resolve(known('tree')),
};
