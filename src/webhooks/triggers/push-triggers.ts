import { z } from 'zod';
import type { Trigger } from '../../domain/trigger.ts';
import type { Envelope } from '../payload.ts';
import { parse, repositoryOf, shaSchema } from '../payload.ts';

/** Where a repository's policy lies. */
const POLICY_PATH = '.github/countersign.yml';
/** Where the baseline lies that holds for all of an account's repositories. */
const BASELINE = { repository: '.github', path: 'countersign.yml' };
const BRANCH_PREFIX = 'refs/heads/';
/** Where merge queues try out what they would land: only GitHub writes there, and a `merge_group` tells of it. */
const QUEUE_PREFIX = `${BRANCH_PREFIX}gh-readonly-queue/`;
/** GitHub lists so many commits of one push and leaves out the rest. */
const LISTED_COMMITS = 2048;

const pathsSchema = z.array(z.string()).optional();

const pushSchema = z.object({
  ref: z.string().min(1),
  before: shaSchema,
  after: shaSchema,
  forced: z.boolean().optional(),
  deleted: z.boolean().optional(),
  commits: z.array(z.object({ added: pathsSchema, modified: pathsSchema, removed: pathsSchema })).nullish(),
});

/**
 * A push to a branch, however it came there, also one that deletes it: what a guarded branch loses is recorded. Tags mean nothing to us.
 */
export function pushTriggers(envelope: Envelope): Trigger[] {
  const { event, payload, sender } = envelope;
  const repository = repositoryOf(envelope);
  const { ref, before, after, forced = false, deleted = false, commits } = parse(event, pushSchema, payload);
  if (!ref.startsWith(BRANCH_PREFIX) || ref.startsWith(QUEUE_PREFIX)) return [];
  const branch = ref.slice(BRANCH_PREFIX.length);
  const triggers: Trigger[] = [
    { kind: 'judge_push', repository, branch, before, after, forced, pusher: sender },
  ];
  if (deleted) return triggers;
  // A list that may leave something out can't say that the policy was left alone.
  const listed = commits ?? [];
  const uncertain = forced || listed.length >= LISTED_COMMITS || commits === null || commits === undefined;
  const touches = (path: string) =>
    uncertain ||
    listed.some(({ added = [], modified = [], removed = [] }) =>
      [...added, ...modified, ...removed].includes(path),
    );
  if (touches(POLICY_PATH)) triggers.push({ kind: 'judge_open', repository, branch });
  if (repository.name === BASELINE.repository && touches(BASELINE.path)) {
    triggers.push({ kind: 'judge_open_in_installation', installationId: repository.installationId });
  }
  return triggers;
}
