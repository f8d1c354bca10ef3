import type { DeploymentFacts } from '../../domain/deployment-facts.ts';
import { fullName } from '../../domain/repository.ts';
import { type StoredDeployment, repositoryOf } from './deployment-row.ts';
import { jsonDocument } from '../documents.ts';
import type { Pipeline } from '../pipeline.ts';
import { recordOnce } from '../record-once.ts';

/**
 * One `deployment.reviewed` for each yes or no that was given in GitHub's own environment review. Presses of our own
 * buttons are recorded when they are pressed (`press-button.ts`).
 */
export async function recordDeploymentReviews(
  pipeline: Pipeline,
  row: StoredDeployment,
  facts: DeploymentFacts,
  delivery: string | null,
): Promise<void> {
  const repository = repositoryOf(row);
  for (const review of facts.reviews.items) {
    if (review.via !== 'environment' || review.reviewer === null) continue;
    const { reviewer } = review;
    await recordOnce(pipeline, {
      subject: `deployment_review:${row.id}:${reviewer.id}`,
      basis: review.state,
      verdict: review.state,
      entry: (answers) => ({
        kind: 'deployment.reviewed',
        occurredAt: review.at ?? facts.gatheredAt,
        who: [{ role: 'reviewer', actor: reviewer }],
        repository: { id: repository.id, fullName: fullName(repository) },
        commit: review.sha,
        pullRequest: null,
        environment: row.environment,
        hosts: [],
        outcome: review.state,
        reasons: [],
        delivery,
        answers: answers ?? row.request_entry,
        documents: review.comment === '' ? [] : [jsonDocument('comment', review.comment)],
      }),
      effects: () => [],
    });
  }
}
