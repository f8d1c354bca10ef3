import type { AssessedDeployment } from '../deployment/assess-deployment.ts';
import { repositoryOf, type StoredDeployment } from '../deployment/deployment-row.ts';
import { lookForDeployment } from './look-at-controls.ts';
import type { Pipeline } from '../pipeline.ts';

/**
 * What a start rests on, with how the controls stand at this moment: looked at now, since some changes of them fire no webhook. A gap
 * stops no start: it is recorded with it, and shown.
 */
export async function withControlsNow(
  pipeline: Pipeline,
  row: StoredDeployment,
  assessed: AssessedDeployment,
): Promise<AssessedDeployment> {
  const { reading, facts } = assessed;
  if (reading.kind !== 'valid') return assessed;
  const { branches, request } = facts;
  const controls = await lookForDeployment(pipeline, repositoryOf(row), {
    policy: reading.policy,
    environment: request.environment,
    branches: branches.known ? branches.value.map(({ name }) => name) : [],
  });
  return { ...assessed, facts: { ...facts, controls } };
}
