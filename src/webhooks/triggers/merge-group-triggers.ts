import { z } from 'zod';
import type { MergeGroupRef } from '../../domain/merge-group-facts.ts';
import type { Trigger } from '../../domain/trigger.ts';
import type { Envelope } from '../payload.ts';
import { malformed, parse, repositoryOf, shaSchema } from '../payload.ts';

const BRANCH_PREFIX = 'refs/heads/';
const QUEUE_PREFIX = `${BRANCH_PREFIX}gh-readonly-queue/`;

const groupSchema = z.object({
  merge_group: z.object({
    head_sha: shaSchema,
    head_ref: z.string().min(1),
    base_sha: shaSchema,
    base_ref: z.string().startsWith(BRANCH_PREFIX),
  }),
});

const reasonSchema = z.object({ reason: z.enum(['merged', 'invalidated', 'dequeued']).nullish() });

/** A merge group of the queue waits for its checks, or is no more. The payload names no pull requests but the ref's one. */
export function mergeGroupTriggers(envelope: Envelope): Trigger[] {
  const { action, event, payload } = envelope;
  if (action !== 'checks_requested' && action !== 'destroyed') return [];
  const repository = repositoryOf(envelope);
  const wire = parse(event, groupSchema, payload).merge_group;
  const baseRef = wire.base_ref.slice(BRANCH_PREFIX.length);
  if (baseRef === '') throw malformed(event, 'merge_group.base_ref', 'it names no branch');
  const group: MergeGroupRef = {
    headSha: wire.head_sha,
    headRef: wire.head_ref,
    baseSha: wire.base_sha,
    baseRef,
    pullRequest: pullRequestIn(wire.head_ref, baseRef),
  };
  if (action === 'checks_requested') return [{ kind: 'judge_merge_group', repository, group }];
  const { reason } = parse(event, reasonSchema, payload);
  return [{ kind: 'end_merge_group', repository, group, reason: reason ?? 'dequeued' }];
}

/**
 * The number in `refs/heads/gh-readonly-queue/main/pr-12-SHA`. A base with slashes stands there with them, so the ref is read
 * from both ends. Only GitHub can make such refs; another form than this names nobody.
 */
function pullRequestIn(headRef: string, baseRef: string): number | null {
  const prefix = `${QUEUE_PREFIX}${baseRef}/`;
  if (!headRef.startsWith(prefix)) return null;
  const number = /^pr-([1-9]\d{0,9})-[0-9a-f]{40}$/.exec(headRef.slice(prefix.length))?.[1];
  return number === undefined ? null : Number(number);
}
