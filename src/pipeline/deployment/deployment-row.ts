import type { Selectable } from 'kysely';
import type { DeploymentRow } from '../../db/operation-tables.ts';
import type { DeploymentRequest } from '../../domain/deployment-facts.ts';
import type { RepositoryRef } from '../../domain/repository.ts';

export type StoredDeployment = Selectable<DeploymentRow>;

/** A deployment's row as the nouns that gates and effects speak of. */
export function requestOf(row: StoredDeployment): DeploymentRequest {
  return {
    id: row.id,
    source: row.source,
    environment: row.environment,
    ref: row.ref,
    sha: row.sha,
    requester:
      row.requester_id === null || row.requester_login === null || row.requester_kind === null
        ? null
        : { id: row.requester_id, login: row.requester_login, kind: row.requester_kind },
    requestedAt: row.requested_at.toISOString(),
    githubDeploymentId: row.github_deployment_id,
    runId: row.run_id,
  };
}

/** The repository that a deployment's row is about. */
export function repositoryOf(row: StoredDeployment): RepositoryRef {
  return { id: row.repository_id, owner: row.owner, name: row.name, installationId: row.installation_id };
}
