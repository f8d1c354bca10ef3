import type { JobContext } from '../../db/queue.ts';
import type { Actor } from '../../domain/actor.ts';
import type { DeployOutcome } from '../../domain/deploy.ts';
import type { DeployProgress, Late } from '../../deploy/deploy-ports.ts';
import { deploy } from '../../deploy/deploy-to-hosts.ts';
import { openMirror } from '../../deploy/mirror.ts';
import type { DeployTarget, Pipeline } from '../pipeline.ts';
import type { AssessedDeployment } from './assess-deployment.ts';
import { cancellerOf } from './cancel-deployment.ts';
import { DeploymentLog } from './deployment-log.ts';
import { type StoredDeployment, repositoryOf } from './deployment-row.ts';
import { keptReleases } from './kept-releases.ts';
import { offerCancelSoon } from './offer-cancel.ts';
import { runningRelease } from './running-release.ts';
import { ShownProgress } from './shown-progress.ts';
import { noteShowsOutput } from './shows-output.ts';

export interface Attempt {
  readonly job: Pick<JobContext, 'signal' | 'assertHeld'>;
  readonly resumed: boolean;
  readonly late: Late | null;
  readonly onCancelled: (by: Actor) => void;
}

interface Watcher {
  step(event: DeployProgress): void;
}

/** Deploys where people can watch: in the log's page, and in the check run. */
export async function shipSeen(
  pipeline: Pipeline,
  { row, assessed, target }: { row: StoredDeployment; assessed: AssessedDeployment; target: DeployTarget },
  attempt: Attempt,
): Promise<DeployOutcome> {
  const log = new DeploymentLog(pipeline, row.id);
  const shown = new ShownProgress(pipeline, row, { assessed, hosts: target.target.hosts });
  const stopOffering = offerCancelSoon(pipeline, row);
  try {
    await noteShowsOutput(pipeline, row, target);
    return await ship(pipeline, row, target, { ...attempt, watchers: [log, shown], log });
  } finally {
    stopOffering();
    await shown.close();
    await log.close();
  }
}

async function ship(
  pipeline: Pipeline,
  row: StoredDeployment,
  { target, privateKey, jumpKeys }: DeployTarget,
  {
    job,
    resumed,
    late,
    onCancelled,
    watchers,
    log,
  }: Attempt & { readonly watchers: readonly Watcher[]; readonly log: DeploymentLog },
): Promise<DeployOutcome> {
  const repository = repositoryOf(row);
  const { last } = await runningRelease(pipeline.db, repository, row.environment);
  const mirror = openMirror({
    directory: pipeline.mirrors,
    repositoryId: repository.id,
    url: pipeline.cloneUrl(repository),
  });
  let minted: Promise<string> | null = null;
  const token = () => (minted ??= pipeline.contentsToken(repository));
  await mirror.fetchCommit({ sha: row.sha, token });
  // What runs there may be gone from GitHub (a branch that was set back): then everything is sent, which is only slower.
  if (last !== null) {
    await mirror.fetchCommit({ sha: last.sha, token, listOnly: true }).catch((error: unknown) => {
      pipeline.log.warn({ err: error, deployment: row.id }, 'the running commit could not be fetched');
    });
  }
  let reached = row.reached_hosts;
  return deploy(
    {
      target,
      privateKey: await privateKey(),
      jumpKeys: await jumpKeys(),
      releaseId: row.release ?? '',
      sha: row.sha,
      mirror,
      running: last === null ? null : { release: last.release ?? '', sha: last.sha },
      kept: await keptReleases(pipeline.db, row),
      resumed,
      late,
    },
    {
      signal: job.signal,
      now: pipeline.now,
      random: pipeline.random,
      log: pipeline.log,
      onOutput: (line) => log.output(line),
      onProgress: async (event) => {
        const { host, step, state, message } = event;
        pipeline.log.info({ deployment: row.id, host: `${host.host}:${host.port}`, step, state }, message);
        for (const watcher of watchers) watcher.step(event);
        // Nothing is begun under a claim that another process may have by now, or while the database can't be asked.
        if (state === 'started') await job.assertHeld();
        if (reached) return;
        await pipeline.db
          .updateTable('countersign.deployment')
          .set({ reached_hosts: true })
          .where('id', '=', row.id)
          .execute();
        reached = true;
      },
      cancelled: async () => {
        // Cancel takes back what was switched, and once another was begun nothing is switched back.
        if (late === 'overtaken') return null;
        const by = await cancellerOf(pipeline, row);
        if (by === null) return null;
        if (by.actor !== null) onCancelled(by.actor);
        // Nobody's name: this is told to the hosts, too.
        return 'It was cancelled.';
      },
    },
  );
}
