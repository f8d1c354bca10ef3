/** From the start and the end of a deployment to the writes that follow from them. Pure. */
import type { Actor } from '../domain/actor.ts';
import type { DeployOutcome, Host } from '../domain/deploy.ts';
import type { Effect } from '../domain/effect.ts';
import { clip } from './clip.ts';
import type { DeployProgress, HostStep } from './deploy-progress.ts';
import { deployedLine } from './deployed-line.ts';
import { deploymentCheckRun, DESCRIPTION, type DeploymentPlanInput } from './plan-deployment.ts';

/** `entryId` is that of `deployment.started`. */
export interface ProgressPlanInput extends StagePlanInput {
  readonly hosts: readonly Host[];
  readonly steps: readonly HostStep[];
  /** RFC 3339: no two plans of one deployment have the same. */
  readonly at: string;
  /** Whether GitHub's deployment gets a status too: those can't be changed, so there is one for each phase, not for each step. */
  readonly withStatus: boolean;
}

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
    readonly cancelledBy?: Actor | null;
  };
}

/** The check run and the GitHub deployment say that it is in progress. */
export function planStart(input: StartPlanInput): readonly Effect[] {
  return stage(input, { state: 'deploying', hosts: input.hosts }, 'in_progress');
}

/** How far it has come by now. Later effects on the same check run make an earlier one needless. */
export function planProgress(input: ProgressPlanInput): readonly Effect[] {
  const { hosts, steps, at, withStatus, entryId } = input;
  const [shown, status] = stage(input, { state: 'deploying', hosts, steps }, 'in_progress');
  return [
    ...(shown === undefined ? [] : [{ ...shown, key: `check_run:${at}:${entryId}` }]),
    ...(status === undefined || !withStatus
      ? []
      : [{ ...status, key: `deployment_status:${at}:${entryId}` }]),
  ];
}

/**
 * What isn't known to have worked is `failure` (it was seen to fail) or `error` (nobody knows): GitHub sets the older
 * deployments of an environment inactive only after a success.
 */
export function planOutcome(input: OutcomePlanInput): readonly Effect[] {
  const { outcome, deployed, message, showOutput = false, cancelledBy = null } = input.outcome;
  const state = ({ success: 'success', failure: 'failure', unknown: 'error', cancelled: 'failure' } as const)[
    outcome
  ];
  const hosts = deployed?.hosts ?? [];
  return stage(
    input,
    {
      state: outcome,
      hosts,
      difference: deployed?.difference ?? null,
      problem: message,
      showOutput,
      cancelledBy,
    },
    state,
  );
}

/** The check run and, where GitHub's own machinery doesn't write one, the deployment status of a stage. */
function stage(
  input: StagePlanInput,
  progress: Exclude<DeployProgress, { state: 'none' }>,
  state: 'in_progress' | 'success' | 'failure' | 'error',
): readonly Effect[] {
  const { request, repository, entryId, logUrl = null } = input;
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
      ...(logUrl === null ? {} : { logUrl }),
    },
  ];
}
