import { z } from 'zod';
import type { Trigger } from '../../domain/trigger.ts';
import type { Envelope } from '../payload.ts';
import { actorSchema, idSchema, parse, repositoryOf, shaSchema, timeSchema } from '../payload.ts';

const pullRequestSchema = z.object({
  number: idSchema,
  pull_request: z.object({ head: z.object({ sha: shaSchema }), merged: z.boolean().nullish() }),
  before: shaSchema.nullish(),
});

const JUDGED = new Set([
  'opened',
  'synchronize',
  'reopened',
  'ready_for_review',
  'converted_to_draft',
  // Title, or the base branch: then another branch's policy and protection hold.
  'edited',
  'labeled',
  'unlabeled',
  // It changes no verdict, but what is said of an approval.
  'review_requested',
  'review_request_removed',
  'closed',
]);

/**
 * `synchronize` is the only event that says who pushed a head, and onto what. Whoever opened a pull request took part in it,
 * but the head may have been pushed by somebody else, which is why it has no `before`. A sender that can't be known is not
 * recorded, and the head then has no known pusher, which holds the change.
 */
export function pullRequestTriggers(envelope: Envelope): Trigger[] {
  const { action, event, payload, sender } = envelope;
  if (!JUDGED.has(action)) return [];
  const repository = repositoryOf(envelope);
  const { number, pull_request: pullRequest, before: old } = parse(event, pullRequestSchema, payload);
  const triggers: Trigger[] = [];
  if ((action === 'opened' || action === 'synchronize') && sender !== null) {
    const { sha } = pullRequest.head;
    const before = action === 'synchronize' ? (old ?? null) : null;
    triggers.push({ kind: 'record_push_to_change', repository, number, sha, before, pusher: sender });
  }
  if (action === 'closed' && pullRequest.merged === true)
    triggers.push({ kind: 'record_merge', repository, number });
  triggers.push({ kind: 'judge_change', repository, number });
  return triggers;
}

const reviewSchema = z.object({
  review: z.object({
    id: idSchema,
    state: z.enum(['approved', 'changes_requested', 'commented', 'dismissed']),
    commit_id: shaSchema.nullable(),
    submitted_at: timeSchema.nullable(),
    user: actorSchema,
  }),
  pull_request: z.object({ number: idSchema }),
});

/**
 * A review is recorded when it is given and when it is taken back, from the delivery itself: GitHub forgets the first of
 * the two, and one that is taken back at once could not be read any more.
 */
export function reviewTriggers(envelope: Envelope): Trigger[] {
  const { action, event, payload, sender } = envelope;
  if (action !== 'submitted' && action !== 'edited' && action !== 'dismissed') return [];
  const repository = repositoryOf(envelope);
  const { review, pull_request: pullRequest } = parse(event, reviewSchema, payload);
  const { number } = pullRequest;
  const judge: Trigger = { kind: 'judge_change', repository, number };
  if (action === 'edited') return [judge];
  const { id, state, user, commit_id: commit, submitted_at: submittedAt } = review;
  const given = { id, author: user, state, commit, submittedAt };
  const dismisser = action === 'dismissed' ? sender : null;
  return [{ kind: 'record_review', repository, number, review: given, dismisser }, judge];
}
