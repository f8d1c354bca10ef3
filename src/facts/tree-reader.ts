import type { Known } from '../domain/known.ts';

/**
 * What git itself says of a repository's trees. GitHub's API merges nothing without writing, so whoever gathers is given
 * this by the pipeline, which has a copy of the repository. What can't be had is unknown, with why.
 */
export interface TreeReader {
  /** The id of a commit's tree. */
  readonly treeOf: (sha: string) => Promise<Known<string>>;
  /** The ids of a commit's parents, as the commit itself has them. */
  readonly parentsOf: (sha: string) => Promise<Known<readonly string[]>>;
  /** The tree of the three-way merge of `ours` and `theirs`, which have `base` in common; unknown where it conflicts. */
  readonly mergedTree: (merge: {
    readonly base: string;
    readonly ours: string;
    readonly theirs: string;
  }) => Promise<Known<string>>;
}
