import { sql, type Transaction } from 'kysely';
import type { Database } from '../../db/database.ts';
import type { EmergencyAct } from '../../db/operation-tables.ts';
import { CodedError } from '../../domain/coded-error.ts';

/** What happened to an emergency, or a bypass, so far: by the act, the deployment that it was by. */
export type ActsSoFar = ReadonlyMap<EmergencyAct, { readonly deployment: string | null }>;

/** Until the transaction ends, nothing else happens to this emergency: so a use and its expiry can't both be. */
export async function holdEmergency(tx: Transaction<Database>, emergency: string): Promise<ActsSoFar> {
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`emergency:${emergency}`}, 0))`.execute(tx);
  const rows = await tx
    .selectFrom('countersign.emergency_act')
    .select(['act', 'deployment_id'])
    .where('emergency', '=', emergency)
    .execute();
  return new Map(rows.map(({ act, deployment_id }) => [act, { deployment: deployment_id }]));
}

/**
 * That it happens, once. Throws `facts_moved` where it happened already, and then the whole transaction leaves nothing: who tried
 * judges again, and sees what the other one did.
 */
export async function noteAct(
  tx: Transaction<Database>,
  act: {
    readonly emergency: string;
    readonly act: EmergencyAct;
    readonly entryId: string;
    readonly deployment?: string;
  },
): Promise<void> {
  const noted = await tx
    .insertInto('countersign.emergency_act')
    .values({
      emergency: act.emergency,
      act: act.act,
      entry_id: act.entryId,
      deployment_id: act.deployment ?? null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('act')
    .executeTakeFirst();
  if (noted !== undefined) return;
  throw new CodedError(
    'facts_moved',
    `emergency ${act.emergency} was ${act.act} at this moment by somebody else: it is judged again`,
  );
}
