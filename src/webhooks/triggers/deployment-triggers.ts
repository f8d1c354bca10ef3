import { z } from 'zod';
import type { RepositoryRef } from '../../domain/repository.ts';
import type { Trigger } from '../../domain/trigger.ts';
import type { Envelope } from '../payload.ts';
import { actorSchema, idSchema, malformed, parse, repositoryOf, shaSchema } from '../payload.ts';

const viaAppSchema = z.object({ id: idSchema, slug: z.string().optional() }).nullish();
const runSchema = z.object({ id: idSchema }).nullish();

const deploymentSchema = z.object({
  deployment: z.object({
    id: idSchema,
    sha: shaSchema,
    ref: z.string().min(1),
    environment: z.string().min(1),
    payload: z.unknown(),
    creator: actorSchema,
    performed_via_github_app: viaAppSchema,
  }),
  workflow_run: runSchema,
});

/**
 * A GitHub deployment that somebody wants us to carry out. Two kinds are not that: those that an Actions job made by
 * naming an environment (they wait on our protection rule and come in by it, or are watched where it is off), and those that we made for a merge that
 * asked for them (they are in our books already). The mark of the latter counts only on what our own App made.
 */
export function deploymentTriggers(envelope: Envelope, self: { readonly appId: number }): Trigger[] {
  const { action, event, payload, sender } = envelope;
  if (action !== 'created') return [];
  const repository = repositoryOf(envelope);
  const { deployment, workflow_run: run } = parse(event, deploymentSchema, payload);
  const via = deployment.performed_via_github_app;
  // By its run, not by who made it: a workflow can also call the API with its own token, and no rule ever asks us about that.
  if (run !== null && run !== undefined) {
    const { environment, ref, sha, creator, id: githubDeploymentId } = deployment;
    return [
      {
        kind: 'watch_job',
        repository,
        environment,
        ref: branchName(ref),
        sha,
        requester: sender ?? creator,
        githubDeploymentId,
        runId: run.id,
      },
    ];
  }
  if (via?.id === self.appId && isMarked(deployment.payload)) return [];
  return [
    {
      kind: 'request_deployment',
      repository,
      source: 'api',
      environment: deployment.environment,
      ref: branchName(deployment.ref),
      sha: deployment.sha,
      requester: deployment.creator ?? sender,
      githubDeploymentId: deployment.id,
      runId: null,
    },
  ];
}

/** What we write into the `payload` of a deployment of ours. GitHub hands it back as an object, or as the text it was. */
function isMarked(payload: unknown): boolean {
  if (typeof payload === 'string') {
    try {
      const parsed: unknown = JSON.parse(payload);
      return typeof parsed === 'object' && isMarked(parsed);
    } catch {
      return false;
    }
  }
  return typeof payload === 'object' && payload !== null && 'countersign' in payload;
}

const protectionRuleSchema = z.object({
  environment: z.string().min(1),
  deployment_callback_url: z.string(),
  sha: shaSchema.nullish(),
  ref: z.string().nullish(),
  deployment: z.object({ id: idSchema, sha: shaSchema, ref: z.string(), creator: actorSchema }).nullish(),
});

/** An Actions job waits for our verdict. GitHub names its run in the path of the callback's address and nowhere else. */
export function protectionRuleTriggers(envelope: Envelope): Trigger[] {
  const { action, event, payload, sender } = envelope;
  if (action !== 'requested') return [];
  const repository = repositoryOf(envelope);
  const wanted = parse(event, protectionRuleSchema, payload);
  const sha = wanted.deployment?.sha ?? wanted.sha ?? undefined;
  if (sha === undefined) throw malformed(event, 'sha', 'neither "sha" nor "deployment.sha" is there');
  return [
    {
      kind: 'request_deployment',
      repository,
      source: 'actions',
      environment: wanted.environment,
      ref: branchName(wanted.deployment?.ref ?? wanted.ref ?? sha),
      sha,
      requester: sender ?? wanted.deployment?.creator ?? null,
      githubDeploymentId: wanted.deployment?.id ?? null,
      runId: runIdOf(event, wanted.deployment_callback_url, repository),
    },
  ];
}

const CALLBACK_PATH =
  /^(?:\/api\/v3)?\/repos\/([^/]+)\/([^/]+)\/actions\/runs\/([1-9]\d{0,15})\/deployment_protection_rule$/;

/**
 * Only the run's number is taken from the address: we never send anything to it, but build our own from repository and
 * run. It must still be this repository's, so that one repository can't speak for another's run.
 */
function runIdOf(event: string, callback: string, repository: RepositoryRef): number {
  const match = CALLBACK_PATH.exec(URL.parse(callback)?.pathname ?? '');
  const sameName = (a: string | undefined, b: string): boolean =>
    a !== undefined && decoded(a)?.toLowerCase() === b.toLowerCase();
  if (match === null || !sameName(match[1], repository.owner) || !sameName(match[2], repository.name)) {
    throw malformed(
      event,
      'deployment_callback_url',
      'it is not the address of a workflow run of this repository',
    );
  }
  return Number(match[3]);
}

/** Null where it isn't what any address has: a `%` with no number after it. */
function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

const statusSchema = z.object({
  deployment: z.object({ id: idSchema }),
  deployment_status: z.object({
    state: z.string(),
    created_at: z.string(),
    creator: actorSchema,
    performed_via_github_app: viaAppSchema,
  }),
});

/** A deployment's status: of a job's, GitHub tells by its run; of any other, whoever may write to the repository can say anything. */
export function deploymentStatusTriggers(envelope: Envelope, self: { readonly appId: number }): Trigger[] {
  const { event, payload, sender } = envelope;
  const { workflow_run: run } = parse(event, runEventSchema, payload);
  if (run !== null && run !== undefined) return runTriggers(envelope);
  const { deployment, deployment_status: status } = parse(event, statusSchema, payload);
  const { state, created_at: at } = status;
  if (status.performed_via_github_app?.id === self.appId) return [];
  if (state !== 'in_progress' && state !== 'success') return [];
  const by = sender ?? status.creator;
  return [
    {
      kind: 'claim_deployment',
      repository: repositoryOf(envelope),
      githubDeploymentId: deployment.id,
      state,
      at,
      by,
    },
  ];
}

const runEventSchema = z.object({ workflow_run: runSchema });

/** `deployment_review`, `workflow_run` and `deployment_status`: something happened to a run that may wait on us. */
export function runTriggers(envelope: Envelope): Trigger[] {
  const { action, event, payload } = envelope;
  if (event === 'workflow_run' && action !== 'completed' && action !== 'in_progress') return [];
  const { workflow_run: run } = parse(event, runEventSchema, payload);
  if (run === null || run === undefined) return [];
  return [{ kind: 'judge_run', repository: repositoryOf(envelope), runId: run.id }];
}

function branchName(ref: string): string {
  return ref.startsWith('refs/heads/') ? ref.slice('refs/heads/'.length) : ref;
}
