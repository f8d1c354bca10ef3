import { sql } from 'kysely';
import { type PolicySource, textsOf } from '../../domain/policy-reading.ts';
import { fullName, type RepositoryRef } from '../../domain/repository.ts';
import type { AssessedChange } from '../change/assess-change.ts';
import { digest } from '../digest.ts';
import { jsonDocument, policyDocument } from '../documents.ts';
import type { SweepJob } from '../jobs.ts';
import { lastReviewedEntry } from './last-reviewed-policy.ts';
import type { Pipeline } from '../pipeline.ts';
import type { PolicyInForce } from './policy-in-force.ts';
import { recordOnce, recordOnceIn, type Recording } from '../record-once.ts';

/**
 * A `policy.changed` whenever the default branch's policy is another than the last one we saw there, with how it stands.
 * Whoever waits is then judged again. `sure`: GitHub has had the time to tell a commit's pull request; only then is a policy
 * recorded as unreviewed, since an entry can't be taken back. Judging never waits for that.
 */
export async function notePolicy(
  pipeline: Pipeline,
  repository: RepositoryRef,
  policy: PolicyInForce,
  { delivery, sure = false }: { readonly delivery: string | null; readonly sure?: boolean },
): Promise<void> {
  const { tip, standing, facts, before } = policy;
  if (standing === 'unreviewed' && !sure) return;
  const outcome =
    standing === 'unusable' ? tip.reading.kind : standing === 'unchanged' ? 'restored' : standing;
  const recording = recordingOf(repository, tip.source, { outcome, delivery, now: pipeline.now() });
  const trusted = standing !== 'unusable' && standing !== 'unreviewed';
  await pipeline.db.transaction().execute(async (tx) => {
    await sql`SELECT pg_advisory_xact_lock(hashtextextended(${recording.subject}, 0))`.execute(tx);
    // Somebody noted another version since this one was read: whatever is newest is judged anew, so nothing is lost.
    if (trusted && (await lastReviewedEntry(tx, repository.id)) !== before) return;
    const { fresh } = await recordOnceIn(tx, pipeline, {
      ...recording,
      basis: digest([...textsOf(tip.source), trusted]),
      entry: (answers) => ({
        ...recording.entry(answers),
        reasons: standing === 'unreviewed' ? ['policy_unreviewed'] : [],
        answers: before ?? answers,
        documents: [
          policyDocument(tip.source),
          ...(facts === null ? [] : [jsonDocument('policy_change', facts)]),
        ],
      }),
    });
    if (!fresh || before === null) return;
    const { installationId } = repository;
    const job: SweepJob = { installationId, repository, branch: null, sha: null, delivery };
    await pipeline.queue.send(tx, 'sweep', job, { key: `${installationId}:${repository.id}::` });
  });
}

/** What a change was judged by: the default branch's policy, and where the base has its own, that one. */
export async function notePolicies(
  pipeline: Pipeline,
  repository: RepositoryRef,
  { policy, branchPolicy }: Pick<AssessedChange, 'policy' | 'branchPolicy'>,
  delivery: string | null,
): Promise<void> {
  await notePolicy(pipeline, repository, policy, { delivery });
  if (branchPolicy === null) return;
  const { source, reading } = branchPolicy;
  const outcome = reading.kind === 'valid' ? 'present' : reading.kind;
  await recordOnce(pipeline, recordingOf(repository, source, { outcome, delivery, now: pipeline.now() }));
}

function recordingOf(
  repository: RepositoryRef,
  source: PolicySource,
  {
    outcome,
    delivery,
    now,
  }: { readonly outcome: string; readonly delivery: string | null; readonly now: string },
): Recording {
  return {
    subject: `policy:${repository.id}:${source.ref}`,
    basis: digest(textsOf(source)),
    verdict: outcome,
    entry: (answers) => ({
      kind: 'policy.changed',
      occurredAt: now,
      who: [],
      repository: { id: repository.id, fullName: fullName(repository) },
      commit: source.commit,
      pullRequest: null,
      environment: null,
      hosts: [],
      outcome,
      reasons: [],
      delivery,
      answers,
      documents: [policyDocument(source)],
    }),
    effects: () => [],
  };
}
