import { sql, type Transaction } from 'kysely';
import type { Database } from '../../db/database.ts';
import type { Actor } from '../../domain/actor.ts';
import type { ChangeFacts, ReviewFacts } from '../../domain/change-facts.ts';
import { fullName, type RepositoryRef } from '../../domain/repository.ts';
import type { Pipeline } from '../pipeline.ts';
import { recordOnceIn } from '../record-once.ts';

export interface SeenReview {
  readonly repository: RepositoryRef;
  readonly number: number;
  readonly review: ReviewFacts;
  /** Who took it back; null where it wasn't, or nobody told. */
  readonly dismisser: Actor | null;
  readonly seenAt: string;
  readonly delivery: string | null;
}

/** Records every review that GitHub shows. A delivery that was lost on its way told nothing of it; reading does. */
export async function recordReviews(
  pipeline: Pipeline,
  facts: ChangeFacts,
  delivery: string | null,
): Promise<void> {
  const { repository, pullRequest, gatheredAt: seenAt } = facts;
  for (const review of facts.reviews.items) {
    const seen = { repository, number: pullRequest.number, review, dismisser: null, seenAt, delivery };
    await pipeline.db.transaction().execute((tx) => recordReview(tx, pipeline, seen));
  }
}

const STATES = ['approved', 'changes_requested', 'commented', 'dismissed'] as const;

/**
 * One `change.reviewed` for each state that each review was seen in, from whichever is seen first: the delivery that told
 * of it, or GitHub's answer. The second of a review answers the first. Only the delivery of a dismissal says who took it
 * back, so that is recorded even where the dismissal itself was.
 */
export async function recordReview(
  tx: Transaction<Database>,
  pipeline: Pick<Pipeline, 'queue' | 'now' | 'newId' | 'random'>,
  { repository, number, review, dismisser, seenAt, delivery }: SeenReview,
): Promise<void> {
  const { id, state, author, commit, submittedAt } = review;
  if (state === 'pending') return;
  const one = `review:${repository.id}:${id}`;
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${one}, 0))`.execute(tx);
  const subject = (of: string) => `${one}:${of}`;
  const seen = await tx
    .selectFrom('countersign.last_decision')
    .select(['subject', 'entry_id'])
    .where('subject', 'in', STATES.map(subject))
    .execute();
  const known = seen.some((each) => each.subject === subject(state));
  if (known && dismisser === null) return;
  await recordOnceIn(tx, pipeline, {
    subject: subject(state),
    basis: dismisser === null ? state : `${state} by ${dismisser.id}`,
    verdict: state,
    entry: (answers) => ({
      kind: 'change.reviewed',
      // GitHub tells when a review was given, and not when it was taken back.
      occurredAt: state === 'dismissed' ? seenAt : (submittedAt ?? seenAt),
      who: [
        ...(author === null ? [] : [{ role: 'reviewer' as const, actor: author }]),
        ...(dismisser === null ? [] : [{ role: 'dismisser' as const, actor: dismisser }]),
      ],
      repository: { id: repository.id, fullName: fullName(repository) },
      commit,
      pullRequest: number,
      environment: null,
      hosts: [],
      outcome: state,
      reasons: [],
      delivery,
      answers: answers ?? seen[0]?.entry_id ?? null,
      documents: [],
    }),
    effects: () => [],
  });
}
