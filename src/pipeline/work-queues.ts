import { answerCommand } from './command/answer-command.ts';
import { byTheClock } from './by-the-clock.ts';
import { claimDeployment } from './deployment/claim-deployment.ts';
import { emergencyDue } from './emergency/emergency-due.ts';
import { judgeChange } from './change/judge-change.ts';
import { judgeDeployment } from './deployment/judge-deployment.ts';
import { judgeMergeGroup } from './change/judge-merge-group.ts';
import { judgePush } from './change/judge-push.ts';
import { lookAtControls } from './control/look-at-controls.ts';
import { LOOK_AT_HOSTS_MS, lookAtHosts } from './host/look-at-hosts.ts';
import { LOOK_AGAIN_MS, lookAgain } from './look-again.ts';
import type { Pipeline } from './pipeline.ts';
import { PRUNE_LOGS_MS, pruneDeploymentLogs } from './deployment/prune-deployment-logs.ts';
import { recordMerge } from './change/record-merge.ts';
import { runDeploy } from './deployment/run-deploy.ts';
import { runEffect } from './run-effect.ts';
import { sweepOpen } from './repository/sweep-open.ts';
import { watchJob } from './deployment/watch-job.ts';

/** Ties each queue to the step that works it. Answers what stops what goes by the clock. */
export async function workQueues(pipeline: Pipeline): Promise<() => void> {
  const { queue } = pipeline;
  await queue.work('change', (data, job) => judgeChange(pipeline, data, job), { concurrency: 4 });
  await queue.work('merge_group', (data, job) => judgeMergeGroup(pipeline, data, job), { concurrency: 2 });
  await queue.work('merge', (data, job) => recordMerge(pipeline, data, job), { concurrency: 2 });
  await queue.work('push', (data) => judgePush(pipeline, data), { concurrency: 2 });
  await queue.work('deployment', (data, job) => judgeDeployment(pipeline, data, job), { concurrency: 4 });
  await queue.work('watch', (data) => watchJob(pipeline, data), { concurrency: 2 });
  await queue.work('command', (data) => answerCommand(pipeline, data), { concurrency: 2 });
  await queue.work('emergency', (data) => emergencyDue(pipeline, data), { concurrency: 2 });
  await queue.work('claim', (data) => claimDeployment(pipeline, data), { concurrency: 2 });
  await queue.work('effect', (data, job) => runEffect(pipeline, data, job), { concurrency: 4 });
  await queue.work('deploy', (data, job) => runDeploy(pipeline, data, job), {
    concurrency: 4,
    ...(pipeline.environments === null ? {} : { lanes: pipeline.environments }),
  });
  await queue.work('control', (data) => lookAtControls(pipeline, data), { concurrency: 2 });
  await queue.work('sweep', (data) => sweepOpen(pipeline, data));

  const stops = [
    byTheClock(
      pipeline,
      { every: LOOK_AGAIN_MS, failed: 'waiting deployments could not be looked at again' },
      () => lookAgain(pipeline),
    ),
    byTheClock(pipeline, { every: LOOK_AT_HOSTS_MS, failed: 'hosts could not be looked at' }, () =>
      lookAtHosts(pipeline),
    ),
    byTheClock(pipeline, { every: PRUNE_LOGS_MS, failed: 'old lines of deployments’ logs stay' }, () =>
      pruneDeploymentLogs(pipeline),
    ),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
