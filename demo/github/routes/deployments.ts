/** Deployments, their statuses, and environments with what protects them. */
import {
  createDeployment,
  createDeploymentStatus,
  environmentNamed,
  refuseUnlessGreen,
} from '../acts/deploying.ts';
import { resolveCommit } from '../git/commits.ts';
import { created, HttpError, invalid, notFound, ok, paged, type Call } from '../http.ts';
import { findTeam } from '../find.ts';
import { actorOf } from '../rules/roles.ts';
import { deploymentShape, deploymentStatusShape } from '../shapes/deployments.ts';
import { customRuleShape, environmentShape } from '../shapes/runs.ts';
import type { App, Deployment, Environment, EnvironmentReviewer, Repository } from '../state.ts';
import type { World } from '../world.ts';
import { nodeId } from '../shapes/accounts.ts';
import { repositoryRoute, type Route } from './route.ts';

const readDeployments = { app: 'deployments:read', user: 'read' } as const;
const writeDeployments = { app: 'deployments:write', user: 'write' } as const;
const readEnvironments = { app: 'actions:read', user: 'read' } as const;
const administer = { app: 'administration:write', user: 'admin' } as const;

function needDeployment(repository: Repository, call: Call): Deployment {
  const found = repository.deployments.get(Number(call.params['deployment_id']));
  if (found === undefined) throw notFound();
  return found;
}

function needEnvironment(repository: Repository, call: Call): Environment {
  const name = (call.params['environment_name'] ?? '').toLowerCase();
  const found = [...repository.environments.values()].find((one) => one.name.toLowerCase() === name);
  if (found === undefined) throw notFound();
  return found;
}

const appOf = (call: Call): App | null => (call.caller.kind === 'installation' ? call.caller.app : null);

function reviewersFrom(world: World, call: Call): EnvironmentReviewer[] {
  const listed = call.body.objects('reviewers').map((reviewer): EnvironmentReviewer => {
    const id = reviewer.number('id') ?? 0;
    const type = reviewer.text('type') === 'Team' ? 'Team' : 'User';
    const exists =
      type === 'Team' ? findTeam(world, id) !== null : world.state.accounts.get(id)?.kind === 'User';
    if (!exists) throw invalid('Validation Failed', [`No ${type} with id ${id}`]);
    return { type, id };
  });
  if (listed.length > 6) throw invalid('Validation Failed', ['Maximum of 6 reviewers']);
  return listed;
}

export const deploymentRoutes: readonly Route[] = [
  repositoryRoute('GET /repos/{owner}/{repo}/deployments', readDeployments, (world, call, repository) => {
    const matches = (deployment: Deployment): boolean =>
      (['sha', 'ref', 'task', 'environment'] as const).every((key) => {
        const wanted = call.query.get(key);
        return wanted === null || deployment[key] === wanted;
      });
    return paged(call, [...repository.deployments.values()].filter(matches).toReversed(), (one) =>
      deploymentShape(world, one),
    );
  }),
  repositoryRoute(
    'POST /repos/{owner}/{repo}/deployments',
    writeDeployments,
    async (world, call, repository) => {
      const { body } = call;
      const ref = body.needText('ref');
      const sha = await resolveCommit(repository.directory, ref);
      if (sha === null) throw invalid(`No ref found for: ${ref}`);
      if (body.flag('auto_merge', true) && ref !== repository.defaultBranch && !/^[0-9a-f]{40}$/.test(ref))
        throw new Error('The stand-in does not model auto_merge of a branch: send auto_merge: false');
      refuseUnlessGreen(
        repository,
        sha,
        body.has('required_contexts') ? body.texts('required_contexts') : null,
      );
      const environment = body.text('environment') ?? 'production';
      const deployment = createDeployment(world, repository, actorOf(world, call.caller), appOf(call), {
        sha,
        ref,
        task: body.text('task') ?? 'deploy',
        payload: body.raw['payload'] ?? {},
        environment,
        description: body.text('description'),
        transient: body.flag('transient_environment', false),
        production: body.flag('production_environment', environment === 'production'),
        run: null,
      });
      return created(deploymentShape(world, deployment));
    },
  ),
  repositoryRoute(
    'GET /repos/{owner}/{repo}/deployments/{deployment_id}',
    readDeployments,
    (world, call, repository) => ok(deploymentShape(world, needDeployment(repository, call))),
  ),
  repositoryRoute(
    'GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses',
    readDeployments,
    (world, call, repository) => {
      const deployment = needDeployment(repository, call);
      return paged(call, deployment.statuses.toReversed(), (status) =>
        deploymentStatusShape(world, deployment, status),
      );
    },
  ),
  repositoryRoute(
    'POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses',
    writeDeployments,
    (world, call, repository) => {
      const deployment = needDeployment(repository, call);
      const { body } = call;
      const status = createDeploymentStatus(world, deployment, actorOf(world, call.caller), appOf(call), {
        state: body.needText('state'),
        description: body.text('description') ?? '',
        environment: body.text('environment'),
        environmentUrl: body.text('environment_url') ?? '',
        logUrl: body.text('log_url') ?? body.text('target_url') ?? '',
        autoInactive: body.flag('auto_inactive', true),
      });
      return created(deploymentStatusShape(world, deployment, status));
    },
  ),
  repositoryRoute('GET /repos/{owner}/{repo}/environments', readEnvironments, (world, call, repository) =>
    paged(
      call,
      [...repository.environments.values()],
      (one) => environmentShape(world, repository, one),
      'environments',
    ),
  ),
  repositoryRoute(
    'GET /repos/{owner}/{repo}/environments/{environment_name}',
    readEnvironments,
    (world, call, repository) => ok(environmentShape(world, repository, needEnvironment(repository, call))),
  ),
  repositoryRoute(
    'PUT /repos/{owner}/{repo}/environments/{environment_name}',
    administer,
    (world, call, repository) => {
      const environment = environmentNamed(world, repository, call.params['environment_name'] ?? '');
      const policy = call.body.object('deployment_branch_policy');
      environment.waitTimer = call.body.number('wait_timer') ?? 0;
      environment.preventSelfReview = call.body.flag('prevent_self_review', false);
      environment.reviewers = reviewersFrom(world, call);
      environment.branchPolicy =
        policy === null
          ? null
          : {
              protectedBranches: policy.flag('protected_branches', false),
              custom: policy.flag('custom_branch_policies', false),
            };
      environment.updatedAt = world.timestamp();
      return ok(environmentShape(world, repository, environment));
    },
  ),
  repositoryRoute(
    'GET /repos/{owner}/{repo}/environments/{environment_name}/deployment-branch-policies',
    readEnvironments,
    (_world, call, repository) =>
      paged(
        call,
        needEnvironment(repository, call).branchPatterns,
        ({ id, name }) => ({ id, node_id: nodeId('GateBranchPolicy', id), name, type: 'branch' }),
        'branch_policies',
      ),
  ),
  repositoryRoute(
    'POST /repos/{owner}/{repo}/environments/{environment_name}/deployment-branch-policies',
    administer,
    (world, call, repository) => {
      const environment = needEnvironment(repository, call);
      const pattern = { id: world.id(), name: call.body.needText('name') };
      environment.branchPatterns.push(pattern);
      return ok({ ...pattern, node_id: nodeId('GateBranchPolicy', pattern.id), type: 'branch' });
    },
  ),
  repositoryRoute(
    'GET /repos/{owner}/{repo}/environments/{environment_name}/deployment_protection_rules',
    readEnvironments,
    (world, call, repository) => {
      const { rules } = needEnvironment(repository, call);
      return ok({
        total_count: rules.length,
        custom_deployment_protection_rules: rules.map((rule) => customRuleShape(world, rule)),
      });
    },
  ),
  repositoryRoute(
    'POST /repos/{owner}/{repo}/environments/{environment_name}/deployment_protection_rules',
    administer,
    (world, call, repository) => {
      const environment = needEnvironment(repository, call);
      const app = world.state.apps.get(call.body.number('integration_id') ?? 0);
      if (app === undefined) throw notFound();
      if (!app.events.includes('deployment_protection_rule'))
        throw new HttpError(
          422,
          `${app.slug} is no deployment protection rule: it does not subscribe to the event`,
        );
      if (environment.rules.length >= 6) throw invalid('Validation Failed', ['Maximum of 6 custom rules']);
      const known = environment.rules.find((rule) => rule.app.id === app.id);
      const rule = known ?? { id: world.id(), app, enabled: true };
      if (known === undefined) environment.rules.push(rule);
      return created(customRuleShape(world, rule));
    },
  ),
];
