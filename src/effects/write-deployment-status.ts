import { z } from 'zod';
import type { Effect } from '../domain/effect.ts';
import { type GitHubWriter, atMost, once, written } from './github-writer.ts';

type StatusEffect = Extract<Effect, { kind: 'deployment_status' }>;

/** As much of the description as GitHub takes. */
export function shownOf({ description }: Pick<StatusEffect, 'description'>): string {
  return atMost(140, description);
}

/**
 * Adds a status to a GitHub deployment, unless its newest one says the same already: statuses can't be changed, and one
 * that was written just before a crash must not be written twice. `tried`: there may be one.
 */
export async function writeDeploymentStatus(
  github: GitHubWriter,
  effect: StatusEffect,
  deploymentId: number,
  { tried }: { readonly tried: boolean },
): Promise<{ readonly remoteId: number }> {
  const { owner, name: repo } = effect.repository;
  const description = shownOf(effect);
  const newest = tried ? await newestStatus(github, effect, deploymentId) : null;
  if (newest?.state === effect.state && newest.description === description) return { remoteId: newest.id };
  const { data } = await github.request('POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses', {
    owner,
    repo,
    deployment_id: deploymentId,
    state: effect.state,
    description,
    ...(effect.logUrl === undefined ? {} : { log_url: effect.logUrl }),
    request: once(),
  });
  return { remoteId: written.parse(data).id };
}

const listed = z.array(z.object({ id: z.int(), state: z.string(), description: z.string().nullish() }));

async function newestStatus(github: GitHubWriter, effect: StatusEffect, deployment_id: number) {
  const { owner, name: repo } = effect.repository;
  const route = 'GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses';
  const { data } = await github.request(route, {
    owner,
    repo,
    deployment_id,
    per_page: 100,
    request: once(),
  });
  // Newest first by GitHub's habit, by id for certain.
  return listed
    .parse(data)
    .reduce<z.output<typeof listed>[number] | null>(
      (newest, status) => (newest === null || status.id > newest.id ? status : newest),
      null,
    );
}
