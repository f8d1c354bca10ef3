import { readRunProgress } from '../facts/read-run-progress.ts';
import { type StoredDeployment, repositoryOf, requestOf } from './deployment-row.ts';
import { finishDeployment } from './finish-deployment.ts';
import type { Pipeline } from './pipeline.ts';
import { queueEffects } from './queue-effects.ts';
import { recordRunEnded } from './record-run-ended.ts';
import { recordedAssessment } from './recorded-assessment.ts';
import { startDeployment } from './start-deployment.ts';

/**
 * What an Actions job that we approved does next. Where the operator's file has a target, we deploy once GitHub has let the
 * job start; where it has none, the workflow deploys and we record what GitHub says of it. True: the run has gone beyond
 * its gate, so there is nothing left to judge.
 */
export async function followRun(
  pipeline: Pipeline,
  row: StoredDeployment,
  delivery: string | null,
): Promise<boolean> {
  if (row.run_id === null) return false;
  const repository = repositoryOf(row);
  const progress = await readRunProgress(await pipeline.github(row.installation_id), repository, {
    runId: row.run_id,
    environment: row.environment,
    githubDeploymentId: row.github_deployment_id,
  });
  if (progress === 'waiting') return false;
  const target = pipeline.targetOf(repository, row.environment);
  if (target !== null) {
    // The same key each time: however many events tell that the job runs, it is deployed once.
    if (row.state === 'approved' && progress === 'started') {
      await pipeline.db.transaction().execute((tx) =>
        queueEffects(
          tx,
          pipeline.queue,
          [
            {
              kind: 'deploy',
              key: `deploy:${row.decision_entry ?? row.id}`,
              repository,
              requestId: row.id,
              environment: row.environment,
            },
          ],
          pipeline.now(),
        ),
      );
    }
    // Cancelled, failed or over before the job could start: it never will, and nothing was deployed.
    if (row.state === 'approved' && progress !== 'started') await recordRunEnded(pipeline, row, delivery);
    return true;
  }
  const assessed = await recordedAssessment(pipeline, row);
  const running = row.state === 'approved' ? await startDeployment(pipeline, row, assessed, null) : row;
  if (running !== null && progress !== 'started') {
    pipeline.log.info(
      { deployment: row.id, run: row.run_id, delivery, request: requestOf(row).source },
      'the run has ended',
    );
    const message =
      progress === 'success'
        ? null
        : 'The workflow that deploys did not succeed; its log on GitHub says why.';
    await finishDeployment(pipeline, running, assessed, { outcome: progress, deployed: null, message });
  }
  return true;
}
