import { sql } from 'kysely';
import type { Decision } from '../../domain/decision.ts';
import { fullName } from '../../domain/repository.ts';
import { planOutcome } from '../../effects/plan-outcome.ts';
import { record } from '../../ledger/store/record.ts';
import { BYPASSED } from './backed-by-ledger.ts';
import { type StoredDeployment, repositoryOf } from './deployment-row.ts';
import { jsonDocument, policyDocument } from '../documents.ts';
import { explainDecision } from '../explain-decision.ts';
import type { Pipeline } from '../pipeline.ts';
import { queueEffects } from '../queue-effects.ts';
import { recordBypass } from '../emergency/record-bypass.ts';
import { recordedAssessment } from './recorded-assessment.ts';

/**
 * Records that a job of Actions started although we hold or rejected it: an administrator bypassed the rule, or our approval
 * was taken back after GitHub had it. Its check run fails, and says so. Null where somebody else recorded it first.
 */
export async function startBypassed(
  pipeline: Pipeline,
  row: StoredDeployment,
): Promise<StoredDeployment | null> {
  const repository = repositoryOf(row);
  const { source, reading, facts, decision } = await recordedAssessment(pipeline, row);
  return pipeline.db.transaction().execute(async (tx) => {
    const now = pipeline.now();
    const entryId = pipeline.newId();
    const started = await tx
      .updateTable('countersign.deployment')
      .set({
        state: 'running',
        started_sequence: sql<number>`nextval('countersign.deployment_started')`,
        started_entry: entryId,
        updated_at: new Date(now),
      })
      .where('id', '=', row.id)
      .where('state', 'in', ['held', 'rejected'])
      .returningAll()
      .executeTakeFirst();
    if (started === undefined) return null;
    await record(
      tx,
      {
        kind: 'deployment.started',
        occurredAt: now,
        // GitHub doesn't tell an App who bypassed a rule; whoever asked is known.
        who: facts.request.requester === null ? [] : [{ role: 'requester', actor: facts.request.requester }],
        repository: { id: repository.id, fullName: fullName(repository) },
        commit: row.sha,
        pullRequest: null,
        environment: row.environment,
        hosts: [],
        outcome: BYPASSED,
        reasons: [],
        delivery: null,
        answers: row.decision_entry,
        documents: [
          jsonDocument('decision', decision),
          jsonDocument('facts', facts),
          policyDocument(source),
          jsonDocument('controls', facts.controls ?? []),
        ],
      },
      { id: entryId, now, random: pipeline.random },
    );
    const { message } = await recordBypass(
      tx,
      pipeline,
      row,
      { reading, facts },
      {
        how: 'job',
        who: facts.request.requester === null ? null : { role: 'requester', actor: facts.request.requester },
        delivery: null,
        answers: entryId,
      },
    );
    const effects = planOutcome({
      decision,
      explained: explainDecision(decision, reading, facts, source),
      facts,
      request: facts.request,
      entryId,
      repository,
      webUrl: pipeline.webUrl,
      outcome: {
        outcome: 'failure',
        deployed: null,
        message: `This job started on GitHub without our approval: ${why(decision)}. Countersign deployed nothing. ${message}`,
      },
    });
    await queueEffects(tx, pipeline.queue, effects, now);
    return started;
  });
}

/** What can be told of how it came past us: GitHub doesn't say. */
function why({ gates }: Decision): string {
  const codes = gates.flatMap(({ reasons }) => reasons.map(({ code }) => code));
  if (codes.includes('environment_rule_off')) return 'our rule is off on this environment, so it never asked';
  if (codes.includes('environment_mistyped'))
    return 'it names an environment that the policy doesn’t know, and that has no rule of ours';
  return 'somebody bypassed the rule, or the approval was taken back too late';
}
