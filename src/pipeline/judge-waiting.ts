import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import type { Queue } from '../db/queue.ts';

/** Queues a new judgement of what waits for an environment: all of it, or only one commit's. */
export async function judgeWaiting(
  db: Kysely<Database>,
  queue: Queue,
  of: {
    readonly repositoryId: number;
    readonly environment: string;
    readonly sha: string | null;
    readonly delivery: string | null;
  },
): Promise<void> {
  const { repositoryId, environment, sha, delivery } = of;
  const waiting = db
    .selectFrom('countersign.deployment')
    .select('id')
    .where('repository_id', '=', repositoryId)
    .where('environment', '=', environment)
    .where('state', 'in', ['requested', 'held', 'approved']);
  const rows = await (sha === null ? waiting : waiting.where('sha', '=', sha)).execute();
  for (const { id } of rows) await queue.send(db, 'deployment', { id, delivery }, { key: id });
}
