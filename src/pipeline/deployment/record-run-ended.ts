import { fullName } from '../../domain/repository.ts';
import { planOutcome } from '../../effects/plan-outcome.ts';
import { type StoredDeployment, repositoryOf } from './deployment-row.ts';
import { explainDecision } from '../explain-decision.ts';
import type { Pipeline } from '../pipeline.ts';
import { recordedAssessment } from './recorded-assessment.ts';
import { recordOnce } from '../record-once.ts';

/** The run of a held or approved deployment ended before its job began: it lapses, and the check run says so. */
export async function recordRunEnded(
  pipeline: Pipeline,
  row: StoredDeployment,
  delivery: string | null,
): Promise<void> {
  const repository = repositoryOf(row);
  const { decision, reading, facts, source } = await recordedAssessment(pipeline, row);
  await recordOnce(pipeline, {
    subject: `deployment:${row.id}`,
    basis: 'run_ended',
    verdict: 'rejected',
    entry: (answers) => ({
      kind: 'deployment.rejected',
      occurredAt: pipeline.now(),
      who: [],
      repository: { id: repository.id, fullName: fullName(repository) },
      commit: row.sha,
      pullRequest: null,
      environment: row.environment,
      hosts: [],
      outcome: 'run_ended',
      reasons: [],
      delivery,
      answers: answers ?? row.decision_entry,
      documents: [],
    }),
    effects: (entryId) =>
      planOutcome({
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
          message: 'The workflow run ended before its job could start, so nothing was deployed.',
        },
      }),
    also: async (tx) => {
      await tx
        .updateTable('countersign.deployment')
        .set({ state: 'superseded', updated_at: new Date(pipeline.now()) })
        .where('id', '=', row.id)
        .where('state', 'in', ['held', 'approved'])
        .execute();
    },
  });
}
