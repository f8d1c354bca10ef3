import type { Transaction } from 'kysely';
import type { Database } from '../../db/database.ts';
import type { Trigger } from '../../domain/trigger.ts';
import { PROMOTE } from '../../effects/promotion-buttons.ts';
import { promotionsOf } from '../../policy/promotions-of.ts';
import { isFinished } from './backed-by-ledger.ts';
import { type StoredDeployment, repositoryOf } from './deployment-row.ts';
import type { Pipeline } from '../pipeline.ts';
import { recordedAssessment } from './recorded-assessment.ts';
import { requestDeployment } from './request-deployment.ts';

type Press = Extract<Trigger, { kind: 'press_button' }>;

/**
 * "Deploy to production" on the check run of a deployment that succeeded elsewhere: asks for the same commit there, in the name of
 * whoever pressed. Whether they may, and whether it is time, is judged as of any other request, by the policy of now; what the button's
 * number stands for is read from the policy that it was shown by. A button that is pressed again while the first press still waits asks once.
 */
export async function promote(
  tx: Transaction<Database>,
  pipeline: Pick<Pipeline, 'queue' | 'now' | 'newId' | 'random' | 'log'>,
  row: StoredDeployment,
  { press, delivery }: { readonly press: Press; readonly delivery: string },
): Promise<void> {
  const { button, presser } = press;
  if (presser === null || row.state !== 'succeeded' || !(await isFinished(tx, row))) return;
  const { reading } = await recordedAssessment({ db: tx }, row);
  const offered = reading.kind === 'valid' ? promotionsOf(reading.policy, row.environment) : [];
  const environment = /^\d$/.test(button.slice(PROMOTE.length))
    ? offered[Number(button.slice(PROMOTE.length))]
    : undefined;
  if (environment === undefined) {
    pipeline.log.warn({ delivery, deployment: row.id, button }, 'a button was pressed that we did not show');
    return;
  }
  const waiting = await tx
    .selectFrom('countersign.deployment')
    .select('id')
    .where('repository_id', '=', row.repository_id)
    .where('environment', '=', environment)
    .where('sha', '=', row.sha)
    .where('source', '=', 'promotion')
    .where('requester_id', '=', presser.id)
    .where('state', 'in', ['requested', 'held', 'approved', 'running'])
    .executeTakeFirst();
  if (waiting !== undefined) {
    await pipeline.queue.send(tx, 'deployment', { id: waiting.id, delivery }, { key: waiting.id });
    return;
  }
  await requestDeployment(tx, pipeline, {
    repository: repositoryOf(row),
    source: 'promotion',
    environment,
    ref: row.ref,
    sha: row.sha,
    requester: presser,
    githubDeploymentId: null,
    runId: null,
    answers: row.finished_entry,
    delivery,
  });
}
