import { z } from 'zod';
import { fullName, type RepositoryRef } from '../domain/repository.ts';
import { askRest } from './ask-github.ts';
import { isGitHubStatus } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';

const comparison = z.object({ status: z.enum(['ahead', 'behind', 'identical', 'diverged']) });

/** How `to` stands to `from`: `behind` where it is in its history. Null: GitHub can't compare them (any more). */
export async function compareCommits(
  github: GitHubReader,
  { owner, name }: RepositoryRef,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<z.output<typeof comparison>['status'] | null> {
  const parameters = { owner, repo: name, basehead: `${from}...${to}`, per_page: 1 };
  const doing = `comparing ${from} and ${to} in ${fullName({ owner, name })}`;
  try {
    const route = 'GET /repos/{owner}/{repo}/compare/{basehead}';
    return (await askRest(github, route, parameters, comparison, doing)).status;
  } catch (error) {
    // No common history, or no such commit.
    if (isGitHubStatus(error, 404) || isGitHubStatus(error, 422)) return null;
    throw error;
  }
}
