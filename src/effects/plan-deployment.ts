/** From a decision about a deployment to the writes that follow from it. Pure. */
import { type Decision, mayProceed } from '../domain/decision.ts';
import type { DeploymentFacts, DeploymentRequest } from '../domain/deployment-facts.ts';
import type { Effect } from '../domain/effect.ts';
import type { RepositoryRef } from '../domain/repository.ts';
import { clip } from './clip.ts';
import type { DeployProgress } from './deploy-progress.ts';
import type { ExplainedDecision } from './explained-decision.ts';
import { escape } from './markdown.ts';
import { list } from './phrases.ts';
import { renderDeploymentCheckRun } from './render-deployment-check-run.ts';
import { verdictLine } from './verdict-line.ts';

/** GitHub's limits on a deployment status and on an answer to a protection rule. */
export const DESCRIPTION = 140;
const COMMENT = 1_024;
/** GitHub takes ten; the last one is kept for the answer's own sake. */
const STATUS_REPORTS = 9;

export interface DeploymentPlanInput {
  readonly decision: Decision;
  readonly explained: ExplainedDecision;
  readonly facts: DeploymentFacts;
  readonly request: DeploymentRequest;
  /** The decision's entry. */
  readonly entryId: string;
  /** The entry of the request itself: it makes one GitHub deployment, however often it is decided. */
  readonly requestEntryId: string;
  readonly repository: RepositoryRef;
  readonly webUrl: string;
  /** The page that shows what the deployment does, once there is one. */
  readonly logUrl?: string | null;
  /** Status reports already planned for this job, and the last one's words. */
  readonly reports: { readonly sent: number; readonly last: string | null };
  /** Whether the operator's file says where we deploy it. */
  readonly hasTarget: boolean;
}

/** The check run `countersign/deploy (production)` */
export const deployCheck = (environment: string): string => `countersign/deploy (${environment})`;

/**
 * The check run always. A job of Actions gets its answer: approved, rejected, or a status report while it may still pass.
 * Anything else gets its GitHub deployment (made here if GitHub wasn't asked), the deployment's status, and, approved, the deploy.
 */
export function planDeployment(input: DeploymentPlanInput): readonly Effect[] {
  const { decision, request } = input;
  const goesOn = mayProceed(decision);
  const shown = deploymentCheckRun(input, { state: 'none' });
  if (request.source === 'actions') return [shown, ...answer(input, goesOn)];
  // Somebody else's deployment to an environment that no policy names: it isn't ours to put a status on.
  if (decision.verdict === 'not_guarded') return [shown];
  return [shown, ...create(input), ...(goesOn ? [deploy(input)] : [status(input)])];
}

/** The check run of a deployment, at any stage of it. */
export function deploymentCheckRun(
  input: Omit<DeploymentPlanInput, 'reports' | 'requestEntryId'>,
  progress: DeployProgress,
): Effect {
  const {
    decision,
    explained,
    facts,
    request,
    entryId,
    repository,
    webUrl,
    hasTarget,
    logUrl = null,
  } = input;
  const place = { repository, webUrl, entryId };
  return {
    kind: 'check_run',
    key: `check_run:${entryId}`,
    repository,
    entryId,
    checkRun: {
      ...renderDeploymentCheckRun(decision, facts, {
        request,
        explained,
        hasTarget,
        progress,
        place,
        logUrl,
      }),
      name: deployCheck(request.environment),
      sha: request.sha,
      externalId: `deployment:${request.id}`,
    },
  };
}

const ASKED_BY = {
  merge: 'By Countersign, after a merge',
  comment: 'By Countersign, asked for in a comment',
  promotion: 'By Countersign, asked for with a button',
  rollback: 'By Countersign, a rollback asked for in a comment',
  emergency: 'By Countersign, in an emergency',
} as const;

function create({ request, requestEntryId, repository }: DeploymentPlanInput): readonly Effect[] {
  // Where GitHub asked, it has one already.
  if (request.githubDeploymentId !== null || request.source === 'api' || request.source === 'actions')
    return [];
  const { id: requestId, sha, environment } = request;
  return [
    {
      kind: 'create_deployment',
      key: `create_deployment:${requestEntryId}`,
      repository,
      requestId,
      sha,
      environment,
      description: ASKED_BY[request.source],
    },
  ];
}

function deploy({ request, entryId, repository, hasTarget }: DeploymentPlanInput): Effect {
  const { id: requestId, environment } = request;
  return { kind: 'deploy', key: `deploy:${entryId}`, repository, requestId, environment, hasTarget };
}

function status({ decision, explained, request, entryId, repository }: DeploymentPlanInput): Effect {
  const state =
    decision.verdict === 'rejected' ? 'failure' : decision.verdict === 'error' ? 'error' : 'pending';
  return {
    kind: 'deployment_status',
    key: `deployment_status:${entryId}`,
    repository,
    requestId: request.id,
    state,
    description: verdictLine(decision, explained, DESCRIPTION),
  };
}

const isUngated = ({ gates }: Decision): boolean =>
  gates.some(({ reasons }) => reasons.some(({ code }) => code === 'environment_rule_off'));

/** An error holds as a missing approval does: it can be mended, and a rejection would end the job for good. */
function answer(input: DeploymentPlanInput, goesOn: boolean): readonly Effect[] {
  const { decision, request, entryId, repository, reports } = input;
  // Where our rule is off nothing waits for an answer.
  if (request.runId === null || isUngated(decision)) return [];
  const state = goesOn ? 'approved' : decision.verdict === 'rejected' ? 'rejected' : null;
  const comment = report(input);
  if (state === null && (reports.sent >= STATUS_REPORTS || reports.last === comment)) return [];
  return [
    {
      kind: 'answer_protection_rule',
      key: `answer_protection_rule:${entryId}`,
      repository,
      requestId: request.id,
      runId: request.runId,
      environment: request.environment,
      state,
      comment,
    },
  ];
}

/** What is missing and who can give it, in the thousand characters that a job's page has for it. */
function report({ decision, explained, request }: DeploymentPlanInput): string {
  const note = decision.mode === 'observe' && decision.verdict !== 'approved' ? 'Approved (observe): ' : '';
  const line = `**${escape(`${note}${verdictLine(decision, explained, DESCRIPTION)}`, 200)}**`;
  const again =
    explained.lookAgain === undefined ? '' : `It is looked at again on ${escape(explained.lookAgain, 80)}. `;
  const more = `${again}The whole reasoning is in the check run ${escape(deployCheck(request.environment), 100)}.`;
  let text = line;
  const missing = decision.verdict === 'held' ? explained.missing.slice(1) : [];
  for (const [index, { what, who }] of missing.entries()) {
    const from =
      who.length === 0
        ? ''
        : `, from ${list(
            who.map((name) => escape(name, 60)),
            'or',
            4,
          )}`;
    const next = `${text}${index === 0 ? '\n' : ''}\n- ${escape(what, 150)}${from}`;
    if (next.length + more.length + 2 > COMMENT) break;
    text = next;
  }
  return clip(`${text}\n\n${more}`, COMMENT);
}
