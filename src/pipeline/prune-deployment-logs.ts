import type { Pipeline } from './pipeline.ts';

const KEPT_DAYS = 90;
const DAY = 86_400_000;

/** Takes away what deployments of long ago were seen doing; what counts of it is in the ledger. */
export async function pruneDeploymentLogs({ db, now }: Pick<Pipeline, 'db' | 'now'>): Promise<void> {
  await db
    .deleteFrom('countersign.deployment_log')
    .where('at', '<', new Date(Date.parse(now()) - KEPT_DAYS * DAY))
    .execute();
}
