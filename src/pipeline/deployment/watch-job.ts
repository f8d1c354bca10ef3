import { nearest } from '../../domain/nearest.ts';
import type { Policy } from '../../policy/schema.ts';
import { WatchJob } from '../jobs.ts';
import type { Pipeline } from '../pipeline.ts';
import { policyInForce } from '../policy/policy-in-force.ts';
import { requestDeployment } from './request-deployment.ts';

/** GitHub sends the deployment of a job and the question of our rule in any order, the latter some seconds later at most. */
export const WATCH_SECONDS = 30;

/**
 * A job of Actions that made a deployment, and about which our rule hasn't asked us since. Where the policy names the environment
 * the rule is off there; where it nearly does, GitHub made a new environment of a slip of the pen. Either is requested and judged
 * as if it had asked, so that it is held, shown and recorded. Nobody else's environments are.
 */
export async function watchJob(pipeline: Pipeline, data: unknown): Promise<void> {
  const wanted = WatchJob.parse(data);
  const { repository, environment, runId } = wanted;
  const asked = await pipeline.db
    .selectFrom('countersign.deployment')
    .select('id')
    .where('repository_id', '=', repository.id)
    .where('run_id', '=', runId)
    .where('environment', '=', environment)
    .where((where) =>
      where.or([
        where('github_deployment_id', '=', wanted.githubDeploymentId),
        where('github_deployment_id', 'is', null),
      ]),
    )
    .limit(1)
    .executeTakeFirst();
  if (asked !== undefined) return;
  const github = await pipeline.github(repository.installationId);
  const { reading, guarding } = await policyInForce(pipeline, github, repository);
  const policies = [
    ...(reading.kind === 'valid' ? [reading.policy] : []),
    ...(guarding === null ? [] : [guarding]),
  ];
  if (!policies.some((policy) => isMeant(policy, environment))) return;
  await pipeline.db
    .transaction()
    .execute((tx) => requestDeployment(tx, pipeline, { ...wanted, source: 'actions', answers: null }));
}

/** By its name, or nearly. */
const isMeant = ({ environments }: Policy, name: string): boolean =>
  nearest(name, Object.keys(environments)) !== null;
