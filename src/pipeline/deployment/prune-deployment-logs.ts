import type { Pipeline } from '../pipeline.ts';

/** How often it is done, in milliseconds, beside at each deployment's end: there may be no other for a long time. */
export const PRUNE_LOGS_MS = 60 * 60_000;

const KEPT_DAYS = 90;
const DAY = 86_400_000;

/** Takes away what deployments of long ago were seen doing; what counts of it is in the ledger. */
export async function pruneDeploymentLogs({ db, now }: Pick<Pipeline, 'db' | 'now'>): Promise<void> {
  await db
    .deleteFrom('countersign.deployment_log')
    .where('at', '<', new Date(Date.parse(now()) - KEPT_DAYS * DAY))
    .execute();
}
