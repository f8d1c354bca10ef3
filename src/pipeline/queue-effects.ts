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

/**
 * Plans again what followed from an entry and was given up: GitHub still shows what was before it, which may be a pass. The
 * deploy of it isn't: what became of that, the hosts show.
 */
export async function retryFailed(tx: Transaction<Database>, queue: Queue, entryId: string): Promise<void> {
  const kinds = ['check_run', 'create_deployment', 'deployment_status', 'answer_protection_rule'] as const;
  const failed = await tx
    .updateTable('countersign.effect')
    .set({ state: 'planned', error: null, finished_at: null })
    .where(
      'key',
      'in',
      kinds.map((kind) => `${kind}:${entryId}`),
    )
    .where('state', '=', 'failed')
    .returning(['key', 'ordering_key'])
    .execute();
  for (const { key, ordering_key: ordering } of failed)
    await queue.send(tx, 'effect', { key }, { key: ordering });
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
    case 'comment':
    case 'reaction':
      return `comments:${effect.repository.id}:${effect.number}`;
    case 'deploy':
      return `deploy:${effect.repository.id}:${effect.environment}`;
  }
}
