/** A merge queue as a GraphQL object. */
import { readCommit } from '../git/commits.ts';
import { nodeId } from '../shapes/accounts.ts';
import type { QueueEntry, Repository } from '../state.ts';
import { connection, type ConnectionArguments } from './connection.ts';
import { need, type Asking } from './context.ts';
import { actorObject } from './people.ts';

type Fields = Record<string, unknown>;

/** Null where the branch has none. */
export function mergeQueueObject(asking: Asking, repository: Repository, branch: string): Fields | null {
  need(asking, repository, 'merge_queues:read');
  const queue = repository.queues.get(branch);
  if (queue === undefined) return null;
  return {
    __typename: 'MergeQueue',
    id: nodeId('MergeQueue', `${repository.id}:${branch}`),
    entries: (args: ConnectionArguments) =>
      connection(queue.entries, args, (entry) =>
        entryObject(asking, entry, queue.entries.indexOf(entry) + 1),
      ),
  };
}

function entryObject(asking: Asking, entry: QueueEntry, position: number): Fields {
  const { repository } = entry.pull;
  const commit = (sha: string) => async (): Promise<Fields> =>
    asking.make.commit(asking, repository, await readCommit(repository.directory, sha));
  return {
    __typename: 'MergeQueueEntry',
    id: nodeId('MergeQueueEntry', entry.id),
    enqueuedAt: entry.at,
    enqueuer: actorObject(asking, entry.enqueuer),
    baseCommit: commit(entry.baseSha),
    headCommit: commit(entry.headSha),
    position,
    jump: false,
    solo: false,
    pullRequest: () => asking.make.pull(asking, entry.pull),
  };
}
