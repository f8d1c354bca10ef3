import { known, type Known } from '../../domain/known.ts';
import { fullName } from '../../domain/repository.ts';
import { planRewrite } from '../../effects/plan-rewrite.ts';
import type { GitHubReader } from '../../facts/github-reader.ts';
import { type LostCommits, readLostCommits } from '../../facts/read-lost-commits.ts';
import { jsonDocument } from '../documents.ts';
import type { PushJob } from '../jobs.ts';
import type { Pipeline } from '../pipeline.ts';
import { recordOnce } from '../record-once.ts';

/** Git's id for a branch that isn't there. */
export const NO_COMMIT = '0'.repeat(40);

const NOTHING_LOST: Known<LostCommits> = known({ count: 0, commits: [] });

/**
 * A `history.rewritten` where a push to a guarded branch took commits away from it: a force push, a deletion, or the branch made anew
 * after one. The new head gets a failed check run; where a lost commit runs, the range proof lets nothing through that doesn't have it.
 */
export async function recordRewrite(pipeline: Pipeline, github: GitHubReader, push: PushJob): Promise<void> {
  const { repository, branch, before, after, delivery, pusher } = push;
  const subject = `history:${repository.id}:${branch}`;
  const how = await howRewritten(pipeline, subject, push);
  if (how === null) return;
  const compared =
    how === 'force_pushed' ? await readLostCommits(github, repository, { before, after }) : null;
  await recordOnce(pipeline, {
    subject,
    basis: `${how} ${before} ${after} ${delivery}`,
    verdict: how,
    entry: (answers) => ({
      kind: 'history.rewritten',
      occurredAt: pipeline.now(),
      who: pusher === null ? [] : [{ role: 'pusher', actor: pusher }],
      repository: { id: repository.id, fullName: fullName(repository) },
      commit: how === 'deleted' ? before : after,
      pullRequest: null,
      environment: null,
      hosts: [],
      outcome: how,
      reasons: [],
      delivery,
      answers,
      documents: [jsonDocument('push', { branch, before, after, forced: push.forced, lost: compared })],
    }),
    effects: (entryId) =>
      how === 'deleted'
        ? []
        : planRewrite({
            rewritten: { branch, before, after, how, pusher, lost: countOf(compared ?? NOTHING_LOST) },
            entryId,
            repository,
            webUrl: pipeline.webUrl,
          }),
  });
}

const countOf = (lost: Known<LostCommits>): Known<number> => (lost.known ? known(lost.value.count) : lost);

/** Null: nothing was taken away. A branch that is new is one that was deleted only if we saw it go. */
async function howRewritten(
  { db }: Pipeline,
  subject: string,
  { before, after, forced }: PushJob,
): Promise<'force_pushed' | 'deleted' | 'recreated' | null> {
  if (after === NO_COMMIT) return 'deleted';
  if (before !== NO_COMMIT) return forced ? 'force_pushed' : null;
  const last = await db
    .selectFrom('countersign.last_decision')
    .select(['verdict', 'basis'])
    .where('subject', '=', subject)
    .executeTakeFirst();
  // Its own entry, where this job is done again.
  const isOwn = last?.verdict === 'recreated' && last.basis.includes(` ${after} `);
  return last?.verdict === 'deleted' || isOwn ? 'recreated' : null;
}
