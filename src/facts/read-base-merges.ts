import type { ChangeFacts, CommitFacts } from '../domain/change-facts.ts';
import { type Known, known, unknown } from '../domain/known.ts';
import type { BaseMergeFacts } from '../domain/landing-facts.ts';
import type { RepositoryRef } from '../domain/repository.ts';
import { isGitHubStatus } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';
import { readBranchTip } from './read-branch-tip.ts';
import { readSharedCommit } from './read-shared-commit.ts';
import type { TreeReader } from './tree-reader.ts';

/** A branch that was brought up to date more often since its approval is approved anew. */
const AT_MOST = 20;

/**
 * Makes anew the merges between the head and an approval that was given before them, to tell whether they brought nothing
 * but what the base had. Nothing is read where no approval lies behind merges alone.
 */
export async function readBaseMerges(
  github: GitHubReader,
  repository: RepositoryRef,
  change: Pick<ChangeFacts, 'pullRequest' | 'commits' | 'reviews'>,
  trees: TreeReader,
): Promise<readonly BaseMergeFacts[]> {
  const merges = mergesSinceApproval(change);
  if (merges.length === 0) return [];
  const base = await baseOf(github, repository, change);
  const made: BaseMergeFacts[] = [];
  for (const { sha, parents } of merges) {
    const [onto = '', merged = ''] = parents;
    const [onBase, common] = [
      base.known ? await readSharedCommit(github, repository, { from: base.value, to: merged }) : base,
      await readSharedCommit(github, repository, { from: onto, to: merged }),
    ];
    const expected = common.known
      ? await trees.mergedTree({ base: common.value.sha, ours: onto, theirs: merged })
      : common;
    const fromBase = onBase.known ? known(onBase.value.isAll) : onBase;
    made.push({ sha, onto, merged, fromBase, tree: await trees.treeOf(sha), expected });
  }
  return made;
}

/** Newest first, down to the oldest approval that is reached over merges alone. */
function mergesSinceApproval({
  pullRequest,
  commits,
  reviews,
}: Pick<ChangeFacts, 'pullRequest' | 'commits' | 'reviews'>): readonly CommitFacts[] {
  const approved = new Set(
    reviews.items.flatMap(({ state, commit }) => (state === 'approved' ? [commit] : [])),
  );
  const own = new Map(commits.items.map((commit) => [commit.sha, commit]));
  const merges: CommitFacts[] = [];
  let until = 0;
  let at = own.get(pullRequest.headSha);
  while (at !== undefined && at.parents.length === 2 && merges.length < AT_MOST) {
    merges.push(at);
    const [onto = ''] = at.parents;
    if (approved.has(onto)) until = merges.length;
    at = own.get(onto);
  }
  return merges.slice(0, until);
}

/** What the base has had: its tip while the pull request is open, what it was just before the merge once it is merged. */
async function baseOf(
  github: GitHubReader,
  repository: RepositoryRef,
  { pullRequest: { baseRef, merged } }: Pick<ChangeFacts, 'pullRequest'>,
): Promise<Known<string>> {
  if (merged !== null) {
    // Whoever pushed it there gave it whatever parents they liked.
    if (merged.onGitHub.known && !merged.onGitHub.value) return unknown('it was not merged on GitHub');
    const [before] = merged.commit.parents;
    return before === undefined ? unknown('the merge stands on nothing') : known(before);
  }
  try {
    return known(await readBranchTip(github, repository, baseRef));
  } catch (error) {
    if (!isGitHubStatus(error, 404)) throw error;
    return unknown(`GitHub shows no branch ${baseRef}`);
  }
}
