import { randomUUID } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Database } from '../../src/db/database.ts';
import type { RepositoryRef } from '../../src/domain/repository.ts';
import type { StoredDeployment } from '../../src/pipeline/deployment/deployment-row.ts';

export interface Deploying {
  readonly repository: RepositoryRef;
  readonly environment: string;
  readonly sha: string;
}

/** A deployment that somebody asked for by GitHub's API and that we hold. */
export async function waitingDeployment(
  db: Kysely<Database>,
  { repository, environment, sha }: Deploying,
  over: Partial<StoredDeployment> = {},
): Promise<StoredDeployment> {
  const id = randomUUID();
  return db
    .insertInto('countersign.deployment')
    .values({
      id,
      subject_key: id,
      repository_id: repository.id,
      installation_id: repository.installationId,
      owner: repository.owner,
      name: repository.name,
      environment,
      source: 'api',
      ref: 'main',
      sha,
      requester_id: null,
      requester_login: null,
      requester_kind: null,
      requested_at: new Date('2026-03-03T09:30:00.000Z'),
      github_deployment_id: null,
      run_id: null,
      state: 'held',
      started_sequence: null,
      request_entry: randomUUID(),
      decision_entry: null,
      started_entry: null,
      finished_entry: null,
      release: null,
      updated_at: new Date('2026-03-03T09:30:00.000Z'),
      ...over,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
}
