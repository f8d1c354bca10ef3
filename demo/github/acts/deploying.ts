/** Deployments and their statuses, as the API makes them. They pass no environment rule: GitHub has none for them. */
import { announce } from '../announce.ts';
import { HttpError, invalid } from '../http.ts';
import { latestCheckRuns, latestStatuses } from '../rules/checks.ts';
import { deploymentShape, deploymentStatusShape } from '../shapes/deployments.ts';
import { runShape, workflowShape } from '../shapes/runs.ts';
import type {
  Actor,
  App,
  Deployment,
  DeploymentStatus,
  Environment,
  Repository,
  Team,
  User,
  WorkflowRun,
} from '../state.ts';
import type { World } from '../world.ts';

/** An environment springs into being when something names it, with no rules at all: as on GitHub, a typo is an open door. */
export function environmentNamed(world: World, repository: Repository, name: string): Environment {
  const known = [...repository.environments.values()].find(
    (one) => one.name.toLowerCase() === name.toLowerCase(),
  );
  if (known !== undefined) return known;
  const at = world.timestamp();
  const made: Environment = {
    id: world.id(),
    name,
    createdAt: at,
    updatedAt: at,
    waitTimer: 0,
    preventSelfReview: false,
    reviewers: [],
    branchPolicy: null,
    branchPatterns: [],
    adminsCanBypass: true,
    rules: [],
  };
  repository.environments.set(name, made);
  return made;
}

/** Who may deploy to an environment, and where from. */
export interface EnvironmentRules {
  readonly reviewers?: readonly (User | Team)[];
  readonly preventSelfReview?: boolean;
  readonly adminsCanBypass?: boolean;
  /** Apps whose custom deployment protection rule is enabled on it. */
  readonly rules?: readonly App[];
  /** Patterns of the branches that may deploy; left out: any. */
  readonly branches?: readonly string[];
}

export function setEnvironment(
  world: World,
  repository: Repository,
  name: string,
  rules: EnvironmentRules,
): Environment {
  const environment = environmentNamed(world, repository, name);
  environment.reviewers = (rules.reviewers ?? []).map((one) => ({
    type: 'slug' in one ? 'Team' : 'User',
    id: one.id,
  }));
  environment.preventSelfReview = rules.preventSelfReview ?? false;
  environment.adminsCanBypass = rules.adminsCanBypass ?? true;
  const gates = (rules.rules ?? []).map((app) => ({ id: world.id(), app, enabled: true }));
  environment.rules.splice(0, environment.rules.length, ...gates);
  environment.branchPolicy = rules.branches === undefined ? null : { protectedBranches: false, custom: true };
  environment.branchPatterns = (rules.branches ?? []).map((pattern) => ({ id: world.id(), name: pattern }));
  environment.updatedAt = world.timestamp();
  return environment;
}

export interface NewDeployment {
  readonly sha: string;
  readonly ref: string;
  readonly task: string;
  readonly payload: unknown;
  readonly environment: string;
  readonly description: string | null;
  readonly transient: boolean;
  readonly production: boolean;
  readonly run: WorkflowRun | null;
}

/** The commit's contexts, all of which (or those named) must have passed. */
export function refuseUnlessGreen(
  repository: Repository,
  sha: string,
  contexts: readonly string[] | null,
): void {
  const states = new Map<string, boolean>();
  for (const status of latestStatuses(repository, sha))
    states.set(status.context, status.state === 'success');
  for (const run of latestCheckRuns(repository, sha)) {
    states.set(
      run.name,
      run.conclusion === 'success' || run.conclusion === 'neutral' || run.conclusion === 'skipped',
    );
  }
  const wanted = contexts ?? [...states.keys()];
  const failed = wanted.filter((context) => states.get(context) !== true);
  if (failed.length > 0)
    throw new HttpError(
      409,
      `Conflict: Commit status checks failed for ${sha.slice(0, 7)}: ${failed.join(', ')}`,
    );
}

export function createDeployment(
  world: World,
  repository: Repository,
  creator: Actor,
  app: App | null,
  wanted: NewDeployment,
): Deployment {
  environmentNamed(world, repository, wanted.environment);
  const at = world.timestamp();
  const deployment: Deployment = {
    id: world.id(),
    repository,
    ...wanted,
    creator,
    app,
    createdAt: at,
    updatedAt: at,
    statuses: [],
  };
  repository.deployments.set(deployment.id, deployment);
  announce(world, repository, {
    event: 'deployment',
    action: 'created',
    sender: creator,
    payload: {
      deployment: deploymentShape(world, deployment),
      workflow: wanted.run === null ? null : workflowShape(world, wanted.run),
      workflow_run: wanted.run === null ? null : runShape(world, wanted.run),
    },
  });
  return deployment;
}

export interface NewDeploymentStatus {
  readonly state: string;
  readonly description: string;
  readonly environment: string | null;
  readonly environmentUrl: string;
  readonly logUrl: string;
  readonly autoInactive: boolean;
  readonly byActions?: boolean;
}

function add(
  world: World,
  deployment: Deployment,
  creator: Actor,
  app: App | null,
  wanted: NewDeploymentStatus,
): DeploymentStatus {
  const status: DeploymentStatus = {
    id: world.id(),
    state: wanted.state,
    description: wanted.description,
    environment: wanted.environment ?? deployment.environment,
    environmentUrl: wanted.environmentUrl,
    logUrl: wanted.logUrl,
    creator,
    app,
    byActions: wanted.byActions ?? false,
    createdAt: world.timestamp(),
  };
  deployment.statuses.push(status);
  deployment.updatedAt = status.createdAt;
  return status;
}

export function createDeploymentStatus(
  world: World,
  deployment: Deployment,
  creator: Actor,
  app: App | null,
  wanted: NewDeploymentStatus,
): DeploymentStatus {
  if (wanted.description.length > 140)
    throw invalid('Validation Failed', [
      {
        resource: 'DeploymentStatus',
        field: 'description',
        code: 'custom',
        message: 'description is too long (maximum is 140 characters)',
      },
    ]);
  const status = add(world, deployment, creator, app, wanted);
  // GitHub sends nothing for `inactive`.
  if (wanted.state !== 'inactive') {
    announce(world, deployment.repository, {
      event: 'deployment_status',
      action: 'created',
      sender: creator,
      payload: {
        deployment_status: deploymentStatusShape(world, deployment, status),
        deployment: deploymentShape(world, deployment),
        workflow: deployment.run === null ? null : workflowShape(world, deployment.run),
        workflow_run: deployment.run === null ? null : runShape(world, deployment.run),
      },
    });
  }
  if (wanted.state === 'success' && wanted.autoInactive) {
    for (const other of deployment.repository.deployments.values()) {
      const last = other.statuses.at(-1)?.state;
      if (
        other.id < deployment.id &&
        other.environment === deployment.environment &&
        !other.production &&
        !other.transient &&
        last === 'success'
      )
        add(world, other, creator, app, { ...wanted, state: 'inactive', description: '' });
    }
  }
  return status;
}
