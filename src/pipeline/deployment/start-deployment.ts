import { sql, type Transaction } from 'kysely';
import type { Database } from '../../db/database.ts';
import { CodedError } from '../../domain/coded-error.ts';
import type { DeploymentFacts, DeploymentReview } from '../../domain/deployment-facts.ts';
import type { DeployTarget, Pipeline } from '../pipeline.ts';
import type { AssessedDeployment } from './assess-deployment.ts';
import { recordedPresses } from './backed-by-ledger.ts';
import { type StoredDeployment, repositoryOf } from './deployment-row.ts';
import { jsonDocument, policyDocument } from '../documents.ts';
import { fullName } from '../../domain/repository.ts';
import { planStart } from '../../effects/plan-outcome.ts';
import { record } from '../../ledger/store/record.ts';
import { explainDecision } from '../explain-decision.ts';
import { logUrl } from './log-url.ts';
import { assertLockAsJudged } from '../command/assert-lock-as-judged.ts';
import { readHostKeys } from '../host/read-host-keys.ts';
import { assertNotRehearsed } from '../host/rehearsal-lock.ts';
import { useEmergency } from '../emergency/use-emergency.ts';
import { queueEffects } from '../queue-effects.ts';

/**
 * Moves an approved deployment to running, with its entry and its place in the order of what ran, in one transaction.
 * Answers null where somebody else moved it first; throws where somebody pressed a button since its facts were gathered, so
 * that the retried job judges that too: reading from GitHub takes seconds, and a Reject in them must still stop it. After this commit a crash leaves a running deployment, which the
 * retried job takes up again by looking at the hosts.
 */
export async function startDeployment(
  pipeline: Pipeline,
  row: StoredDeployment,
  { source, reading, facts: judged, decision }: AssessedDeployment,
  target: DeployTarget | null,
): Promise<StoredDeployment | null> {
  const repository = repositoryOf(row);
  const facts =
    target === null
      ? judged
      : { ...judged, hostKeys: await readHostKeys(pipeline.db, repository.id, target.target) };
  return pipeline.db.transaction().execute(async (tx) => {
    const now = pipeline.now();
    const entryUuid = pipeline.newId();
    await assertNothingPressedSince(tx, row, facts);
    const place = { repositoryId: row.repository_id, environment: row.environment };
    await assertLockAsJudged(tx, place, facts.lock, `the start of deployment ${row.id}`);
    await assertNotRehearsed(tx, row);
    const started = await tx
      .updateTable('countersign.deployment')
      .set({
        state: 'running',
        started_sequence: sql<number>`nextval('countersign.deployment_started')`,
        started_entry: entryUuid,
        // Only what we deploy ourselves is seen step by step.
        ...(target === null || pipeline.publicUrl === null
          ? {}
          : { log_key: Buffer.from(pipeline.random(16)).toString('base64url') }),
        release: `${row.id.slice(-12)}-${row.sha.slice(0, 12)}`,
        updated_at: new Date(now),
      })
      .where('id', '=', row.id)
      .where('state', '=', 'approved')
      .returningAll()
      .executeTakeFirst();
    if (started === undefined) return null;
    // The re-check at this moment may rest on an emergency where the approval didn't.
    await useEmergency(tx, pipeline, row, { decision, facts, reading });
    await record(
      tx,
      {
        kind: 'deployment.started',
        occurredAt: now,
        who: facts.request.requester === null ? [] : [{ role: 'requester', actor: facts.request.requester }],
        repository: { id: repository.id, fullName: fullName(repository) },
        commit: row.sha,
        pullRequest: null,
        environment: row.environment,
        hosts: target === null ? [] : target.target.hosts.map(({ host, port }) => `${host}:${port}`),
        outcome: target === null ? 'by_actions' : 'by_ssh',
        reasons: [],
        delivery: null,
        answers: row.decision_entry,
        // The facts of the re-check at this moment, which is what the start rests on.
        documents: [
          jsonDocument('decision', decision),
          jsonDocument('facts', facts),
          policyDocument(source),
          jsonDocument('controls', facts.controls ?? []),
        ],
      },
      { id: entryUuid, now, random: pipeline.random },
    );
    const explained = explainDecision(decision, reading, facts, source);
    const effects = planStart({
      decision,
      explained,
      facts,
      request: facts.request,
      entryId: entryUuid,
      repository,
      webUrl: pipeline.webUrl,
      logUrl: logUrl(pipeline, started),
      hosts: target?.target.hosts ?? [],
    });
    await queueEffects(tx, pipeline.queue, effects, now);
    return started;
  });
}

/** A press takes the same lock: either it is seen here, or it comes after the start, when it stops nothing any more. */
async function assertNothingPressedSince(
  tx: Transaction<Database>,
  row: StoredDeployment,
  { reviews }: DeploymentFacts,
): Promise<void> {
  await tx
    .selectFrom('countersign.deployment')
    .select('id')
    .where('id', '=', row.id)
    .forUpdate()
    .executeTakeFirst();
  const rows = await tx
    .selectFrom('countersign.deployment_review')
    .selectAll()
    .where('deployment_id', '=', row.id)
    .execute();
  const key = ({ reviewer, state, at }: DeploymentReview) => `${reviewer?.id} ${state} ${at}`;
  const judged = new Set(reviews.items.filter(({ via }) => via === 'check_run').map(key));
  const pressed = await recordedPresses(tx, row, rows);
  if (pressed.every((press) => judged.has(key(press)))) return;
  throw new CodedError(
    'facts_moved',
    `deployment ${row.id} was answered on its check run while its start was judged: it is judged again in a moment`,
  );
}
