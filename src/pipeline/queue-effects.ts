import type { Transaction } from 'kysely';
import type { Database } from '../db/database.ts';
import type { Queue } from '../db/queue.ts';
import type { Effect } from '../domain/effect.ts';

/**
 * Stores planned effects and queues a job for each, in the caller's transaction. The same key planned twice is one
 * effect: whoever plans again after a crash finds the row there and queues nothing.
 */
export async function queueEffects(
  tx: Transaction<Database>,
  queue: Queue,
  effects: readonly Effect[],
  now: string,
): Promise<void> {
  for (const effect of effects) {
    const inserted = await tx
      .insertInto('countersign.effect')
      .values({
        key: effect.key,
        ordering_key: orderingKey(effect),
        effect: JSON.stringify(effect),
        state: 'planned',
        remote_id: null,
        error: null,
        planned_at: new Date(now),
        finished_at: null,
      })
      .onConflict((conflict) => conflict.column('key').doNothing())
      .returning('key')
      .executeTakeFirst();
    if (inserted === undefined) continue;
    await queue.send(
      tx,
      effect.kind === 'deploy' ? 'deploy' : 'effect',
      { key: effect.key },
      {
        key: orderingKey(effect),
        ...(effect.kind === 'deploy' && effect.hasTarget ? { lane: effect.environment } : {}),
      },
    );
  }
}

/** Effects with the same ordering key are done one after the other, in the order in which they were planned. */
export function orderingKey(effect: Effect): string {
  switch (effect.kind) {
    case 'check_run':
      return `check_run:${effect.repository.id}:${effect.checkRun.sha}:${effect.checkRun.name}`;
    case 'create_deployment':
    case 'deployment_status':
    case 'answer_protection_rule':
      return `deployment:${effect.requestId}`;
    case 'deploy':
      return `deploy:${effect.repository.id}:${effect.environment}`;
  }
}
