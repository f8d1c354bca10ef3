import type { Actor } from '../../domain/actor.ts';
import type { DeployOutcome } from '../../domain/deploy.ts';
import { fullName } from '../../domain/repository.ts';
import type { JobContext } from '../../db/queue.ts';
import { planOutcome } from '../../effects/plan-outcome.ts';
import { record } from '../../ledger/store/record.ts';
import type { AssessedDeployment } from './assess-deployment.ts';
import { type StoredDeployment, repositoryOf } from './deployment-row.ts';
import { CLOCK } from './clock-then.ts';
import { jsonDocument } from '../documents.ts';
import { explainDecision } from '../explain-decision.ts';
import { withdrawCancel } from './offer-cancel.ts';
import type { Pipeline } from '../pipeline.ts';
import { logUrl } from './log-url.ts';
import { queueEffects } from '../queue-effects.ts';
import { recordRollback } from './record-rollback.ts';

const STATE = { success: 'succeeded', failure: 'failed', unknown: 'unknown', cancelled: 'failed' } as const;

/** How a deployment ended: by our own engine's outcome, or by what GitHub says of the workflow that deployed. */
export interface Finished {
  readonly outcome: DeployOutcome['outcome'];
  /** Null: nothing is known of hosts, because none was reached or because a workflow deployed. */
  readonly deployed: DeployOutcome | null;
  /** Where it may run and can't be looked at (`host:port`), of a failure without `deployed`; if not said, nowhere. */
  readonly unseen?: readonly string[];
  /** One sentence for a failure that has no host's message to show. */
  readonly message: string | null;
  /** Whether the check run may show what failed commands printed; if not said, it tells where to read it. */
  readonly showOutput?: boolean;
  /** Who stopped it, where somebody did; whatever came of that. */
  readonly cancelledBy?: Actor | null;
  /** It ran without our approval: whatever came of it, it isn't what the next range starts from. */
  readonly bypassed?: true;
}

/**
 * Records the outcome once and judges again whatever waits for the same environment: its range starts at another commit now; and the
 * same commit elsewhere, which may have to run here first.
 * An outcome that is unknown is recorded too, once; the one that is found out later follows it. `job`: who deployed. Whoever lost it to
 * another attempt, if only while it stood still, records nothing and throws; null: it wasn't our engine, and anybody may say what is seen.
 */
export async function finishDeployment(
  pipeline: Pipeline,
  row: StoredDeployment,
  assessed: AssessedDeployment,
  finished: Finished,
  job: Pick<JobContext, 'assertHeld'> | null,
): Promise<void> {
  const repository = repositoryOf(row);
  const { facts, decision, source, reading } = assessed;
  await pipeline.db.transaction().execute(async (tx) => {
    await job?.assertHeld(tx);
    const now = pipeline.now();
    const entryUuid = pipeline.newId();
    const moved = await tx
      .updateTable('countersign.deployment')
      .set({
        state: finished.bypassed === true ? 'failed' : STATE[finished.outcome],
        finished_entry: entryUuid,
        updated_at: new Date(now),
      })
      .where('id', '=', row.id)
      .where('state', 'in', finished.outcome === 'unknown' ? ['running'] : ['running', 'unknown'])
      .returning('id')
      .executeTakeFirst();
    if (moved === undefined) return;
    const { deployed, message } = finished;
    await recordRollback(tx, pipeline, row, { deployed, now });
    await record(
      tx,
      {
        kind: 'deployment.finished',
        occurredAt: now,
        who: [
          ...(facts.request.requester === null
            ? []
            : [{ role: 'requester' as const, actor: facts.request.requester }]),
          ...(finished.cancelledBy === undefined || finished.cancelledBy === null
            ? []
            : [{ role: 'canceller' as const, actor: finished.cancelledBy }]),
        ],
        repository: { id: repository.id, fullName: fullName(repository) },
        commit: row.sha,
        pullRequest: null,
        environment: row.environment,
        hosts:
          deployed === null
            ? (finished.unseen ?? [])
            : deployed.hosts.map(({ host }) => `${host.host}:${host.port}`),
        outcome: finished.outcome,
        reasons: [],
        delivery: null,
        answers: row.started_entry,
        documents: [
          // A soak is counted from here, by whichever clock was ahead.
          jsonDocument(CLOCK, pipeline.githubAhead()),
          ...(deployed === null
            ? []
            : [
                jsonDocument('hosts', deployed.hosts),
                jsonDocument('difference', deployed.difference),
                jsonDocument('changes', deployed.changes),
                jsonDocument('manifest', deployed.manifest),
              ]),
          ...(message === null ? [] : [jsonDocument('message', message)]),
        ],
      },
      { id: entryUuid, now, random: pipeline.random },
    );
    await queueEffects(
      tx,
      pipeline.queue,
      planOutcome({
        decision,
        explained: explainDecision(decision, reading, facts, source),
        facts,
        request: facts.request,
        entryId: entryUuid,
        repository,
        webUrl: pipeline.webUrl,
        logUrl: logUrl(pipeline, row),
        outcome: finished.bypassed === true ? { ...finished, outcome: 'failure' } : finished,
      }),
      now,
    );
    if (finished.outcome !== 'unknown') await withdrawCancel(tx, pipeline, row, entryUuid);
    const waiting = await tx
      .selectFrom('countersign.deployment')
      .select('id')
      .where('repository_id', '=', row.repository_id)
      .where((where) =>
        // The same commit may wait elsewhere for having run here.
        where.or([where('environment', '=', row.environment), where('sha', '=', row.sha)]),
      )
      .where('state', 'in', ['requested', 'held'])
      .execute();
    for (const { id } of waiting) {
      await pipeline.queue.send(tx, 'deployment', { id, delivery: null }, { key: id });
    }
  });
}
