import type { Kysely } from 'kysely';
import type { Database } from '../../db/database.ts';
import type { Queue } from '../../db/queue.ts';

/** Queues a new judgement of what waits in a repository: for any environment or one, and all of it or only one commit's. */
export async function judgeWaiting(
  db: Kysely<Database>,
  queue: Queue,
  of: {
    readonly repositoryId: number;
    readonly environment: string | null;
    readonly sha: string | null;
    readonly delivery: string | null;
  },
): Promise<void> {
  const { repositoryId, environment, sha, delivery } = of;
  let waiting = db
    .selectFrom('countersign.deployment')
    .select('id')
    .where('repository_id', '=', repositoryId)
    .where('state', 'in', ['requested', 'held', 'approved']);
  if (environment !== null) waiting = waiting.where('environment', '=', environment);
  if (sha !== null) waiting = waiting.where('sha', '=', sha);
  const rows = await waiting.execute();
  for (const { id } of rows) await queue.send(db, 'deployment', { id, delivery }, { key: id });
}
