/** "Update branch": the base is merged into a pull request's branch. */
import { exclusive } from '../exclusive.ts';
import { branchTip, readCommit, type Signature } from '../git/commits.ts';
import { makeCommit, mergedTree } from '../git/merge.ts';
import { git } from '../git/run-git.ts';
import type { Pull, User } from '../state.ts';
import type { World } from '../world.ts';
import { signature } from './merging.ts';
import { refMoved } from './pushes.ts';

/**
 * Merges the base into the branch, as the button does: GitHub makes and signs the merge. With `files` somebody makes it at
 * their desk and pushes it, and it has the files of that commit. Answers the new head.
 */
export function updatePull(
  world: World,
  pull: Pull,
  user: User,
  { files }: { readonly files?: string } = {},
): Promise<string> {
  const { repository, headSha: before } = pull;
  return exclusive(repository, async () => {
    const { directory } = repository;
    const base = await branchTip(directory, pull.baseRef);
    if (base === null) throw new Error(`${pull.baseRef} is gone`);
    const tree =
      files === undefined
        ? await mergedTree(directory, before, base)
        : (await readCommit(directory, files)).tree;
    if (tree === null) throw new Error(`${pull.baseRef} can't be merged into ${pull.headRef} by itself`);
    const date = world.timestamp();
    const author = signature(user, date);
    const github: Signature = { name: 'GitHub', email: 'noreply@github.com', date };
    const after = await makeCommit(directory, {
      tree,
      parents: [before, base],
      message: `Merge branch '${pull.baseRef}' into ${pull.headRef}`,
      author,
      committer: files === undefined ? github : author,
    });
    if (files === undefined) repository.signed.add(after);
    const ref = `refs/heads/${pull.headRef}`;
    await git(directory, ['update-ref', ref, after, before]);
    await refMoved(world, repository, { ref, before, after, actor: user });
    return after;
  });
}
