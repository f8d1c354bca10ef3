import { known } from '../../../src/domain/known.ts';
import type { TreeReader } from '../../../src/facts/tree-reader.ts';

/** A tree reader whose trees name what they are of. */
export const namingTrees: TreeReader = {
  treeOf: (id) => Promise.resolve(known(`tree of ${id}`)),
  parentsOf: (id) => Promise.resolve(known([`parent of ${id}`])),
  mergedTree: ({ base, ours, theirs }) => Promise.resolve(known(`${theirs} onto ${ours} since ${base}`)),
};
