import type { Pipeline } from './pipeline.ts';

/** A delivery that GitHub never sent must not leave a deployment waiting for ever. */
export const LOOK_AGAIN_MS = 5 * 60_000;

const HOUR_MS = 60 * 60_000;

/** Queues a new judgement of what waits. */
export async function lookAgain({ db, queue, now }: Pick<Pipeline, 'db' | 'queue' | 'now'>): Promise<void> {
  const waiting = await db
    .selectFrom('countersign.deployment')
    .select(['id', 'state', 'updated_at'])
    .where('state', 'in', ['requested', 'held', 'approved'])
    .execute();
  const moment = Date.parse(now());
  for (const { id, state, updated_at: changed } of waiting) {
    if (state === 'held' && !isDue(moment - changed.getTime())) continue;
    await queue.send(db, 'deployment', { id, delivery: null }, { key: id });
  }
}

/**
 * Whether what has stood unchanged for so long is looked at by this turn of the clock: at each one for an hour, then each
 * half an hour, and after a day each six hours. What happens meanwhile comes by its event; this is for events that were lost.
 */
export function isDue(unchangedMs: number): boolean {
  const every =
    unchangedMs < HOUR_MS ? LOOK_AGAIN_MS : unchangedMs < 24 * HOUR_MS ? HOUR_MS / 2 : 6 * HOUR_MS;
  return unchangedMs % every < LOOK_AGAIN_MS;
}
