import type { Selectable } from 'kysely';
import { mayProceed } from '../domain/decision.ts';
import type { CheckRunContent, Effect } from '../domain/effect.ts';
import type { JobContext } from '../db/queue.ts';
import type { OperationTables } from '../db/operation-tables.ts';
import { fullName } from '../domain/repository.ts';
import { appendProof } from '../effects/append-proof.ts';
import { answerProtectionRule } from '../effects/answer-protection-rule.ts';
import { createDeployment } from '../effects/create-deployment.ts';
import { conclusionOf, writeCheckRun } from '../effects/write-check-run.ts';
import { writeComment } from '../effects/write-comment.ts';
import { writeDeploymentStatus } from '../effects/write-deployment-status.ts';
import { writeReaction } from '../effects/write-reaction.ts';
import { writeWhileHeld } from '../effects/write-while-held.ts';
import { githubErrorOf } from '../facts/github-error.ts';
import { record } from '../ledger/store/record.ts';
import { assessDeployment } from './deployment/assess-deployment.ts';
import { checkRunDocument } from './documents.ts';
import { EffectJob } from './jobs.ts';
import { recordDeploymentDecision } from './deployment/judge-deployment.ts';
import type { Pipeline } from './pipeline.ts';
import { proofOf } from './proof-of.ts';
import { triedBefore } from './tried-before.ts';
import { whereNow } from './repository/where-now.ts';

type EffectRow = Selectable<OperationTables['countersign.effect']>;
type Outcome = {
  readonly state: 'done' | 'obsolete';
  readonly remoteId: number | null;
  readonly outcome: string;
  /** A finished check run, word for word as GitHub got it. */
  readonly shown?: CheckRunContent;
};

/** A write that was given up is tried again where its job is put back. */
const OPEN = ['planned', 'failed'] as const;

/**
 * Carries out one planned write to GitHub. Whatever may have been tried before is looked for before it is created, so that a crash
 * between the write and our note of it leaves one check run, one deployment, one answer. What became of it is an entry of its own.
 */
export async function runEffect(
  pipeline: Pipeline,
  data: unknown,
  job: Pick<JobContext, 'attempt' | 'assertHeld'>,
): Promise<void> {
  const { key } = EffectJob.parse(data);
  const row = await pipeline.db
    .selectFrom('countersign.effect')
    .selectAll()
    .where('key', '=', key)
    .executeTakeFirst();
  if (row === undefined || !OPEN.some((state) => state === row.state)) return;
  const effect = { ...row.effect, repository: await whereNow(pipeline.db, row.effect.repository) };
  const tried = await triedBefore(pipeline, row, job);
  const done =
    (await superseded(pipeline, row)) ??
    (await carryOut(pipeline, effect, { tried, assertHeld: job.assertHeld }).catch(named(effect)));

  await pipeline.db.transaction().execute(async (tx) => {
    const now = pipeline.now();
    const updated = await tx
      .updateTable('countersign.effect')
      .set({ state: done.state, remote_id: done.remoteId, error: null, finished_at: new Date(now) })
      .where('key', '=', key)
      .where('state', 'in', [...OPEN])
      .returning('key')
      .executeTakeFirst();
    if (updated === undefined || done.state === 'obsolete') return;
    if (effect.kind === 'check_run' && done.remoteId !== null) {
      const { sha, name } = effect.checkRun;
      const shown = { remote_id: done.remoteId, conclusion: conclusionOf(effect.checkRun) };
      await tx
        .insertInto('countersign.check_run')
        .values({ repository_id: effect.repository.id, sha, name, ...shown })
        .onConflict((conflict) => conflict.columns(['repository_id', 'sha', 'name']).doUpdateSet(shown))
        .execute();
    }
    if (effect.kind === 'create_deployment') {
      await tx
        .updateTable('countersign.deployment')
        .set({ github_deployment_id: done.remoteId, updated_at: new Date(now) })
        .where('id', '=', effect.requestId)
        .execute();
    }
    await record(tx, outcomeEntry(effect, done, now), { id: pipeline.newId(), now, random: pipeline.random });
  });
}

/**
 * A check run shows the newest state only: an older update that has not been written yet need not be, and a status
 * report that waits behind the final answer must not be sent after it.
 */
async function superseded(pipeline: Pipeline, row: EffectRow): Promise<Outcome | null> {
  if (row.effect.kind !== 'check_run') return null;
  const newer = await pipeline.db
    .selectFrom('countersign.effect')
    .select('key')
    .where('ordering_key', '=', row.ordering_key)
    .where('sequence', '>', row.sequence)
    .limit(1)
    .executeTakeFirst();
  return newer === undefined ? null : { state: 'obsolete', remoteId: null, outcome: 'obsolete' };
}

/** `tried`: it may have been done already. */
async function carryOut(
  pipeline: Pipeline,
  effect: Effect,
  { tried, assertHeld }: { readonly tried: boolean } & Pick<JobContext, 'assertHeld'>,
): Promise<Outcome> {
  const github = writeWhileHeld(await pipeline.github(effect.repository.installationId), assertHeld);
  switch (effect.kind) {
    case 'check_run': {
      const known = await pipeline.db
        .selectFrom('countersign.check_run')
        .select(['remote_id as id', 'conclusion'])
        .where('repository_id', '=', effect.repository.id)
        .where('sha', '=', effect.checkRun.sha)
        .where('name', '=', effect.checkRun.name)
        .executeTakeFirst();
      // An unfinished check run has no proof to carry yet, so it need not wait for the entry to be integrated.
      const checkRun =
        effect.checkRun.status === 'completed'
          ? appendProof(effect.checkRun, await proofOf(pipeline, effect.entryId))
          : effect.checkRun;
      const { remoteId } = await writeCheckRun(
        github,
        { ...effect, checkRun },
        { appId: pipeline.appId, known: known ?? null, tried },
      );
      const outcome = effect.checkRun.conclusion ?? effect.checkRun.status;
      return {
        state: 'done',
        remoteId,
        outcome,
        ...(checkRun.status === 'completed' ? { shown: checkRun } : {}),
      };
    }
    case 'create_deployment': {
      const { remoteId } = await createDeployment(github, effect, { appId: pipeline.appId, tried });
      return { state: 'done', remoteId, outcome: 'created' };
    }
    case 'deployment_status': {
      const { github_deployment_id: deploymentId } = await deploymentOf(pipeline, effect.requestId);
      if (deploymentId === null)
        throw new Error(`deployment ${effect.requestId} has no GitHub deployment yet`);
      const { remoteId } = await writeDeploymentStatus(github, effect, deploymentId, { tried });
      return { state: 'done', remoteId, outcome: effect.state };
    }
    case 'answer_protection_rule': {
      // An approval is only as good as the decision that it rests on: if the deployment was judged again since and
      // isn't approved any more, GitHub must not be told that it is.
      if (effect.state === 'approved' && !(await stillApproved(pipeline, effect))) {
        return { state: 'obsolete', remoteId: null, outcome: 'obsolete' };
      }
      const { outcome } = await answerProtectionRule(github, effect);
      return { state: 'done', remoteId: null, outcome };
    }
    case 'comment': {
      const { remoteId } = await writeComment(github, effect);
      return { state: 'done', remoteId, outcome: 'written' };
    }
    case 'reaction': {
      const { remoteId } = await writeReaction(github, effect);
      return { state: 'done', remoteId, outcome: 'written' };
    }
    case 'deploy':
      throw new Error('a deploy effect is worked by the deploy queue');
  }
}

/** Judged once more on facts of this moment, since GitHub lets the job start on our word; what changed is recorded instead. */
async function stillApproved(
  pipeline: Pipeline,
  { requestId, key }: Extract<Effect, { kind: 'answer_protection_rule' }>,
): Promise<boolean> {
  const row = await deploymentOf(pipeline, requestId);
  if (row.state !== 'approved' || !key.endsWith(row.decision_entry ?? '-')) return false;
  const assessed = await assessDeployment(pipeline, row);
  if (mayProceed(assessed.decision)) return true;
  await recordDeploymentDecision(pipeline, row, assessed, null);
  return false;
}

/** What went wrong in GitHub's words and ours; the job is done again later. */
function named(effect: Effect): (error: unknown) => never {
  return (error) => {
    throw githubErrorOf(error, `writing ${effect.kind} (${effect.key}) to ${fullName(effect.repository)}`);
  };
}

async function deploymentOf(pipeline: Pipeline, id: string) {
  return pipeline.db
    .selectFrom('countersign.deployment')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
}

function outcomeEntry(effect: Effect, done: Outcome, now: string) {
  return {
    kind: 'effect.finished',
    occurredAt: now,
    who: [],
    repository: { id: effect.repository.id, fullName: fullName(effect.repository) },
    commit:
      effect.kind === 'check_run'
        ? effect.checkRun.sha
        : effect.kind === 'create_deployment'
          ? effect.sha
          : null,
    pullRequest: 'number' in effect ? effect.number : null,
    environment: 'environment' in effect ? effect.environment : null,
    hosts: [],
    outcome: `${effect.kind}.${done.outcome}`,
    reasons: [],
    delivery: null,
    answers: effect.kind === 'check_run' ? effect.entryId : entryIdIn(effect.key),
    // Sealed after the write, since it has the proof in it that didn't exist before. A crash between leaves a check run that is not
    // recorded, and a job that writes and records it anew.
    documents: done.shown === undefined ? [] : [checkRunDocument(done.shown)],
  } as const;
}

/** Effects' keys end in the id of the entry that they follow from. */
function entryIdIn(key: string): string | null {
  return /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.exec(key)?.[0] ?? null;
}
