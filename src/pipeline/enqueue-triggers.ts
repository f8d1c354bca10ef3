import type { Transaction } from 'kysely';
import type { Database } from '../db/database.ts';
import type { Trigger } from '../domain/trigger.ts';
import { claimKey } from './deployment/claim-deployment.ts';
import type { ControlJob, SweepJob } from './jobs.ts';
import type { Pipeline } from './pipeline.ts';
import { pressButton } from './command/press-button.ts';
import { noteGroup, queueGroups } from './change/merge-groups.ts';
import { recordCoverage } from './control/record-coverage.ts';
import { planReaction } from '../effects/plan-answer.ts';
import { queueEffects } from './queue-effects.ts';
import { recordReview } from './change/record-reviews.ts';
import { requestDeployment } from './deployment/request-deployment.ts';
import { runAllAgain } from './command/run-again.ts';
import { WATCH_SECONDS } from './deployment/watch-job.ts';

/**
 * Turns what a delivery means into rows and jobs, all in one transaction: a crash leaves either all of them or none,
 * and the delivery's own job is then simply done again. Each of them is idempotent, so "again" does no harm.
 */
export async function enqueueTriggers(
  pipeline: Pipeline,
  triggers: readonly Trigger[],
  delivery: string,
): Promise<void> {
  if (triggers.length === 0) return;
  await pipeline.db.transaction().execute(async (tx) => {
    for (const trigger of triggers) await enqueue(tx, pipeline, trigger, delivery);
  });
}

async function enqueue(
  tx: Transaction<Database>,
  pipeline: Pipeline,
  trigger: Trigger,
  delivery: string,
): Promise<void> {
  const { queue } = pipeline;
  switch (trigger.kind) {
    case 'record_review': {
      const { repository, number, review, dismisser } = trigger;
      const seenAt = pipeline.now();
      await recordReview(tx, pipeline, { repository, number, review, dismisser, seenAt, delivery });
      return;
    }
    case 'judge_change': {
      const { repository, number } = trigger;
      await queue.send(tx, 'change', { repository, number, delivery }, { key: `${repository.id}:${number}` });
      await queueGroups(tx, pipeline, repository, { delivery, with: [number] });
      return;
    }
    case 'record_push_to_change':
      await tx
        .insertInto('countersign.change_push')
        .values({
          repository_id: trigger.repository.id,
          pull_request: trigger.number,
          sha: trigger.sha,
          before: trigger.before,
          pusher_id: trigger.pusher.id,
          pusher_login: trigger.pusher.login,
          pusher_kind: trigger.pusher.kind,
          delivery,
        })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      return;
    case 'record_merge': {
      const { repository, number } = trigger;
      await queue.send(tx, 'merge', { repository, number, delivery }, { key: `${repository.id}:${number}` });
      return;
    }
    case 'judge_merge_group':
      await noteGroup(tx, pipeline, trigger.repository, { group: trigger.group, state: 'open', delivery });
      return;
    case 'end_merge_group': {
      const { repository, group, reason } = trigger;
      await noteGroup(tx, pipeline, repository, { group, state: reason, delivery });
      return;
    }
    case 'judge_push': {
      const { kind: _, ...job } = trigger;
      await queue.send(tx, 'push', { ...job, delivery }, { key: `${job.repository.id}:${job.branch}` });
      return;
    }
    case 'request_deployment': {
      const { kind: _, ...wanted } = trigger;
      await requestDeployment(tx, pipeline, { ...wanted, answers: null, delivery });
      return;
    }
    case 'claim_deployment': {
      const { state, at, by } = trigger;
      const row = await tx
        .selectFrom('countersign.deployment')
        .select('id')
        .where('repository_id', '=', trigger.repository.id)
        .where('github_deployment_id', '=', trigger.githubDeploymentId)
        // What became of a job of Actions is read from its run, which nobody can forge.
        .where('source', '!=', 'actions')
        .executeTakeFirst();
      if (row === undefined) return;
      const claim = { deployment: row.id, by, state, at, delivery };
      await queue.send(tx, 'claim', claim, { key: claimKey(claim) });
      return;
    }
    case 'watch_job': {
      const { kind: _, ...job } = trigger;
      await queue.send(tx, 'watch', { ...job, delivery }, { startAfterSeconds: WATCH_SECONDS });
      return;
    }
    case 'judge_run': {
      const rows = await tx
        .selectFrom('countersign.deployment')
        .select('id')
        .where('run_id', '=', trigger.runId)
        .where('repository_id', '=', trigger.repository.id)
        .execute();
      for (const { id } of rows) await queue.send(tx, 'deployment', { id, delivery }, { key: id });
      return;
    }
    case 'press_button':
      await pressButton(tx, pipeline, trigger, delivery);
      return;
    case 'run_all_again':
      await runAllAgain(tx, pipeline, trigger, delivery);
      return;
    case 'command': {
      const { kind: _, ...job } = trigger;
      const { repository, number, commentId } = job;
      // Seen, before it is answered: reading what it takes may be a while off.
      await queueEffects(
        tx,
        queue,
        [planReaction({ repository, number, commentId }, 'eyes', `${repository.id}:${commentId}`)],
        pipeline.now(),
      );
      await queue.send(tx, 'command', { ...job, delivery }, { key: `${repository.id}:${number}` });
      return;
    }
    case 'judge_commit': {
      const { repository, sha } = trigger;
      await sweep(tx, pipeline, {
        installationId: repository.installationId,
        repository,
        branch: null,
        sha,
        delivery,
      });
      return;
    }
    case 'judge_open': {
      const { repository, branch } = trigger;
      await sweep(tx, pipeline, {
        installationId: repository.installationId,
        repository,
        branch,
        sha: null,
        delivery,
      });
      return;
    }
    case 'judge_open_in_installation': {
      const { installationId, controlsBy, controlNamed = null } = trigger;
      await sweep(tx, pipeline, {
        installationId,
        repository: null,
        branch: null,
        sha: null,
        delivery,
        ...(controlsBy === undefined ? {} : { controlsBy, controlNamed }),
      });
      return;
    }
    case 'look_at_controls': {
      const { repository, by, named } = trigger;
      const job: ControlJob = { repository, delivery, by, named };
      // Each delivery has a look of its own, or the second of two would be taken for both people's.
      await queue.send(tx, 'control', job, { key: `${repository.id}:${delivery}` });
      return;
    }
    case 'record_coverage':
      await recordCoverage(tx, pipeline, trigger, delivery);
  }
}

async function sweep(tx: Transaction<Database>, { queue }: Pipeline, job: SweepJob): Promise<void> {
  const { installationId, repository, branch, sha, controlsBy } = job;
  // One that names somebody isn't taken together with others.
  const named = controlsBy === undefined ? '' : `:${job.delivery}`;
  await queue.send(tx, 'sweep', job, {
    key: `${installationId}:${repository?.id ?? ''}:${branch ?? ''}:${sha ?? ''}${named}`,
  });
}
