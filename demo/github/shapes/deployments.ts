/** Deployments and their statuses as GitHub's REST API and webhooks write them. */
import { ACTIONS_APP_ID } from '../rules/checks.ts';
import type { App, Deployment, DeploymentStatus } from '../state.ts';
import type { World } from '../world.ts';
import { nodeId, simpleUser } from './accounts.ts';
import { actionsApp, appShape } from './apps.ts';
import { repositoryApi } from './repository.ts';

/** The App that did it; GitHub Actions for what a workflow's job did. */
function performer(world: World, app: App | null, byActions: boolean): unknown {
  if (app !== null) return appShape(world, app);
  return byActions ? actionsApp(world, ACTIONS_APP_ID) : null;
}

export function deploymentShape(world: World, deployment: Deployment): Record<string, unknown> {
  const api = `${repositoryApi(world, deployment.repository)}/deployments/${deployment.id}`;
  return {
    url: api,
    id: deployment.id,
    node_id: nodeId('Deployment', deployment.id),
    task: deployment.task,
    original_environment: deployment.environment,
    environment: deployment.environment,
    description: deployment.description,
    created_at: deployment.createdAt,
    updated_at: deployment.updatedAt,
    statuses_url: `${api}/statuses`,
    repository_url: repositoryApi(world, deployment.repository),
    creator: simpleUser(world, deployment.creator),
    sha: deployment.sha,
    ref: deployment.ref,
    payload: deployment.payload,
    transient_environment: deployment.transient,
    production_environment: deployment.production,
    performed_via_github_app: performer(world, deployment.app, deployment.run !== null),
  };
}

export function deploymentStatusShape(
  world: World,
  deployment: Deployment,
  status: DeploymentStatus,
): Record<string, unknown> {
  const api = `${repositoryApi(world, deployment.repository)}/deployments/${deployment.id}`;
  return {
    url: `${api}/statuses/${status.id}`,
    id: status.id,
    node_id: nodeId('DeploymentStatus', status.id),
    state: status.state,
    creator: simpleUser(world, status.creator),
    description: status.description,
    environment: status.environment,
    target_url: status.logUrl,
    created_at: status.createdAt,
    updated_at: status.createdAt,
    deployment_url: api,
    repository_url: repositoryApi(world, deployment.repository),
    environment_url: status.environmentUrl,
    log_url: status.logUrl,
    performed_via_github_app: performer(world, status.app, status.byActions),
  };
}
