import { readRunProgress, type RunProgress } from '../../facts/read-run-progress.ts';
import { BYPASSED } from './backed-by-ledger.ts';
import { withControlsNow } from '../control/controls-at-start.ts';
import { type StoredDeployment, repositoryOf, requestOf } from './deployment-row.ts';
import { finishDeployment } from './finish-deployment.ts';
import type { DeploymentJob } from '../jobs.ts';
import type { Pipeline } from '../pipeline.ts';
import { queueEffects } from '../queue-effects.ts';
import { recordedAssessment } from './recorded-assessment.ts';
import { recordRunEnded } from './record-run-ended.ts';
import { startBypassed } from './start-bypassed.ts';
import { startDeployment } from './start-deployment.ts';

/** States in which a run is looked at: before its first judgement there is nothing to compare it with. */
export const FOLLOWED: readonly StoredDeployment['state'][] = ['held', 'rejected', 'approved', 'running'];

/** What GitHub tells of waiting jobs is up to some twenty seconds old. */
const STALE_SECONDS = 30;

/**
 * `before`: it waits at its gate, or nobody knows. `beyond`: there is nothing left to judge. `over`: cancelled or failed while
 * it was held. Why may be a reviewer's no, so it is judged once more before `endHeldRun` says that nothing waits any more.
 */
export type Followed = 'before' | 'beyond' | 'over';

interface Look {
  readonly delivery: string | null;
  /** Since when the job seems to have started, by an earlier look. */
  readonly seenStarted: string | null;
}

/**
 * What an Actions job that waits on our rule does next. Where the operator's file has a target, we deploy once GitHub has let
 * an approved job start; where it has none, the workflow deploys and we record what GitHub says of it. A job that starts
 * without our approval (somebody bypassed the rule, or the approval was taken back too late) is recorded as that, and we
 * deploy nothing.
 */
export async function followRun(pipeline: Pipeline, row: StoredDeployment, look: Look): Promise<Followed> {
  const { delivery } = look;
  if (row.run_id === null || !FOLLOWED.includes(row.state)) return 'before';
  const repository = repositoryOf(row);
  const progress = await readRunProgress(await pipeline.github(row.installation_id), repository, {
    runId: row.run_id,
    environment: row.environment,
    sha: row.sha,
    githubDeploymentId: row.github_deployment_id,
  });
  if (row.state === 'held' || row.state === 'rejected') {
    if (!progress.passed) return row.state === 'held' && progress.state === 'failure' ? 'over' : 'before';
    const running = await startBypassed(pipeline, row);
    if (running !== null) await endBypassed(pipeline, running, progress);
    return 'beyond';
  }
  if (progress.state === 'waiting') return 'before';
  if (row.state === 'running') await end(pipeline, row, progress, delivery);
  else if (await isCertain(pipeline, row, progress, look)) await pass(pipeline, row, progress, delivery);
  return 'beyond';
}

/** Ends a held deployment whose run is over, unless it was judged otherwise just now. */
export async function endHeldRun(pipeline: Pipeline, id: string, delivery: string | null): Promise<void> {
  const row = await pipeline.db
    .selectFrom('countersign.deployment')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst();
  if (row?.state === 'held') await recordRunEnded(pipeline, row, delivery);
}

/**
 * Whether a job that seems to have started really has. Where only GitHub's list of what waits says so, by not naming it, that
 * list may be a moment old, and GitHub's own reviewers may not have answered: it has to say so for a while.
 */
async function isCertain(
  { db, queue, now }: Pipeline,
  { id }: StoredDeployment,
  { state, passed }: RunProgress,
  { delivery, seenStarted }: Look,
): Promise<boolean> {
  if (passed || state !== 'started') return true;
  const since = seenStarted ?? now();
  if (Date.parse(now()) - Date.parse(since) >= STALE_SECONDS * 1000) return true;
  const again: DeploymentJob = { id, delivery, seenStarted: since };
  await queue.send(db, 'deployment', again, { key: id, startAfterSeconds: STALE_SECONDS });
  return false;
}

/** An approved job whose gate is behind it. */
async function pass(
  pipeline: Pipeline,
  row: StoredDeployment,
  progress: RunProgress,
  delivery: string | null,
): Promise<void> {
  const repository = repositoryOf(row);
  if (pipeline.targetOf(repository, row.environment) === null) {
    const assessed = await withControlsNow(pipeline, row, await recordedAssessment(pipeline, row));
    const running = await startDeployment(pipeline, row, assessed, null);
    if (running !== null) await end(pipeline, running, progress, delivery);
    return;
  }
  // Cancelled, failed or over before the job could start: it never will, and nothing was deployed.
  if (progress.state !== 'started') return recordRunEnded(pipeline, row, delivery);
  // The same key each time: however many events tell that the job runs, it is deployed once.
  const key = `deploy:${row.decision_entry ?? row.id}`;
  const { environment } = row;
  await pipeline.db
    .transaction()
    .execute((tx) =>
      queueEffects(
        tx,
        pipeline.queue,
        [{ kind: 'deploy', key, repository, requestId: row.id, environment, hasTarget: true }],
        pipeline.now(),
      ),
    );
}

/** A job that runs, and that isn't ours to end: the workflow deploys, or it runs without our approval. */
async function end(
  pipeline: Pipeline,
  row: StoredDeployment,
  progress: RunProgress,
  delivery: string | null,
): Promise<void> {
  const assessed = await recordedAssessment(pipeline, row);
  if (assessed.outcome === BYPASSED) return endBypassed(pipeline, row, progress);
  if (assessed.outcome === 'by_ssh' || progress.state === 'started' || progress.state === 'waiting') return;
  pipeline.log.info(
    { deployment: row.id, run: row.run_id, delivery, request: requestOf(row).source },
    'the run has ended',
  );
  const message =
    progress.state === 'success'
      ? null
      : 'The workflow that deploys did not succeed; its log on GitHub says why.';
  await finishDeployment(pipeline, row, assessed, { outcome: progress.state, deployed: null, message }, null);
}

async function endBypassed(pipeline: Pipeline, row: StoredDeployment, { state }: RunProgress): Promise<void> {
  if (state === 'started' || state === 'waiting') return;
  const assessed = await recordedAssessment(pipeline, row);
  const how = state === 'success' ? 'succeeded' : state === 'failure' ? 'failed' : 'ended, nobody knows how';
  const message = `The job ran without our approval and ${how}. What it did is in its log on GitHub.`;
  const finished = { outcome: state, deployed: null, message, bypassed: true } as const;
  await finishDeployment(pipeline, row, assessed, finished, null);
}
