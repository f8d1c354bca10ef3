/**
 * A branch's merge queue, as GitHub's documents describe it: each queued pull request gets a temporary branch on which it is
 * merged onto the one before it, its checks are asked for by a `merge_group`, and what is green from the front on lands by
 * moving the branch. What fails is taken out, and what stood on it is made anew.
 */
import { announce } from '../announce.ts';
import { exclusive } from '../exclusive.ts';
import { branchTip, readCommit } from '../git/commits.ts';
import { makeCommit } from '../git/merge.ts';
import { git } from '../git/run-git.ts';
import { HttpError } from '../http.ts';
import { checkFailed, checkPassed } from '../rules/checks.ts';
import { demandsOn, mergeBlockers } from '../rules/demands.ts';
import type { Actor, MergeQueue, Pull, PullEvent, QueueEntry, Repository, User } from '../state.ts';
import type { World } from '../world.ts';
import { makeMerge } from './merging.ts';
import { announcePull } from './pull-requests.ts';
import { refMoved } from './pushes.ts';

/** Switches a branch's queue on. `together`: so many are merged at once, and not before so many are green. */
export function openMergeQueue(
  repository: Repository,
  branch: string,
  { method, together = 1 }: { readonly method: MergeQueue['method']; readonly together?: number },
): void {
  repository.queues.set(branch, { branch, method, together, entries: [] });
}

function queueOf(repository: Repository, branch: string): MergeQueue {
  const queue = repository.queues.get(branch);
  if (queue === undefined) throw new HttpError(422, `${branch} has no merge queue`);
  return queue;
}

/** "Merge when ready": it has to be mergeable by itself to get in. */
export function enqueuePull(world: World, pull: Pull, enqueuer: User): Promise<QueueEntry> {
  const { repository } = pull;
  return exclusive(repository, async () => {
    const queue = queueOf(repository, pull.baseRef);
    if (queue.entries.some((entry) => entry.pull === pull)) throw new HttpError(422, 'Already in the queue');
    const blockers = await mergeBlockers(world, pull, enqueuer, queue.method);
    if (pull.state !== 'open' || pull.draft || blockers.length > 0)
      throw new HttpError(405, ['Pull Request is not mergeable', ...blockers].join('\n'));
    note(world, pull, 'AddedToMergeQueueEvent', { actor: enqueuer, reason: '' });
    const wanted = { pull, enqueuer, at: world.timestamp() };
    const entry = await makeGroup(world, queue, wanted);
    if (entry === null) throw new HttpError(405, 'Pull Request is not mergeable');
    queue.entries.push(entry);
    return entry;
  });
}

type Wanted = Pick<QueueEntry, 'pull' | 'enqueuer' | 'at'>;

/** Merges it onto the last one in the queue (or the branch), and asks for the checks. Null where it conflicts. */
async function makeGroup(world: World, queue: MergeQueue, wanted: Wanted): Promise<QueueEntry | null> {
  const { pull, enqueuer } = wanted;
  const { repository } = pull;
  const baseSha = queue.entries.at(-1)?.headSha ?? (await branchTip(repository.directory, queue.branch));
  if (baseSha === null) return null;
  const wish = { method: queue.method, title: null, message: null, sha: null };
  const headSha = await makeMerge(world, pull, baseSha, enqueuer, wish);
  if (headSha === null) return null;
  const ref = `refs/heads/gh-readonly-queue/${queue.branch}/pr-${pull.number}-${baseSha}`;
  const entry: QueueEntry = { id: world.id(), ...wanted, ref, baseSha, headSha };
  await git(repository.directory, ['update-ref', ref, headSha]);
  const moved = { ref, before: null, after: headSha, actor: world.mergeQueueBot };
  await refMoved(world, repository, moved);
  await announceGroup(world, queue, entry, { action: 'checks_requested' });
  return entry;
}

async function announceGroup(
  world: World,
  { branch }: MergeQueue,
  { pull: { repository }, ref, baseSha, headSha }: QueueEntry,
  { action, reason }: { readonly action: 'checks_requested' | 'destroyed'; readonly reason?: string },
): Promise<void> {
  const commit = await readCommit(repository.directory, headSha);
  const person = ({ name, email }: { readonly name: string; readonly email: string }) => ({ name, email });
  announce(world, repository, {
    event: 'merge_group',
    action,
    sender: world.mergeQueueBot,
    payload: {
      ...(reason === undefined ? {} : { reason }),
      merge_group: {
        head_sha: headSha,
        head_ref: ref,
        base_sha: baseSha,
        base_ref: `refs/heads/${branch}`,
        head_commit: {
          id: commit.sha,
          tree_id: commit.tree,
          message: commit.message,
          timestamp: commit.committer.date,
          author: person(commit.author),
          committer: person(commit.committer),
        },
      },
    },
  });
}

/** Lets every queue of a repository go on, as GitHub does whenever a check on one of its groups says something new. */
export async function settleQueues(world: World, repository: Repository): Promise<void> {
  await exclusive(repository, async () => {
    for (const queue of repository.queues.values()) await settle(world, repository, queue);
  });
}

async function settle(world: World, repository: Repository, queue: MergeQueue): Promise<void> {
  const checks = demandsOn(world, repository, queue.branch).flatMap((demand) => demand.checks);
  const red = queue.entries.find(({ headSha }) =>
    checks.some((check) => checkFailed(repository, headSha, check)),
  );
  if (red !== undefined) {
    await takeOut(world, queue, red, 'failed_checks');
    return settle(world, repository, queue);
  }
  const waiting = queue.entries.findIndex(
    ({ headSha }) => !checks.every((check) => checkPassed(repository, headSha, check)),
  );
  const green = queue.entries.slice(0, waiting === -1 ? queue.entries.length : waiting);
  if (green.length < queue.together || green.length === 0) return;
  await land(world, repository, queue, green.slice(0, queue.together));
  return settle(world, repository, queue);
}

/** Takes one out, and makes anew whatever was merged onto it. */
async function takeOut(world: World, queue: MergeQueue, entry: QueueEntry, reason: string): Promise<void> {
  const behind = queue.entries.splice(queue.entries.indexOf(entry)).slice(1);
  note(world, entry.pull, 'RemovedFromMergeQueueEvent', { actor: world.mergeQueueBot, reason });
  await destroy(world, queue, entry, 'dequeued');
  for (const each of behind) {
    await destroy(world, queue, each, 'invalidated');
    const anew = await makeGroup(world, queue, each);
    if (anew === null)
      note(world, each.pull, 'RemovedFromMergeQueueEvent', { actor: world.mergeQueueBot, reason });
    else queue.entries.push(anew);
  }
}

async function destroy(
  world: World,
  queue: MergeQueue,
  entry: QueueEntry,
  reason: 'merged' | 'invalidated' | 'dequeued',
): Promise<void> {
  const { repository } = entry.pull;
  await git(repository.directory, ['update-ref', '-d', entry.ref]);
  const gone = { ref: entry.ref, before: entry.headSha, after: null, actor: world.mergeQueueBot };
  await refMoved(world, repository, gone);
  await announceGroup(world, queue, entry, { action: 'destroyed', reason });
}

/** Moves the branch to the last one's head, once for all of them. */
async function land(
  world: World,
  repository: Repository,
  queue: MergeQueue,
  entries: readonly QueueEntry[],
): Promise<void> {
  const [first, last] = [entries[0], entries.at(-1)];
  if (first === undefined || last === undefined) return;
  queue.entries.splice(0, entries.length);
  const ref = `refs/heads/${queue.branch}`;
  await git(repository.directory, ['update-ref', ref, last.headSha, first.baseSha]);
  for (const { pull, headSha } of entries) {
    const at = world.timestamp();
    pull.merge = { at, by: world.mergeQueueBot, sha: headSha };
    pull.state = 'closed';
    pull.closedAt = at;
    pull.updatedAt = at;
    await announcePull(world, pull, 'closed', world.mergeQueueBot);
  }
  const moved = { ref, before: first.baseSha, after: last.headSha, actor: world.mergeQueueBot };
  await refMoved(world, repository, { ...moved, merge: true, queue: true });
  for (const entry of entries) await destroy(world, queue, entry, 'merged');
}

/**
 * What GitHub lets nobody do: puts a commit of other files onto a group's head, or in its place, and asks for the checks on
 * that. `files` is the commit whose files it has.
 */
export function tamperWithGroup(
  world: World,
  pull: Pull,
  { files, instead }: { readonly files: string; readonly instead: boolean },
): Promise<string> {
  const { repository } = pull;
  return exclusive(repository, async () => {
    const queue = queueOf(repository, pull.baseRef);
    const index = queue.entries.findIndex((entry) => entry.pull === pull);
    const entry = queue.entries[index];
    if (entry === undefined) throw new Error(`#${pull.number} is not in the queue`);
    const { tree } = await readCommit(repository.directory, files);
    const head = await readCommit(repository.directory, entry.headSha);
    const commit = { message: head.message, author: head.author, committer: head.committer };
    const headSha = await makeCommit(repository.directory, {
      ...commit,
      tree,
      parents: instead ? head.parents : [head.sha],
    });
    if (instead) repository.signed.add(headSha);
    await git(repository.directory, ['update-ref', entry.ref, headSha]);
    const tampered = { ...entry, headSha };
    queue.entries[index] = tampered;
    await announceGroup(world, queue, tampered, { action: 'checks_requested' });
    return headSha;
  });
}

function note(
  world: World,
  pull: Pull,
  type: PullEvent['type'],
  { actor, reason }: { readonly actor: Actor; readonly reason: string },
): void {
  const [id, at] = [world.id(), world.timestamp()];
  pull.events.push({ type, id, at, actor, before: '', after: reason, review: null });
}
