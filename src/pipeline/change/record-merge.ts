import type { ChangeFacts } from '../../domain/change-facts.ts';
import { type RepositoryRef, fullName } from '../../domain/repository.ts';
import { approversOf } from '../../policy/counted-approvals.ts';
import { environmentsOnMerge } from '../../policy/environments-on-merge.ts';
import { type AssessedChange, assessMerge } from './assess-change.ts';
import { jsonDocument, policyDocument } from '../documents.ts';
import { MergeJob } from '../jobs.ts';
import { reasonCodes } from './judge-change.ts';
import { noteBranch } from '../control/look-at-controls.ts';
import { notePolicies } from '../policy/note-policy.ts';
import type { Pipeline } from '../pipeline.ts';
import { recordAltered } from './record-altered.ts';
import { recordOnce } from '../record-once.ts';
import { recordReviews } from './record-reviews.ts';
import { requestDeployment } from '../deployment/request-deployment.ts';

/**
 * Records a merge once: who merged, wrote and approved what (only approvals that counted), under which protection, compliant or not, and by an entry
 * of its own if what landed is not what was approved; and asks, in the same transaction, for the deployments that the policy wants on a merge. Whether they may run is judged by their own gate.
 */
export async function recordMerge(
  pipeline: Pipeline,
  data: unknown,
  job: { readonly attempt: number },
): Promise<void> {
  const { repository, number, delivery } = MergeJob.parse(data);
  const begunAt = pipeline.now();
  const assessed = await assessMerge(pipeline, repository, number, job.attempt);
  const { decision, reading, source } = assessed;
  const { merged } = assessed.facts.pullRequest;
  if (merged === null)
    throw new Error(`${fullName(repository)}#${number}: GitHub said it was merged, but doesn't show it yet`);
  const facts = await withControls(pipeline, repository, assessed, { begunAt, delivery });
  await recordReviews(pipeline, facts, delivery);
  await notePolicies(pipeline, repository, assessed, delivery);

  const sha = merged.commit.sha;
  const outcome =
    decision.verdict === 'not_guarded'
      ? 'not_guarded'
      : decision.verdict === 'approved'
        ? 'compliant'
        : 'not_compliant';
  const approvers = reading.kind === 'valid' ? approversOf(reading.policy, facts) : [];
  await recordOnce(pipeline, {
    // A merge happens once: whatever is found out later about it doesn't make a second entry.
    subject: `merge:${repository.id}:${number}`,
    basis: sha,
    verdict: outcome,
    entry: () => ({
      kind: 'change.merged',
      occurredAt: merged.at,
      who: [
        ...(merged.by === null ? [] : [{ role: 'merger' as const, actor: merged.by }]),
        ...(facts.pullRequest.author === null
          ? []
          : [{ role: 'author' as const, actor: facts.pullRequest.author }]),
        ...approvers.map((actor) => ({ role: 'approver' as const, actor })),
      ],
      repository: { id: repository.id, fullName: fullName(repository) },
      commit: sha,
      pullRequest: number,
      environment: null,
      hosts: [],
      outcome,
      reasons: reasonCodes(decision),
      delivery,
      answers: null,
      documents: [
        jsonDocument('decision', decision),
        jsonDocument('facts', facts),
        policyDocument(source),
        jsonDocument('controls', facts.controls === undefined ? [] : [facts.controls]),
      ],
    }),
    effects: () => [],
    also: async (tx, entryId) => {
      if (decision.verdict !== 'not_guarded')
        await recordAltered(tx, pipeline, { facts, source }, { answers: entryId, delivery });
      const { reading: policy } = assessed.policy;
      const environments =
        policy.kind === 'valid' ? environmentsOnMerge(policy.policy, facts.pullRequest.baseRef) : [];
      for (const environment of environments) {
        await requestDeployment(tx, pipeline, {
          repository,
          source: 'merge',
          environment,
          ref: facts.pullRequest.baseRef,
          sha,
          requester: merged.by,
          githubDeploymentId: null,
          runId: null,
          answers: entryId,
          delivery,
        });
      }
    },
  });
}

/**
 * The facts of a merge, with whether it happened inside a control gap: what protects the base was just read, so it is compared
 * with the last look, and the answer is of this moment.
 */
async function withControls(
  pipeline: Pipeline,
  repository: RepositoryRef,
  { facts, policy: inForce, decision }: AssessedChange,
  { begunAt, delivery }: { readonly begunAt: string; readonly delivery: string | null },
): Promise<ChangeFacts> {
  // By the policy of now, as every look: what the merge itself is judged by may be an older one.
  const { reading } = inForce.changes;
  if (reading.kind !== 'valid' || decision.verdict === 'not_guarded') return facts;
  const { protection } = facts;
  const { policy } = reading;
  const controls = await noteBranch(pipeline, repository, { policy, protection, begunAt, delivery });
  return { ...facts, controls };
}
