import type { RepositoryRef } from '../domain/repository.ts';
import { treesIn } from '../deploy/merged-tree.ts';
import { openMirror } from '../deploy/mirror.ts';
import type { TreeReader } from '../facts/tree-reader.ts';
import { treesOrUnknown } from '../facts/trees-or-unknown.ts';
import type { Pipeline } from './pipeline.ts';

/** Reads trees in our copy of a repository; a commit that can't be had throws, so that the job is done again. */
export function treesOf(
  { mirrors, cloneUrl, contentsToken }: Pick<Pipeline, 'mirrors' | 'cloneUrl' | 'contentsToken'>,
  repository: RepositoryRef,
): TreeReader {
  let open: TreeReader | null = null;
  let token: Promise<string> | null = null;
  // Opened when it is needed: most pull requests need none.
  const trees = (): TreeReader =>
    (open ??= treesIn(
      openMirror({ directory: mirrors, repositoryId: repository.id, url: cloneUrl(repository) }),
      () => (token ??= contentsToken(repository)),
    ));
  return {
    treeOf: async (sha) => trees().treeOf(sha),
    parentsOf: async (sha) => trees().parentsOf(sha),
    mergedTree: async (merge) => trees().mergedTree(merge),
  };
}

/** The pipeline's trees, where what can't be had is unknown, and the rest goes on. */
export function knownTreesOf(
  { trees, log }: Pick<Pipeline, 'trees' | 'log'>,
  repository: RepositoryRef,
): TreeReader {
  return treesOrUnknown(trees(repository), (error) => {
    log.warn({ err: error }, 'what a merge makes could not be made anew');
  });
}
