import { sql, type Transaction } from 'kysely';
import type { Database } from '../../db/database.ts';
import type { CommandAct } from '../../domain/command-answer.ts';
import type { CommandFacts } from '../../domain/command-facts.ts';
import { unknown } from '../../domain/known.ts';
import { fullName } from '../../domain/repository.ts';
import { planAnswer } from '../../effects/plan-answer.ts';
import { record } from '../../ledger/store/record.ts';
import { type AssessedCommand, assessCommand } from './assess-command.ts';
import { emergencyId } from '../../domain/emergency-facts.ts';
import { jsonDocument, policyDocument } from '../documents.ts';
import { CommandJob } from '../jobs.ts';
import type { Pipeline } from '../pipeline.ts';
import { queueEffects } from '../queue-effects.ts';
import { confirmEmergency, declareEmergency, reviewEmergency } from '../emergency/record-emergency.ts';
import { requestDeployment } from '../deployment/request-deployment.ts';
import { assertLockAsJudged } from './assert-lock-as-judged.ts';
import { removeLock, setLock } from './set-lock.ts';

/**
 * Answers one command: judged on roles of this moment, recorded whether it is accepted or refused (who tried what is what an auditor
 * asks for), and done, in one transaction with the answer's effects. A comment is answered once: a redelivery, or a job that
 * crashed after its commit, finds the record and does nothing. One that GitHub can't be read for is done again by the queue.
 */
export async function answerCommand(pipeline: Pipeline, data: unknown): Promise<void> {
  const job = CommandJob.parse(data);
  const subject = `comment:${job.repository.id}:${job.commentId}`;
  const { db } = pipeline;
  const answered = db
    .selectFrom('countersign.last_decision')
    .select('entry_id')
    .where('subject', '=', subject);
  if ((await answered.executeTakeFirst()) !== undefined) return;
  const assessed = await assessCommand(pipeline, job);
  await db.transaction().execute(async (tx) => {
    await sql`SELECT pg_advisory_xact_lock(hashtextextended(${subject}, 0))`.execute(tx);
    const already = await tx
      .selectFrom('countersign.last_decision')
      .select('entry_id')
      .where('subject', '=', subject)
      .executeTakeFirst();
    if (already !== undefined) return;
    const entryId = await recordAnswer(tx, pipeline, job, assessed);
    const { answer } = assessed;
    await tx
      .insertInto('countersign.last_decision')
      .values({ subject, basis: String(job.commentId), verdict: answer.verdict, entry_id: entryId })
      .execute();
    const made =
      answer.verdict === 'accepted'
        ? await act(tx, pipeline, job, { act: answer.act, facts: assessed.facts, entryId })
        : {};
    const now = pipeline.now();
    const quiet =
      job.stranger === true && answer.verdict !== 'accepted' && !(await isFirst(tx, job, entryId));
    const effects = planAnswer(job, answer, { entryId, now, webUrl: pipeline.webUrl, quiet, ...made });
    await queueEffects(tx, pipeline.queue, effects, now);
  });
}

/**
 * Whether we haven't answered this person on this pull request by a comment yet. On a public repository anybody can write as many commands
 * as they like, and whoever follows the pull request would get as many mails of ours. Each is recorded, and has its reaction.
 */
async function isFirst(
  tx: Transaction<Database>,
  { repository, number, commenter, commentId }: CommandJob,
  entryId: string,
): Promise<boolean> {
  const first = await tx
    .insertInto('countersign.last_decision')
    .values({
      subject: `stranger:${repository.id}:${number}:${commenter.id}`,
      basis: String(commentId),
      verdict: 'answered',
      entry_id: entryId,
    })
    .onConflict((conflict) => conflict.column('subject').doNothing())
    .returning('subject')
    .executeTakeFirst();
  return first !== undefined;
}

async function recordAnswer(
  tx: Transaction<Database>,
  pipeline: Pipeline,
  { repository, number, commenter, command, delivery }: CommandJob,
  { source, facts, answer }: AssessedCommand,
): Promise<string> {
  const now = pipeline.now();
  const { entryId } = await record(
    tx,
    {
      kind: 'command.answered',
      occurredAt: now,
      who: [{ role: 'requester', actor: commenter }],
      repository: { id: repository.id, fullName: fullName(repository) },
      commit: answer.verdict === 'accepted' && 'sha' in answer.act ? answer.act.sha : null,
      pullRequest: number,
      // What isn't an environment of the policy is whatever somebody wrote: it stays in the sealed facts.
      environment: answer.verdict === 'accepted' ? answer.act.environment : null,
      hosts: [],
      outcome: `${command.name}.${answer.verdict === 'refused' ? 'refused' : 'accepted'}`,
      reasons: [],
      delivery,
      answers: null,
      documents: [jsonDocument('answer', answer), jsonDocument('facts', facts), policyDocument(source)],
    },
    { id: pipeline.newId(), now, random: pipeline.random },
  );
  return entryId;
}

/**
 * Its own entry comes after the command's, before anything is done. Answers what the answer has to say of it. Commands on two pull
 * requests run side by side: one that was judged by a lock, or by there being none, is done only while that is so.
 */
async function act(
  tx: Transaction<Database>,
  pipeline: Pipeline,
  { repository, number, commenter, commentId, delivery }: CommandJob,
  {
    act,
    facts,
    entryId,
  }: { readonly act: CommandAct; readonly facts: CommandFacts; readonly entryId: string },
): Promise<{ readonly emergency?: string; readonly asked?: boolean }> {
  const { environment } = act;
  const place = {
    repository: { id: repository.id, fullName: fullName(repository) },
    environment,
    by: commenter,
    delivery,
  };
  const assertLock = () =>
    assertLockAsJudged(
      tx,
      { repositoryId: repository.id, environment },
      facts.lock ?? unknown('it was not looked up'),
      `a command on it in comment ${commentId}`,
    );
  const commented = { repository, number, by: commenter, delivery, answers: entryId };
  switch (act.kind) {
    case 'deploy':
      await requestDeployment(tx, pipeline, {
        repository,
        source: 'comment',
        environment,
        ref: act.ref,
        sha: act.sha,
        requester: commenter,
        githubDeploymentId: null,
        runId: null,
        answers: entryId,
        delivery,
      });
      return {};
    case 'declare': {
      const entry = await declareEmergency(tx, pipeline, act, commented);
      return { emergency: emergencyId(entry) };
    }
    case 'confirm':
      return { asked: await confirmEmergency(tx, pipeline, act, commented) };
    case 'review':
      await reviewEmergency(tx, pipeline, act, commented);
      return {};
    case 'lock': {
      const { why, pullRequest } = act;
      await setLock(tx, pipeline, { ...place, why, pullRequest, commit: null });
      return {};
    }
    case 'rollback': {
      await assertLock();
      const { sha, why } = act;
      const said = `rolled back to ${sha.slice(0, 7)}${why === null ? '' : `: ${why}`}`;
      // Or the next merge would bring back at once what it was rolled back from. It lets the rollback itself through.
      await setLock(tx, pipeline, { ...place, why: said, pullRequest: null, commit: sha });
      await requestDeployment(tx, pipeline, {
        repository,
        source: 'rollback',
        environment,
        ref: sha,
        sha,
        requester: commenter,
        githubDeploymentId: null,
        runId: null,
        answers: entryId,
        delivery,
      });
      return {};
    }
    case 'unlock':
      await assertLock();
      await removeLock(tx, pipeline, { ...place, why: act.why });
      return {};
  }
}
