import { z } from 'zod';
import type { RepositoryRef } from '../domain/repository.ts';
import { askRestPages } from './ask-github.ts';
import type { GitHubReader } from './github-reader.ts';

/** How GitHub Actions shows a job on its commit. */
export interface JobCheck {
  readonly status: string;
  readonly conclusion: string | null;
}

const page = z.object({
  check_runs: z.array(
    z.object({
      status: z.string(),
      conclusion: z.string().nullable(),
      app: z.object({ slug: z.string().optional() }).nullish(),
      deployment: z.object({ id: z.int() }).nullish(),
    }),
  ),
});

const PAGES = 10;

/**
 * The check run of the job that a deployment was made for. GitHub itself ties both together, and moves such a check run
 * with the job: nobody can write it, whereas whoever may write to the repository can give any deployment any status. Null:
 * GitHub shows none with this deployment.
 */
export async function readJobCheck(
  github: GitHubReader,
  { owner, name }: RepositoryRef,
  { sha, deploymentId }: { readonly sha: string; readonly deploymentId: number },
  doing: string,
): Promise<JobCheck | null> {
  const isJob = (run: z.output<typeof page>['check_runs'][number]): boolean =>
    run.deployment?.id === deploymentId && run.app?.slug === GITHUB_ACTIONS;
  const { items } = await askRestPages(
    github,
    'GET /repos/{owner}/{repo}/commits/{ref}/check-runs',
    { owner, repo: name, ref: sha, filter: 'all' },
    page,
    (each) => each.check_runs,
    { doing, limit: PAGES, stop: (runs) => runs.some(isJob) },
  );
  return items.find(isJob) ?? null;
}

/** The App by which workflows act. On a GitHub Enterprise Server its number is another; this name is the same. */
export const GITHUB_ACTIONS = 'github-actions';
