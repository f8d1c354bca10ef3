import { z } from 'zod';
import { type Known, known, unknown } from '../domain/known.ts';
import { fullName, type RepositoryRef } from '../domain/repository.ts';
import { askRest } from './ask-github.ts';
import { isGitHubStatus } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';
import { sha } from './wire-commit.ts';

const comparison = z.object({
  status: z.enum(['ahead', 'behind', 'identical', 'diverged']),
  merge_base_commit: z.object({ sha }),
});

export interface SharedCommit {
  readonly sha: string;
  /** Whether that is `to` itself: `from` has all of it. */
  readonly isAll: boolean;
}

/** The best commit that two have in common, as GitHub compares them. */
export async function readSharedCommit(
  github: GitHubReader,
  { owner, name }: RepositoryRef,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<Known<SharedCommit>> {
  const parameters = { owner, repo: name, basehead: `${from}...${to}`, per_page: 1 };
  const doing = `comparing ${from} and ${to} in ${fullName({ owner, name })}`;
  try {
    const route = 'GET /repos/{owner}/{repo}/compare/{basehead}';
    const { status, merge_base_commit } = await askRest(github, route, parameters, comparison, doing);
    return known({ sha: merge_base_commit.sha, isAll: status === 'behind' || status === 'identical' });
  } catch (error) {
    if (!isGitHubStatus(error, 404) && !isGitHubStatus(error, 422)) throw error;
    return unknown('both have no commit in common that GitHub shows');
  }
}
