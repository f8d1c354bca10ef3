import type { JobContext } from '../../db/queue.ts';
import { readEntry } from '../../ledger/store/read.ts';
import type { AssessedDeployment } from './assess-deployment.ts';
import type { StoredDeployment } from './deployment-row.ts';
import { finishDeployment } from './finish-deployment.ts';
import type { Pipeline } from '../pipeline.ts';

/**
 * Ends a deployment whose hosts can't be asked any more, as failed. Where an earlier attempt had begun, the entry names the hosts on
 * which it may run.
 */
export async function endUnseen(
  pipeline: Pipeline,
  row: StoredDeployment,
  assessed: AssessedDeployment,
  why: string,
  job: Pick<JobContext, 'assertHeld'>,
): Promise<void> {
  const begun = row.reached_hosts ? row.started_entry : null;
  const start = begun === null ? null : await readEntry(pipeline.db, begun);
  const unseen = start?.content.hosts ?? [];
  const message =
    unseen.length === 0
      ? why
      : `${why} It had been begun, and may run on ${unseen.join(', ')}: look there yourself.`;
  const finished = { outcome: 'failure', deployed: null, unseen, message } as const;
  await finishDeployment(pipeline, row, assessed, finished, job);
}
