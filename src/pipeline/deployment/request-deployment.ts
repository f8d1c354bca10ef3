import { sql, type Transaction } from 'kysely';
import type { Database } from '../../db/database.ts';
import type { Actor } from '../../domain/actor.ts';
import type { DeploymentRequest } from '../../domain/deployment-facts.ts';
import { fullName, type RepositoryRef } from '../../domain/repository.ts';
import { record } from '../../ledger/store/record.ts';
import type { Pipeline } from '../pipeline.ts';

export interface WantedDeployment {
  readonly repository: RepositoryRef;
  readonly source: DeploymentRequest['source'];
  readonly environment: string;
  readonly ref: string;
  readonly sha: string;
  readonly requester: Actor | null;
  readonly githubDeploymentId: number | null;
  readonly runId: number | null;
  /** The entry of the merge or the comment that asked for it; of a button, that of the deployment which it stood at. */
  readonly answers: string | null;
  readonly delivery: string | null;
}

/**
 * Records that a deployment is wanted and queues its judgement. The same wish told twice (a redelivery, a second event
 * of the same run) is one row and one entry; it is only judged again.
 */
export async function requestDeployment(
  tx: Transaction<Database>,
  pipeline: Pick<Pipeline, 'queue' | 'now' | 'newId' | 'random'>,
  wanted: WantedDeployment,
): Promise<void> {
  const { repository, delivery } = wanted;
  const subject = subjectKey(wanted);
  // Two deliveries about one wish at the same moment: the second waits here until the first has committed, and finds its row.
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${subject}, 0))`.execute(tx);
  const existing = await tx
    .selectFrom('countersign.deployment')
    .select('id')
    .where('subject_key', '=', subject)
    .executeTakeFirst();
  if (existing !== undefined) {
    await pipeline.queue.send(tx, 'deployment', { id: existing.id, delivery }, { key: existing.id });
    return;
  }

  const id = pipeline.newId();
  const now = pipeline.now();
  const { entryId } = await record(
    tx,
    {
      kind: 'deployment.requested',
      occurredAt: now,
      who: wanted.requester === null ? [] : [{ role: 'requester', actor: wanted.requester }],
      repository: { id: repository.id, fullName: fullName(repository) },
      commit: wanted.sha,
      pullRequest: null,
      environment: wanted.environment,
      hosts: [],
      outcome: wanted.source,
      reasons: [],
      delivery,
      answers: wanted.answers,
      documents: [],
    },
    { id: pipeline.newId(), now, random: pipeline.random },
  );
  await tx
    .insertInto('countersign.deployment')
    .values({
      id,
      subject_key: subject,
      repository_id: repository.id,
      installation_id: repository.installationId,
      owner: repository.owner,
      name: repository.name,
      environment: wanted.environment,
      source: wanted.source,
      ref: wanted.ref,
      sha: wanted.sha,
      requester_id: wanted.requester?.id ?? null,
      requester_login: wanted.requester?.login ?? null,
      requester_kind: wanted.requester?.kind ?? null,
      requested_at: new Date(now),
      github_deployment_id: wanted.githubDeploymentId,
      run_id: wanted.runId,
      state: 'requested',
      started_sequence: null,
      request_entry: entryId,
      decision_entry: null,
      started_entry: null,
      finished_entry: null,
      release: null,
      updated_at: new Date(now),
    })
    .execute();
  await pipeline.queue.send(tx, 'deployment', { id, delivery }, { key: id });
}

/** What makes two events one wish: the merge's commit, GitHub's deployment, the run's job on the environment, or the comment's entry. */
function subjectKey(wanted: WantedDeployment): string {
  const { repository, source, environment, sha, githubDeploymentId, runId, answers, delivery } = wanted;
  switch (source) {
    case 'merge':
      return `merge:${repository.id}:${environment}:${sha}`;
    case 'api':
      return `api:${repository.id}:${githubDeploymentId}`;
    case 'emergency':
      // A confirmation asks once.
      return `emergency:${repository.id}:${answers ?? ''}`;
    case 'rollback':
      return `rollback:${repository.id}:${answers ?? ''}`;
    case 'comment':
      // Each comment asks anew, also for a commit that was asked for before.
      return `comment:${repository.id}:${answers ?? ''}`;
    case 'promotion':
      // `pipeline/deployment/promote.ts` keeps a button that is pressed twice from asking twice.
      return `promotion:${repository.id}:${environment}:${delivery ?? ''}`;
    case 'actions':
      // A re-run of a run keeps its id and makes a new deployment, which has to be judged anew.
      return `actions:${repository.id}:${runId}:${environment}:${githubDeploymentId ?? sha}`;
  }
}
