import type { ChangeFacts } from '../domain/change-facts.ts';
import { fullName } from '../domain/repository.ts';
import type { Pipeline } from './pipeline.ts';
import { recordOnce } from './record-once.ts';

/**
 * One `change.reviewed` for each state that each review was seen in. Reviews change later (a dismissed one no longer says
 * that it approved), so each is recorded as soon as it is seen, whatever the decision then is.
 */
export async function recordReviews(
  pipeline: Pipeline,
  facts: ChangeFacts,
  delivery: string | null,
): Promise<void> {
  const { repository, pullRequest } = facts;
  for (const review of facts.reviews.items) {
    if (review.state === 'pending') continue;
    await recordOnce(pipeline, {
      subject: `review:${repository.id}:${review.id}`,
      basis: review.state,
      verdict: review.state,
      entry: (answers) => ({
        kind: 'change.reviewed',
        occurredAt: review.submittedAt ?? facts.gatheredAt,
        who: review.author === null ? [] : [{ role: 'reviewer', actor: review.author }],
        repository: { id: repository.id, fullName: fullName(repository) },
        commit: review.commit,
        pullRequest: pullRequest.number,
        environment: null,
        hosts: [],
        outcome: review.state,
        reasons: [],
        delivery,
        answers,
        documents: [],
      }),
      effects: () => [],
    });
  }
}
