import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { Database } from '../db/database.ts';
import type { Queue } from '../db/queue.ts';
import { CodedError } from '../domain/coded-error.ts';

/** What takes a delivery; Probot's `receive` fits. It may get the same one more than once. */
export interface DeliveryReceiver {
  receive(delivery: { readonly id: string; readonly name: string; readonly payload: unknown }): Promise<void>;
}

const jobSchema = z.object({ guid: z.guid() });

/** Hands stored deliveries to the receiver, several at a time: their order means nothing, GitHub doesn't keep it either. */
export async function workDeliveries(
  queue: Queue,
  db: Kysely<Database>,
  receiver: DeliveryReceiver,
  options: { readonly concurrency?: number } = {},
): Promise<void> {
  await queue.work(
    'delivery',
    async (data) => {
      const { guid } = jobSchema.parse(data);
      await deliverStored(db, receiver, guid);
    },
    { concurrency: options.concurrency ?? 2 },
  );
}

/** Reads one stored delivery and hands it over. */
export async function deliverStored(
  db: Kysely<Database>,
  receiver: DeliveryReceiver,
  guid: string,
): Promise<void> {
  const row = await db
    .selectFrom('countersign.delivery')
    .select(['event', 'body'])
    .where('guid', '=', guid)
    .executeTakeFirst();
  if (row === undefined) {
    throw new CodedError(
      'delivery_missing',
      `there is a job for the delivery ${guid}, but no such delivery is stored.`,
    );
  }
  const payload: unknown = JSON.parse(row.body.toString('utf8'));
  await receiver.receive({ id: guid, name: row.event, payload });
}
