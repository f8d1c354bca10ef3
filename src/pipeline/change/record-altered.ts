import type { Transaction } from 'kysely';
import type { Database } from '../../db/database.ts';
import { fullName } from '../../domain/repository.ts';
import { planAltered } from '../../effects/plan-altered.ts';
import { landingGate } from '../../policy/change/landing.ts';
import type { AssessedChange } from './assess-change.ts';
import { jsonDocument, policyDocument } from '../documents.ts';
import type { Pipeline } from '../pipeline.ts';
import { recordOnceIn } from '../record-once.ts';

/**
 * Records, beside a merge, that what it left is not what was approved: an entry of its own, and a failed check run on the
 * commit. Nothing where it is, or where that isn't known: then the merge's own entry has the reason, and deployments are held.
 */
export async function recordAltered(
  tx: Transaction<Database>,
  pipeline: Pipeline,
  { facts, source }: Pick<AssessedChange, 'facts' | 'source'>,
  { answers, delivery }: { readonly answers: string; readonly delivery: string | null },
): Promise<void> {
  const { repository, pullRequest } = facts;
  const { number, merged, headSha: head, baseRef: branch } = pullRequest;
  const reasons = landingGate(facts)?.reasons ?? [];
  if (merged === null || merged.landing?.known !== true) return;
  if (!reasons.some(({ code }) => code === 'landing_differs')) return;
  const { commit, by: merger, at: occurredAt } = merged;
  const landing = merged.landing.value;
  await recordOnceIn(tx, pipeline, {
    subject: `altered:${repository.id}:${number}`,
    basis: commit.sha,
    verdict: 'differs',
    entry: () => ({
      kind: 'change.altered',
      occurredAt,
      who: merger === null ? [] : [{ role: 'merger', actor: merger }],
      repository: { id: repository.id, fullName: fullName(repository) },
      commit: commit.sha,
      pullRequest: number,
      environment: null,
      hosts: [],
      outcome: 'differs',
      reasons: [...new Set(reasons.map(({ code }) => code))],
      delivery,
      answers,
      documents: [jsonDocument('landing', landing), jsonDocument('facts', facts), policyDocument(source)],
    }),
    effects: (entryId) =>
      planAltered({
        landing: { sha: commit.sha, pullRequest: number, branch, head, merger, landing },
        entryId,
        repository,
        webUrl: pipeline.webUrl,
      }),
  });
}
