import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import type { Queue } from '../db/queue.ts';

/** One verified webhook request. */
export interface Delivery {
  readonly guid: string;
  readonly event: string;
  readonly action: string | null;
  readonly installationId: number | null;
  readonly body: Buffer;
  readonly receivedAt: Date;
}

/**
 * Stores a delivery together with the job that will work it, in one transaction: a crash before the commit leaves
 * neither, and GitHub shows the delivery as failed. False: we have it already, and nothing was done.
 */
export async function storeDelivery(
  db: Kysely<Database>,
  queue: Queue,
  delivery: Delivery,
): Promise<boolean> {
  return await db.transaction().execute(async (tx) => {
    const stored = await tx
      .insertInto('countersign.delivery')
      .values({
        guid: delivery.guid,
        event: delivery.event,
        action: delivery.action,
        installation_id: delivery.installationId,
        body: delivery.body,
        received_at: delivery.receivedAt,
      })
      .onConflict((conflict) => conflict.column('guid').doNothing())
      .executeTakeFirst();
    if (stored.numInsertedOrUpdatedRows !== 1n) return false;
    await queue.send(tx, 'delivery', { guid: delivery.guid });
    return true;
  });
}
