import { z } from 'zod';
import { CodedError } from '../domain/coded-error.ts';
import type { Effect } from '../domain/effect.ts';
import { fullName } from '../domain/repository.ts';
import { type GitHubWriter, atMost, once, written } from './github-writer.ts';

type DeploymentEffect = Extract<Effect, { kind: 'create_deployment' }>;

/**
 * Creates the GitHub deployment of a request of ours, once: its payload carries the request's id, by which one that an
 * earlier try (`tried`) made is found again. It neither merges anything into the ref nor asks for green statuses: both are GitHub's
 * defaults, and both are what we decided already.
 */
export async function createDeployment(
  github: GitHubWriter,
  effect: DeploymentEffect,
  own: { readonly appId: number; readonly tried: boolean },
): Promise<{ readonly remoteId: number }> {
  const found = own.tried ? await findDeployment(github, effect, own.appId) : null;
  if (found !== null) return { remoteId: found };
  const { owner, name: repo } = effect.repository;
  const { status, data } = await github.request('POST /repos/{owner}/{repo}/deployments', {
    owner,
    repo,
    ref: effect.sha,
    task: 'deploy',
    auto_merge: false,
    required_contexts: [],
    payload: { countersign: effect.requestId },
    environment: effect.environment,
    description: atMost(140, effect.description),
    request: once(),
  });
  if (status !== 201) {
    throw new CodedError(
      'deployment_not_created',
      `GitHub answered ${status} instead of creating the deployment of ${fullName(effect.repository)}@${effect.sha} to ${effect.environment}`,
    );
  }
  return { remoteId: written.parse(data).id };
}

const listed = z.array(
  z.object({
    id: z.int(),
    sha: z.string(),
    environment: z.string(),
    payload: z.unknown(),
    performed_via_github_app: z.object({ id: z.int() }).nullish(),
  }),
);

async function findDeployment(
  github: GitHubWriter,
  effect: DeploymentEffect,
  appId: number,
): Promise<number | null> {
  const { owner, name: repo } = effect.repository;
  const { sha, environment } = effect;
  const parameters = { owner, repo, sha, environment, per_page: 100, request: once() };
  const { data } = await github.request('GET /repos/{owner}/{repo}/deployments', parameters);
  const own = listed
    .parse(data)
    // Anyone who may create deployments can write any payload: only what our own App created is ours, whatever it says.
    .filter((each) => each.sha === sha && each.environment === environment)
    .filter((each) => each.performed_via_github_app?.id === appId)
    .filter((each) => requestIdIn(each.payload) === effect.requestId);
  return own.length === 0 ? null : Math.min(...own.map((each) => each.id));
}

/** GitHub gives a payload back as it was sent: an object, or a text that may hold one. */
function requestIdIn(payload: unknown): unknown {
  if (typeof payload === 'object' && payload !== null)
    return 'countersign' in payload ? payload.countersign : null;
  if (typeof payload !== 'string') return null;
  try {
    const parsed: unknown = JSON.parse(payload);
    return typeof parsed === 'object' ? requestIdIn(parsed) : null;
  } catch {
    return null;
  }
}
