import type { Transaction } from 'kysely';
import type { Database } from '../../db/database.ts';
import type { StoredDeployment } from './deployment-row.ts';

/**
 * Whether a deployment is still under way, held until the transaction ends: its end takes the same row, so it comes before, and this is
 * false, or after, and then it sees what was recorded and planned here.
 */
export async function holdRunning(
  tx: Transaction<Database>,
  { id }: Pick<StoredDeployment, 'id'>,
): Promise<boolean> {
  const running = await tx
    .selectFrom('countersign.deployment')
    .select('id')
    .where('id', '=', id)
    .where('state', 'in', ['running', 'unknown'])
    .forUpdate()
    .executeTakeFirst();
  return running !== undefined;
}
