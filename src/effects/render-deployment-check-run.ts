/** What people read about one deployment: the check run `countersign/deploy (ENVIRONMENT)` on its commit. Pure. */
import type { Actor } from '../domain/actor.ts';
import type { Decision } from '../domain/decision.ts';
import type { DeploymentFacts, DeploymentRequest } from '../domain/deployment-facts.ts';
import type { HostOutcome } from '../domain/deploy.ts';
import type { CheckRunAction, CheckRunContent } from '../domain/effect.ts';
import { clip } from './clip.ts';
import type { DeployProgress } from './deploy-progress.ts';
import type { ExplainedDecision } from './explained-decision.ts';
import { block, fitSections, type Section } from './fit-sections.ts';
import { code, escape, link, sentence } from './markdown.ts';
import { deployedLine } from './deployed-line.ts';
import { commitLink, count, moment, pageLink, person, type Place, short } from './phrases.ts';
import { controlsSection } from './render-controls.ts';
import { promotionButtons } from './promotion-buttons.ts';
import { answersSection } from './render-answers.ts';
import type { RenderedCheckRun } from './render-change-check-run.ts';
import { rangeSection } from './render-commits.ts';
import { gatesSection, missingSection, policySection, problemsSection } from './render-gates.ts';
import { leversSection } from './render-levers.ts';
import { hostKeysSection } from './render-host-keys.ts';
import { filesSection, hostsSection, outputSections } from './render-hosts.ts';
import { TITLE_LIMIT, verdictLine } from './verdict-line.ts';

export interface DeploymentContext {
  readonly request: DeploymentRequest;
  readonly explained: ExplainedDecision;
  /** Whether we deploy it ourselves; for a job of Actions: once GitHub has let it start. */
  readonly hasTarget: boolean;
  readonly progress: DeployProgress;
  readonly place: Place;
  /** The page that shows what it does, as it does it; null where there is none. */
  readonly logUrl?: string | null;
}

/** The check run of a deployment: of the decision about it, and then of its progress. */
export function renderDeploymentCheckRun(
  decision: Decision,
  facts: DeploymentFacts,
  context: DeploymentContext,
): RenderedCheckRun {
  const { request, explained, progress, place } = context;
  const buttons = awaitsButtons(decision, { request, environment: facts.environment }, progress);
  const held = decision.verdict !== 'approved';
  const summary = fitSections([
    block(Infinity, verdict(decision, context) + logLine(context)),
    emergencySection(explained),
    problemsSection(explained, place),
    missingSection(held && progress.state === 'none' ? explained.missing : [], howTo(buttons, request)),
    askedSection(request, facts, place),
    gatesSection(explained.gates),
    policySection(explained, place),
  ]);
  const difference = progress.state === 'none' || progress.state === 'deploying' ? null : progress.difference;
  const text = fitSections([
    hostsSection(progress, place),
    hostKeysSection(progress.state === 'none' ? [] : (facts.hostKeys ?? [])),
    ...(progress.state === 'none' || progress.state === 'deploying' ? [] : outputSections(progress, place)),
    rangeSection(facts, decision, explained, place, progress.state === 'success'),
    answersSection(facts.reviews.items, explained.approvals, request),
    leversSection(facts, context.hasTarget),
    controlsSection(facts.controls ?? []),
    filesSection(difference, place),
  ]);
  return {
    title:
      progress.state === 'none'
        ? verdictLine(decision, explained)
        : clip(
            deployedLine(
              request,
              progress,
              held ? verdictLine(decision, explained, 80) : (explained.emergency?.short ?? null),
            ),
            TITLE_LIMIT,
          ),
    summary,
    text: text === '' ? null : text,
    ...stateOf(decision, context, buttons),
    actions: buttons
      ? reviewButtons(request)
      : progress.state === 'success'
        ? promotionButtons(explained.promotesTo ?? [], request.sha)
        : [],
  };
}

/**
 * GitHub shows buttons on a completed check run only, so one that waits for a press is `completed` with
 * `action_required`. An Actions job has GitHub's own reviewers, who are asked once; who else is needed answers here. A deployment that is only observed waits for nobody.
 */
export function awaitsButtons(
  decision: Decision,
  { request, environment }: Pick<DeploymentFacts, 'request' | 'environment'>,
  progress: DeployProgress,
): boolean {
  if (decision.mode === 'observe' || decision.verdict !== 'held') return false;
  if (progress.state !== 'none') return false;
  // GitHub's own review of a job is over after one answer, and there is none where the environment names no reviewers.
  const hasReview =
    request.source === 'actions' && !(environment.known && environment.value.reviewers === null);
  return decision.gates.some(
    ({ outcome, reasons }) =>
      outcome === 'pending' &&
      reasons.some(
        ({ code, about }) =>
          code === 'deployment_approvals_missing' && (!hasReview || Number(about['required']) > 1),
      ),
  );
}

function stateOf(
  { verdict, mode }: Decision,
  { request, progress, hasTarget }: DeploymentContext,
  buttons: boolean,
): Pick<CheckRunContent, 'status' | 'conclusion'> {
  const wanted = verdict === 'approved';
  switch (progress.state) {
    case 'deploying':
      return { status: 'in_progress', conclusion: null };
    case 'success':
      return { status: 'completed', conclusion: wanted ? 'success' : 'neutral' };
    case 'cancelled':
      return { status: 'completed', conclusion: 'cancelled' };
    case 'failure':
    case 'unknown':
      return { status: 'completed', conclusion: 'failure' };
    case 'none':
      break;
  }
  if (verdict === 'not_guarded') return { status: 'completed', conclusion: 'neutral' };
  if (buttons) return { status: 'completed', conclusion: 'action_required' };
  if (wanted || mode === 'observe') {
    // What we deploy goes on from here; of a job that deploys by itself our part has ended.
    if (hasTarget || request.source !== 'actions') return { status: 'in_progress', conclusion: null };
    return { status: 'completed', conclusion: wanted ? 'success' : 'neutral' };
  }
  return verdict === 'held'
    ? { status: 'in_progress', conclusion: null }
    : { status: 'completed', conclusion: 'failure' };
}

function reviewButtons({ sha, environment }: DeploymentRequest): readonly CheckRunAction[] {
  const what = clip(`${short(sha)} to ${environment}`, 30);
  return [
    { label: 'Approve', description: `Deploy ${what}`, identifier: 'approve' },
    { label: 'Reject', description: `Refuse ${what}`, identifier: 'reject' },
  ];
}

function howTo(buttons: boolean, { source }: DeploymentRequest): string {
  const press =
    'Press **Approve** or **Reject** at the top of this page. Only a press by somebody who may review this environment counts.';
  if (buttons && source === 'actions')
    return `${press} The answer that GitHub asks for in the workflow run, under **Review deployments**, counts as one.`;
  if (buttons) return press;
  return source === 'actions' ? 'Reviewers answer in the workflow run, under **Review deployments**.' : '';
}

function verdict(
  decision: Decision,
  { request, progress, place, hasTarget, explained }: DeploymentContext,
): string {
  const what = `${commitLink(request.sha, place)} to **${escape(request.environment, 80)}**`;
  const observed =
    decision.mode === 'observe' && decision.verdict !== 'approved' && decision.verdict !== 'not_guarded'
      ? `\n\n👀 It would have been ${decision.verdict === 'rejected' ? 'rejected' : 'held'}. The policy is in \`observe\` mode: this is recorded and shown, and blocks nothing.`
      : '';
  switch (progress.state) {
    case 'deploying':
      return `🚀 **Deploying** ${what}.${observed}`;
    case 'success':
      return `✅ **Deployed** ${what}.${observed}`;
    case 'failure':
      return `❌ **The deployment failed**: ${what}.${problem(progress.problem)}${rolledBack(progress.hosts)}${observed}`;
    case 'cancelled':
      return `🛑 **Cancelled**${by(progress.cancelledBy)}: ${what}.${rolledBack(progress.hosts) === '' ? ' Nothing was switched.' : rolledBack(progress.hosts)}${observed}`;
    case 'unknown':
      return `❓ **The deployment’s outcome is unknown**: ${what}. Nothing else is deployed there until it is known.${problem(progress.problem)}${rolledBack(progress.hosts)}${observed}`;
    case 'none':
      break;
  }
  if (observed !== '') return `👀 **Observed**: ${what} goes on.${observed}`;
  switch (decision.verdict) {
    case 'approved':
      if (request.source !== 'actions') return `✅ **Approved**: ${what} is about to be deployed.`;
      return hasTarget
        ? `✅ **Approved**: ${what} is deployed as soon as GitHub lets the job start.`
        : `✅ **Approved**: the job may deploy ${what}.`;
    case 'not_guarded':
      return `➖ **Not guarded**: the policy doesn’t name this environment, so ${what} is not deployed by Countersign.`;
    case 'held':
      return `⏳ **Held**: ${what} is not deployed yet. It is judged again by itself whenever something changes${again(explained)}.`;
    case 'rejected':
      return `❌ **Rejected**: ${what} is not deployed, and waiting doesn’t help.`;
    case 'error':
      return `❌ **Error**: ${what} could not be judged, so it is not deployed. It is judged again once that is mended.`;
  }
}

/** Where to watch it. */
function logLine({ progress, logUrl = null }: DeploymentContext): string {
  if (logUrl === null || progress.state === 'none') return '';
  const label = progress.state === 'deploying' ? 'Watch it, step by step' : 'What it did, step by step';
  return `\n\n${link(label, logUrl)}`;
}

/** What went without its gates is said before everything else. */
function emergencySection({ emergency }: ExplainedDecision): Section {
  return block(
    Infinity,
    emergency === undefined ? '' : `### 🚨 In an emergency\n\n${sentence(emergency.sentence, 1_500)}`,
  );
}

const again = ({ lookAgain }: ExplainedDecision) =>
  lookAgain === undefined ? '' : `, and looked at again on **${escape(lookAgain, 80)}**`;

const problem = (text: string | null) => (text === null ? '' : `\n\n${escape(text, 600)}`);

const by = (actor: Actor | null): string => (actor === null ? '' : ` by **${person(actor)}**`);

/** Where it was taken back, and what first went wrong: what the ledger has as `deployment.rolledback`. */
function rolledBack(hosts: readonly HostOutcome[]): string {
  const back = hosts.filter(({ outcome }) => outcome === 'rolled_back');
  if (back.length === 0) return '';
  const first = hosts.find(({ failedAt }) => failedAt !== null && failedAt !== 'switch_back');
  const why =
    first === undefined
      ? ''
      : `, since ${code(first.host.host, 60)} was not well at ${code(first.failedAt ?? '', 30)}`;
  const left = hosts.filter(({ outcome }) => outcome === 'success').length;
  const still = left === 0 ? '' : ` ${count(left, 'host')} kept the new release, as the target says.`;
  return `\n\n↩️ **Rolled back** on ${count(back.length, 'host')}${why}.${still}`;
}

/** Who asked for it, by what, and when. */
function askedSection(request: DeploymentRequest, facts: DeploymentFacts, place: Place): Section {
  const who =
    request.requester === null ? 'Somebody whom GitHub doesn’t name' : `**${person(request.requester)}**`;
  return block(
    Infinity,
    `${who} asked for it ${how(request, facts, place)} at ${moment(request.requestedAt)}, for ${code(/^[0-9a-f]{40}$/.test(request.ref) ? short(request.ref) : request.ref)}.`,
  );
}

function how(
  { source, sha, runId, githubDeploymentId }: DeploymentRequest,
  facts: DeploymentFacts,
  place: Place,
): string {
  switch (source) {
    case 'merge': {
      const merged = facts.changes.find(
        ({ pullRequest }) => pullRequest.merged?.commit.sha === sha,
      )?.pullRequest;
      return merged === undefined ? 'with a merge' : `by merging ${link(`#${merged.number}`, merged.url)}`;
    }
    case 'api':
      return githubDeploymentId === null
        ? 'with a GitHub deployment'
        : `with GitHub deployment ${githubDeploymentId}`;
    case 'comment':
      return 'with a comment';
    case 'rollback':
      return 'as a rollback, with a comment';
    case 'emergency':
      return 'by declaring an emergency, which was confirmed';
    case 'promotion':
      return 'with a button on the check run of another environment';
    case 'actions':
      return runId === null
        ? 'with a job of GitHub Actions'
        : `with ${pageLink(`run ${runId}`, place, `actions/runs/${runId}`)} of GitHub Actions`;
  }
}
