import type { JobContext } from '../../db/queue.ts';
import { QUEUES } from '../../db/queue-names.ts';
import { mayProceed } from '../../domain/decision.ts';
import { CodedError } from '../../domain/coded-error.ts';
import type { Actor } from '../../domain/actor.ts';
import type { DeployOutcome } from '../../domain/deploy.ts';
import type { Effect } from '../../domain/effect.ts';
import { DeployError, type DeployErrorCode } from '../../deploy/deploy-error.ts';
import { type AssessedDeployment, assessDeployment } from './assess-deployment.ts';
import { assertStarted } from './backed-by-ledger.ts';
import { withControlsNow } from '../control/controls-at-start.ts';
import { type StoredDeployment, repositoryOf } from './deployment-row.ts';
import { endUnseen } from './end-unseen.ts';
import { type Finished, finishDeployment } from './finish-deployment.ts';
import { EffectJob } from '../jobs.ts';
import { recordDeploymentDecision } from './judge-deployment.ts';
import { orderingKey } from '../queue-effects.ts';
import { lateness, startedSince } from './lateness.ts';
import { assertNotLost } from '../repository/lost-repository.ts';
import { recordedAssessment } from './recorded-assessment.ts';
import type { Pipeline } from '../pipeline.ts';
import { rehearsalThere } from '../host/rehearsal-lock.ts';
import { runsNowhere } from './runs-nowhere.ts';
import { shipSeen } from './ship.ts';
import { showsOutput } from './shows-output.ts';
import { startDeployment } from './start-deployment.ts';
import { targetRefusal } from './target-refusal.ts';

/** Why a commit or a target can't be deployed, whenever it is tried. */
const REFUSALS: ReadonlySet<DeployErrorCode> = new Set([
  'tree_mismatch',
  'path_refused',
  'lfs_pointer',
  'submodule',
  'target_refused',
]);

type DeployJob = Pick<JobContext, 'attempt' | 'signal' | 'assertHeld'>;

/** A deployment that so many attempts could not bring to an end is shown as unknown, or failed where it reached no host. */
const ATTEMPTS = 3;

/** How long until it is looked at again, once a job's retries are used up: a new job has all of them before it. */
const PAUSE_SECONDS = 300;
/** While the environment is rehearsed, until it is looked again whether that is over. */
const REHEARSAL_SECONDS = 10;

const AGAIN =
  'The hosts are looked at again by themselves, at most five minutes apart; this says how it ended as soon as they tell.';

/**
 * Deploys what was approved. The approval is judged once more at this moment, on facts gathered now: an approval that was
 * withdrawn or a person who left the team since means held again. One deployment at a time per environment (the queue's key).
 */
export async function runDeploy(pipeline: Pipeline, data: unknown, job: DeployJob): Promise<void> {
  const { key } = EffectJob.parse(data);
  const effect = await pipeline.db
    .selectFrom('countersign.effect')
    .select(['effect', 'state'])
    .where('key', '=', key)
    .executeTakeFirst();
  if (effect === undefined || effect.effect.kind !== 'deploy' || effect.state !== 'planned') return;
  // The queue gives us only our own environments' jobs; this one would be carried out without its key.
  if (pipeline.environments?.includes(effect.effect.environment) === false && effect.effect.hasTarget)
    throw new Error(`${key} is another process's`);

  const found = await pipeline.db
    .selectFrom('countersign.deployment')
    .selectAll()
    .where('id', '=', effect.effect.requestId)
    .executeTakeFirstOrThrow();
  if (
    found.state === 'approved' &&
    (await rehearsalThere(pipeline.db, found.repository_id, found.environment)).goesOn
  ) {
    await comeAgain(pipeline, effect.effect, REHEARSAL_SECONDS);
    return;
  }
  const row = found.state === 'approved' ? await start(pipeline, found) : found;
  const ours = row !== null && (row.state === 'running' || row.state === 'unknown');
  if (ours) {
    try {
      await carryOut(pipeline, row, job, found.state !== 'approved');
    } catch (error) {
      if (!(error instanceof StillUnknown) || job.attempt <= QUEUES.deploy.retries) throw error;
      // Its retries are used up, and nobody should have to put it back. The effect stays planned.
      await comeAgain(pipeline, effect.effect, PAUSE_SECONDS);
      const repository = effect.effect.repository.id;
      pipeline.log.warn({ err: error, deployment: row.id, repository }, 'it is still unknown');
      return;
    }
  }
  await pipeline.db
    .updateTable('countersign.effect')
    .set({ state: ours ? 'done' : 'obsolete', finished_at: new Date(pipeline.now()) })
    .where('key', '=', key)
    .execute();
}

/** Another job for the same effect, which has all of its retries before it. */
async function comeAgain(
  { db, queue }: Pipeline,
  effect: Extract<Effect, { kind: 'deploy' }>,
  startAfterSeconds: number,
): Promise<void> {
  const lane = effect.hasTarget ? { lane: effect.environment } : {};
  await queue.send(
    db,
    'deploy',
    { key: effect.key },
    { key: orderingKey(effect), startAfterSeconds, ...lane },
  );
}

async function start(pipeline: Pipeline, row: StoredDeployment): Promise<StoredDeployment | null> {
  await assertNotLost(pipeline, repositoryOf(row));
  const assessed = await assessDeployment(pipeline, row);
  if (!mayProceed(assessed.decision)) {
    await recordDeploymentDecision(pipeline, row, assessed, null);
    return null;
  }
  const now = await withControlsNow(pipeline, row, assessed);
  return startDeployment(pipeline, row, now, pipeline.targetOf(repositoryOf(row), row.environment));
}

async function carryOut(
  pipeline: Pipeline,
  row: StoredDeployment,
  job: DeployJob,
  resumed: boolean,
): Promise<void> {
  const startedAt = await assertStarted(pipeline.db, row);
  const assessed = await recordedAssessment(pipeline, row);
  const target = pipeline.targetOf(repositoryOf(row), row.environment);
  if (target === null) {
    const message = `The operator's file has no target for ${row.owner}/${row.name}, environment ${row.environment}: add one under "targets" and deploy again.`;
    return endUnseen(pipeline, row, assessed, message, job);
  }
  const refusal = await targetRefusal(pipeline.db, repositoryOf(row), target.target);
  if (refusal !== null) return endUnseen(pipeline, row, assessed, refusal, job);
  const overtakenBy = resumed ? await startedSince(pipeline.db, row) : null;
  const lateBy = lateness(row, {
    resumed,
    attempt: job.attempt,
    overtakenBy,
    startedAt,
    now: pipeline.now(),
  });
  let deployed: DeployOutcome;
  let cancelledBy: Actor | null = null;
  const onCancelled = (by: Actor): void => {
    cancelledBy = by;
  };
  try {
    if (lateBy !== null) {
      // Nothing is switched any more that wasn't; what was is brought to its end.
      const instead = await runsNowhere(pipeline, target, row.release ?? '');
      if (instead !== null) {
        const message = `It runs nowhere, so it counts as failed: ${instead}.${lateBy.sentence}`;
        const failed = { outcome: 'failure', deployed: null, message } as const;
        await finishDeployment(pipeline, row, assessed, failed, job);
        return;
      }
    }
    deployed = await shipSeen(
      pipeline,
      { row, assessed, target },
      { job, resumed, onCancelled, late: lateBy?.late ?? null },
    );
  } catch (error) {
    // Only what a commit or a target is refused for stays so; anything else may be over at the next attempt.
    const refused = error instanceof DeployError && REFUSALS.has(error.code);
    if (!refused && job.attempt < ATTEMPTS) throw error;
    await job.assertHeld();
    pipeline.log.error({ err: error, deployment: row.id }, 'the deployment could not be carried out');
    const message =
      error instanceof CodedError
        ? error.message
        : 'The deployment stopped on an error of ours; the log has it.';
    // Once a host was spoken to, in this attempt or an earlier one, nobody knows how it stands until somebody has looked.
    if (await hasReachedHosts(pipeline, row.id)) {
      return sayUnknown(pipeline, row, assessed, { deployed: null, message: `${message} ${AGAIN}` }, job);
    }
    await finishDeployment(pipeline, row, assessed, { outcome: 'failure', deployed: null, message }, job);
    return;
  }
  const showOutput = await showsOutput(pipeline, repositoryOf(row), target, deployed);
  // Whoever lost the deployment to another attempt has nothing to say of its outcome.
  await job.assertHeld();
  if (deployed.outcome === 'unknown') {
    if (job.attempt < ATTEMPTS) throw new StillUnknown(row.id);
    return sayUnknown(pipeline, row, assessed, { deployed, showOutput, message: AGAIN }, job);
  }
  const { outcome } = deployed;
  const finished = { outcome, deployed, showOutput, message: null, cancelledBy };
  await finishDeployment(pipeline, row, assessed, finished, job);
}

/** A deployment whose outcome is to be looked at again. */
class StillUnknown extends Error {
  constructor(id: string) {
    super(`deployment ${id}: the outcome on a host is unknown; looking again`);
  }
}

/** Says so once, and has it looked at again. After that record a crash leaves the job, which is retried as this one is. */
async function sayUnknown(
  pipeline: Pipeline,
  row: StoredDeployment,
  assessed: AssessedDeployment,
  known: Pick<Finished, 'deployed' | 'message' | 'showOutput'>,
  job: DeployJob,
): Promise<never> {
  await finishDeployment(pipeline, row, assessed, { outcome: 'unknown', ...known }, job);
  throw new StillUnknown(row.id);
}

async function hasReachedHosts(pipeline: Pipeline, id: string): Promise<boolean> {
  const { reached_hosts } = await pipeline.db
    .selectFrom('countersign.deployment')
    .select('reached_hosts')
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  return reached_hosts;
}
