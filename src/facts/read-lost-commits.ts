import { z } from 'zod';
import { type Known, known, unknown } from '../domain/known.ts';
import { fullName, type RepositoryRef } from '../domain/repository.ts';
import { askRest } from './ask-github.ts';
import { isRefusal } from './github-error.ts';
import type { GitHubReader } from './github-reader.ts';
import { sha } from './wire-commit.ts';

const answer = z.object({ ahead_by: z.int(), commits: z.array(z.object({ sha })) });

export interface LostCommits {
  readonly count: number;
  /** Oldest first, at most 100 of them. */
  readonly commits: readonly string[];
}

/** What a branch had at `before` and hasn't at `after`. GitHub keeps such commits for a while; once they are gone it is unknown. */
export async function readLostCommits(
  github: GitHubReader,
  repository: RepositoryRef,
  { before, after }: { readonly before: string; readonly after: string },
): Promise<Known<LostCommits>> {
  const { owner, name } = repository;
  const doing = `comparing ${after} with ${before} in ${fullName(repository)}`;
  try {
    const route = 'GET /repos/{owner}/{repo}/compare/{basehead}';
    const parameters = { owner, repo: name, basehead: `${after}...${before}`, per_page: 100 };
    const { ahead_by: count, commits } = await askRest(github, route, parameters, answer, doing);
    return known({ count, commits: commits.map((commit) => commit.sha) });
  } catch (error) {
    if (isRefusal(error)) return unknown(error.message);
    throw error;
  }
}
