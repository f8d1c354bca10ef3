import type { Kysely, Transaction } from 'kysely';
import type { Database } from '../../db/database.ts';
import type { MergeGroupRef } from '../../domain/merge-group-facts.ts';
import type { RepositoryRef } from '../../domain/repository.ts';
import type { QueuedCommit } from '../../facts/read-queue-entries.ts';
import type { MergeGroupJob } from '../jobs.ts';
import type { Pipeline } from '../pipeline.ts';

type State = 'open' | 'merged' | 'invalidated' | 'dequeued';
type Reading = Kysely<Database> | Transaction<Database>;

export interface StoredGroup {
  readonly group: MergeGroupRef;
  readonly state: State;
}

/**
 * Notes what a webhook says of a merge group, and queues its judgement (or its end). Deliveries come in any order: one that
 * has ended stays ended.
 */
export async function noteGroup(
  tx: Transaction<Database>,
  { queue }: Pick<Pipeline, 'queue'>,
  repository: RepositoryRef,
  noted: { readonly group: MergeGroupRef; readonly state: State; readonly delivery: string },
): Promise<void> {
  const { group, state, delivery } = noted;
  await tx
    .insertInto('countersign.merge_group')
    .values({
      repository_id: repository.id,
      head_sha: group.headSha,
      head_ref: group.headRef,
      base_sha: group.baseSha,
      base_ref: group.baseRef,
      pull_request: group.pullRequest,
      pull_requests: [],
      state,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['repository_id', 'head_sha'])
        .doUpdateSet({ state })
        .where('countersign.merge_group.state', '=', 'open'),
    )
    .execute();
  await send(tx, queue, { repository, headSha: group.headSha, delivery });
}

/**
 * Queues a new judgement of the merge groups that are there: all of a repository, or those into one branch; where `with` or
 * `headSha` are given, only those that have one of the pull requests, that weren't judged yet, or that have that head.
 */
export async function queueGroups(
  db: Reading,
  { queue }: Pick<Pipeline, 'queue'>,
  repository: RepositoryRef,
  wanted: {
    readonly delivery: string | null;
    readonly branch?: string;
    readonly headSha?: string;
    readonly with?: readonly number[];
  },
): Promise<void> {
  let rows = db
    .selectFrom('countersign.merge_group')
    .select(['head_sha', 'pull_requests'])
    .where('repository_id', '=', repository.id)
    .where('state', '=', 'open');
  if (wanted.branch !== undefined) rows = rows.where('base_ref', '=', wanted.branch);
  const some = wanted.with !== undefined || wanted.headSha !== undefined;
  for (const { head_sha: headSha, pull_requests: numbers } of await rows.execute()) {
    const concerned =
      headSha === wanted.headSha ||
      (wanted.with !== undefined && numbers.length === 0) ||
      numbers.some((number) => wanted.with?.includes(number) === true);
    if (!some || concerned) await send(db, queue, { repository, headSha, delivery: wanted.delivery });
  }
}

async function send(db: Reading, queue: Pipeline['queue'], job: MergeGroupJob): Promise<void> {
  await queue.send(db, 'merge_group', job, { key: `${job.repository.id}:${job.headSha}` });
}

/** A group as it was last heard of; locked until the transaction ends, where there is one. */
export async function readGroup(
  db: Reading,
  { id }: RepositoryRef,
  headSha: string,
): Promise<StoredGroup | null> {
  const row = await db
    .selectFrom('countersign.merge_group')
    .selectAll()
    .where('repository_id', '=', id)
    .where('head_sha', '=', headSha)
    .$if(db.isTransaction, (query) => query.forUpdate())
    .executeTakeFirst();
  if (row === undefined) return null;
  const { head_ref: headRef, base_sha: baseSha, base_ref: baseRef, pull_request: pullRequest, state } = row;
  return { group: { headSha, headRef, baseSha, baseRef, pullRequest }, state };
}

export async function isOpenGroup(db: Reading, repository: RepositoryRef, headSha: string): Promise<boolean> {
  return (await readGroup(db, repository, headSha))?.state === 'open';
}

/** Which pull request each group's head ends, as GitHub's webhooks had it: that stays true when a group is gone. */
export async function namedByGroups(
  db: Reading,
  { id }: RepositoryRef,
  baseRef: string,
): Promise<readonly QueuedCommit[]> {
  const rows = await db
    .selectFrom('countersign.merge_group')
    .select(['head_sha as sha', 'pull_request as pullRequest'])
    .where('repository_id', '=', id)
    .where('base_ref', '=', baseRef)
    .where('state', 'in', ['open', 'merged'])
    .execute();
  return rows.flatMap(({ sha, pullRequest }) => (pullRequest === null ? [] : [{ sha, pullRequest }]));
}
