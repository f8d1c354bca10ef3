import type { Transaction } from 'kysely';
import type { Database } from '../../db/database.ts';
import { fullName } from '../../domain/repository.ts';
import type { Trigger } from '../../domain/trigger.ts';
import { record } from '../../ledger/store/record.ts';
import { CANCEL } from '../../effects/plan-cancel.ts';
import { PROMOTE } from '../../effects/promotion-buttons.ts';
import { askToCancel } from '../deployment/cancel-deployment.ts';
import type { Pipeline } from '../pipeline.ts';
import { runAgain } from './run-again.ts';
import { promote } from '../deployment/promote.ts';

type Press = Extract<Trigger, { kind: 'press_button' }>;

/**
 * A press on one of our check runs. Approve and Reject are recorded whoever pressed and however far the deployment is: a no
 * that comes after the approval still stops what has not started. Whether the presser may is judged with the deployment, from
 * live facts, and a press that doesn't count is named there. Re-run judges again and appends; "Deploy to …" asks for another one.
 */
export async function pressButton(
  tx: Transaction<Database>,
  pipeline: Pick<Pipeline, 'queue' | 'now' | 'newId' | 'random' | 'log'>,
  press: Press,
  delivery: string,
): Promise<void> {
  const { repository, presser } = press;
  const [subject, id] = splitExternalId(press.externalId);
  if (press.button === 'rerun') {
    await runAgain(tx, pipeline, press, delivery);
    return;
  }
  if (subject !== 'deployment') return;

  const row = await tx
    .selectFrom('countersign.deployment')
    .selectAll()
    .where('id', '=', id)
    .where('repository_id', '=', repository.id)
    // A start that is under way takes it too, and then looks for presses: none may slip in between.
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) {
    pipeline.log.warn(
      { delivery, checkRun: press.checkRunId },
      'a button was pressed for a deployment that is not ours',
    );
    return;
  }
  if (press.button.startsWith(PROMOTE)) return promote(tx, pipeline, row, { press, delivery });
  if (press.button === CANCEL) return askToCancel(tx, pipeline, row, { presser, delivery });
  const state = press.button === 'approve' ? 'approved' : press.button === 'reject' ? 'rejected' : null;
  if (state !== null && presser !== null) {
    const already = await tx
      .selectFrom('countersign.deployment_review')
      .select('delivery')
      .where('deployment_id', '=', row.id)
      .where('delivery', '=', delivery)
      .executeTakeFirst();
    if (already === undefined) {
      const now = pipeline.now();
      const { entryId } = await record(
        tx,
        {
          kind: 'deployment.reviewed',
          occurredAt: now,
          who: [{ role: 'reviewer', actor: presser }],
          repository: { id: repository.id, fullName: fullName(repository) },
          commit: row.sha,
          pullRequest: null,
          environment: row.environment,
          hosts: [],
          outcome: state,
          reasons: [],
          delivery,
          answers: row.decision_entry ?? row.request_entry,
          documents: [],
        },
        { id: pipeline.newId(), now, random: pipeline.random },
      );
      await tx
        .insertInto('countersign.deployment_review')
        .values({
          deployment_id: row.id,
          reviewer_id: presser.id,
          reviewer_login: presser.login,
          state,
          sha: row.sha,
          at: new Date(now),
          delivery,
          entry_id: entryId,
        })
        .execute();
    }
  }
  await pipeline.queue.send(tx, 'deployment', { id: row.id, delivery }, { key: row.id });
}

/** `change:12` or `deployment:UUID`; anything else is not ours, and an id that isn't a UUID must not reach the database. */
function splitExternalId(externalId: string): readonly [subject: string, id: string] {
  const match = /^(?:(change):(\d{1,10})|(deployment):([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}))$/.exec(
    externalId,
  );
  return [match?.[1] ?? match?.[3] ?? '', match?.[2] ?? match?.[4] ?? ''];
}
