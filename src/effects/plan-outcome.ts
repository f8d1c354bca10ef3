/** From the start and the end of a deployment to the writes that follow from them. Pure. */
import type { DeployOutcome, Host } from '../domain/deploy.ts';
import type { Effect } from '../domain/effect.ts';
import { clip } from './clip.ts';
import type { DeployProgress } from './deploy-progress.ts';
import { deployedLine } from './deployed-line.ts';
import { deploymentCheckRun, DESCRIPTION, type DeploymentPlanInput } from './plan-deployment.ts';

type StagePlanInput = Omit<DeploymentPlanInput, 'reports' | 'requestEntryId' | 'hasTarget'>;

/** `entryId` is that of `deployment.started`. */
export interface StartPlanInput extends StagePlanInput {
  /** The hosts that it goes to; none where a workflow deploys. */
  readonly hosts: readonly Host[];
}

/** `entryId` is that of `deployment.finished`. */
export interface OutcomePlanInput extends StagePlanInput {
  readonly outcome: {
    readonly outcome: DeployOutcome['outcome'];
    /** Null: nothing is known of hosts, because none was reached or because a workflow deployed. */
    readonly deployed: DeployOutcome | null;
    /** One sentence for a failure that has no host's message to show. */
    readonly message: string | null;
    readonly showOutput?: boolean;
  };
}

/** The check run and the GitHub deployment say that it is in progress. */
export function planStart(input: StartPlanInput): readonly Effect[] {
  return stage(input, { state: 'deploying', hosts: input.hosts }, 'in_progress');
}

/**
 * What isn't known to have worked is `failure` (it was seen to fail) or `error` (nobody knows): GitHub sets the older
 * deployments of an environment inactive only after a success.
 */
export function planOutcome(input: OutcomePlanInput): readonly Effect[] {
  const { outcome, deployed, message, showOutput = false } = input.outcome;
  const state = ({ success: 'success', failure: 'failure', unknown: 'error' } as const)[outcome];
  const hosts = deployed?.hosts ?? [];
  return stage(
    input,
    { state: outcome, hosts, difference: deployed?.difference ?? null, problem: message, showOutput },
    state,
  );
}

/** The check run and, where GitHub's own machinery doesn't write one, the deployment status of a stage. */
function stage(
  input: StagePlanInput,
  progress: Exclude<DeployProgress, { state: 'none' }>,
  state: 'in_progress' | 'success' | 'failure' | 'error',
): readonly Effect[] {
  const { request, repository, entryId } = input;
  const shown = deploymentCheckRun({ ...input, hasTarget: true }, progress);
  // A job of Actions has its deployment and its statuses from GitHub itself.
  if (request.source === 'actions') return [shown];
  return [
    shown,
    {
      kind: 'deployment_status',
      key: `deployment_status:${entryId}`,
      repository,
      requestId: request.id,
      state,
      description: clip(deployedLine(request, progress, null), DESCRIPTION),
    },
  ];
}
