/** The merge button, in its three forms. */
import { branchTip, listCommits, readCommit, type Signature } from '../git/commits.ts';
import { makeCommit, mergedTree, rebase } from '../git/merge.ts';
import { git } from '../git/run-git.ts';
import { accountOfEmail, noreply } from '../find.ts';
import { HttpError } from '../http.ts';
import { mergeBlockers } from '../rules/demands.ts';
import type { Actor, Pull } from '../state.ts';
import type { World } from '../world.ts';
import { announcePull } from './pull-requests.ts';
import { refMoved } from './pushes.ts';

export interface MergeWish {
  readonly method: 'merge' | 'squash' | 'rebase';
  readonly title: string | null;
  readonly message: string | null;
  /** The head that the caller saw. */
  readonly sha: string | null;
}

/** As whom somebody commits. */
export const signature = (actor: Actor, date: string): Signature => ({
  name: actor.kind === 'User' ? actor.name : actor.login,
  email: actor.kind === 'User' ? actor.email : noreply(actor),
  date,
});

const trailer = (who: Signature): string => `Co-authored-by: ${who.name} <${who.email}>`;
const trailersOf = (message: string): string[] => message.match(/^co-authored-by: .+$/gim) ?? [];

/** GitHub's default text of a squash: the commits' messages, and a trailer for each author but the pull request's. */
async function squashText(world: World, pull: Pull): Promise<{ title: string; message: string }> {
  const { directory } = pull.repository;
  const commits = await listCommits(directory, [
    '--reverse',
    '--topo-order',
    `${pull.baseSha}..${pull.headSha}`,
  ]);
  const others = new Map<string, string>();
  for (const commit of commits) {
    const account = accountOfEmail(world, commit.author.email);
    if (account?.id !== pull.author.id) others.set(commit.author.email.toLowerCase(), trailer(commit.author));
    for (const line of trailersOf(commit.message)) {
      const email = /<([^>]+)>/.exec(line)?.[1] ?? line;
      if (accountOfEmail(world, email)?.id !== pull.author.id) others.set(email.toLowerCase(), line);
    }
  }
  const [only] = commits;
  const head =
    commits.length === 1 && only !== undefined ? (only.message.split('\n')[0] ?? pull.title) : pull.title;
  const bodyOf = (text: string): string =>
    text
      .split('\n')
      .slice(1)
      .filter((line) => trailersOf(line).length === 0)
      .join('\n')
      .trim();
  const body =
    commits.length === 1 && only !== undefined
      ? bodyOf(only.message)
      : commits.map((commit) => `* ${commit.message}`).join('\n\n');
  const trailers = [...others.values()];
  const tail =
    trailers.length === 0 ? '' : `${commits.length > 1 ? '---------\n\n' : ''}${trailers.join('\n')}`;
  return {
    title: `${head} (#${pull.number})`,
    message: [body, tail].filter((part) => part !== '').join('\n\n'),
  };
}

const text = (title: string, message: string): string => (message === '' ? title : `${title}\n\n${message}`);

/** Makes what a merge leaves on `base`, without moving any branch. Null where it conflicts. */
export async function makeMerge(
  world: World,
  pull: Pull,
  base: string,
  actor: Actor,
  wish: MergeWish,
): Promise<string | null> {
  const { directory, signed } = pull.repository;
  const date = world.timestamp();
  const github: Signature = { name: 'GitHub', email: 'noreply@github.com', date };
  if (wish.method === 'rebase') return rebase(directory, base, pull.headSha, signature(actor, date));
  const tree = await mergedTree(directory, base, pull.headSha);
  if (tree === null) return null;
  const squash = wish.method === 'squash';
  const usual = squash
    ? await squashText(world, pull)
    : {
        title: `Merge pull request #${pull.number} from ${pull.headRepository.owner.login}/${pull.headRef}`,
        message: pull.title,
      };
  const sha = await makeCommit(directory, {
    tree: pull.landsAs === null ? tree : (await readCommit(directory, pull.landsAs)).tree,
    parents: squash ? [base] : [base, pull.headSha],
    message: text(wish.title ?? usual.title, wish.message ?? usual.message),
    author: signature(squash ? pull.author : actor, date),
    committer: github,
  });
  signed.add(sha);
  return sha;
}

/** Merges, or says as GitHub would why not. Call it with the repository's turn taken. */
export async function mergePull(world: World, pull: Pull, actor: Actor, wish: MergeWish): Promise<string> {
  const { repository } = pull;
  if (pull.state !== 'open') throw new HttpError(405, 'Pull Request is not mergeable');
  if (wish.sha !== null && wish.sha !== pull.headSha)
    throw new HttpError(409, 'Head branch was modified. Review and try the merge again.');
  if (pull.draft) throw new HttpError(405, 'Pull Request is still a draft');
  const blockers = await mergeBlockers(world, pull, actor, wish.method);
  if (blockers.length > 0) throw new HttpError(405, blockers.join('\n'));
  const ref = `refs/heads/${pull.baseRef}`;
  const base = await branchTip(repository.directory, pull.baseRef);
  if (base === null) throw new HttpError(405, 'Base branch does not exist');
  pull.baseSha = base;
  const sha = await makeMerge(world, pull, base, actor, wish);
  if (sha === null) throw new HttpError(405, 'Pull Request is not mergeable');
  await readCommit(repository.directory, sha);
  await git(repository.directory, ['update-ref', ref, sha, base]);
  const at = world.timestamp();
  pull.merge = { at, by: actor, sha };
  pull.state = 'closed';
  pull.closedAt = at;
  pull.updatedAt = at;
  await announcePull(world, pull, 'closed', actor);
  await refMoved(world, repository, { ref, before: base, after: sha, actor, merge: true });
  return sha;
}
