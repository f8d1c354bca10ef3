import type { Kysely } from 'kysely';
import type { Database } from '../../db/database.ts';
import type { ChangeFacts } from '../../domain/change-facts.ts';
import { unknown } from '../../domain/known.ts';
import type { RepositoryRef } from '../../domain/repository.ts';
import { POLICY_PATH } from '../../facts/wire-policy.ts';
import { evaluateChange } from '../../policy/evaluate-change.ts';
import { readingOf } from '../../policy/reading-of.ts';
import type { JudgedChange } from './judge-change.ts';

/**
 * A pull request of which GitHub tells us nothing now: every fact unknown, and the decision an error that holds it, on the
 * newest head that we know of. Null: we know of none, or it was closed when we last looked.
 */
export async function unreadChange(
  db: Kysely<Database>,
  repository: RepositoryRef,
  number: number,
  { error, now }: { readonly error: unknown; readonly now: string },
): Promise<JudgedChange | null> {
  const headSha = await newestHead(db, repository, number);
  if (headSha === null) return null;
  const why = error instanceof Error ? error.message : 'an error of ours; the log has it';
  const source = { path: POLICY_PATH, ref: 'unknown', commit: null, text: null, unreadable: why };
  const reading = readingOf(source);
  const facts: ChangeFacts = {
    schema: 'change-facts/v1',
    gatheredAt: now,
    unreadable: why,
    repository,
    pullRequest: {
      number,
      title: '',
      url: '',
      state: 'open',
      draft: false,
      author: null,
      headSha,
      headRef: '',
      fromFork: false,
      baseRef: '',
      baseSha: '',
      baseChangedAt: unknown(why),
      describedAt: unknown(why),
      merged: null,
    },
    commits: { complete: false, items: [] },
    reviews: { complete: false, items: [] },
    dismissals: { complete: false, items: [] },
    checks: { complete: false, items: [] },
    files: { complete: false, items: [] },
    labels: { complete: false, items: [] },
    pushers: unknown(why),
    protection: { branch: '', appId: null, classic: unknown(why), rulesets: unknown(why) },
    roles: { teams: {}, permissions: {} },
  };
  return {
    source,
    reading,
    standing: { trust: { trusted: true }, unusableNow: null },
    facts,
    decision: evaluateChange(reading, facts),
  };
}

/** What was pushed last, by the order in which its deliveries came; else what was judged last. */
async function newestHead(
  db: Kysely<Database>,
  repository: RepositoryRef,
  number: number,
): Promise<string | null> {
  const judged = await db
    .selectFrom('countersign.judged_change')
    .select(['head_sha', 'verdict'])
    .where('repository_id', '=', repository.id)
    .where('pull_request', '=', number)
    .executeTakeFirst();
  if (judged?.verdict === 'closed') return null;
  const pushed = await db
    .selectFrom('countersign.change_push as push')
    .innerJoin('countersign.delivery as delivery', 'delivery.guid', 'push.delivery')
    .select('push.sha')
    .where('push.repository_id', '=', repository.id)
    .where('push.pull_request', '=', number)
    .orderBy('delivery.received_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  return pushed?.sha ?? judged?.head_sha ?? null;
}
